/**
 * Makes the bare system that test/boot boots: Debian with systemd, by debootstrap(8), kept in a cache folder outside the
 * tree ($POSTERN_BOOT_CACHE, by default below the system's folder for temporary files). Where it cannot be made, it says
 * why, and the tests that need it are skipped.
 */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const RELEASE = "bookworm";
const cache = process.env.POSTERN_BOOT_CACHE || join(tmpdir(), "postern-boot");
const image = join(cache, "rootfs");

if (process.getuid() !== 0) giveUp("debootstrap is for root");
mkdirSync(cache, { recursive: true, mode: 0o700 });
// others may have made it first, in a folder that all may write
const { uid, mode } = lstatSync(cache);
if (uid !== 0 || (mode & 0o022) !== 0) giveUp(`${cache} is not root's alone`);
if (!existsSync(image)) {
  process.stderr.write(`making a ${RELEASE} to boot …\n`);
  const unfinished = join(cache, "unfinished");
  rmSync(unfinished, { recursive: true, force: true });
  const include = "--include=systemd,systemd-sysv,dbus";
  const words = ["--variant=minbase", include, RELEASE, unfinished];
  const { status, error } = spawnSync("debootstrap", words, { stdio: "ignore" });
  if (error !== undefined) giveUp("debootstrap is not installed");
  if (status !== 0) giveUp(`debootstrap failed: see ${unfinished}/debootstrap/debootstrap.log`);
  for (const ballast of ["var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"])
    rmSync(join(unfinished, ballast), { recursive: true, force: true });
  renameSync(unfinished, image);
}

function giveUp(why) {
  process.stderr.write(`cannot make a system to boot: ${why}; what needs it is skipped\n`);
  process.exit(0);
}
