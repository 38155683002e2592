/** A small Debian that boots in a container of its own, with postern installed and no network but its own. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { root } from "./root.ts";

/** Where packaging/boot.mjs keeps the bare system. */
const image = join(process.env["POSTERN_BOOT_CACHE"] || join(tmpdir(), "postern-boot"), "rootfs");

// a boot takes a second, what the probe does in it a minute, and a loaded machine its time
const LONGEST_MS = 300_000;

/** Why nothing can be booted here; false when it can. */
export function whyNoBoot(): string | false {
  if (process.getuid?.() !== 0) return "a container is booted by root";
  if (!existsSync(image)) return "there is no system to boot: see packaging/boot.mjs";
  const [file = "", ...words] = nspawn(image, ["--read-only", "--quiet", "/bin/true"]);
  const { status, error } = spawnSync(file, words, { stdio: "ignore" });
  if (error !== undefined) return "systemd-nspawn is not installed";
  return status === 0
    ? false
    : `systemd-nspawn cannot start a container here (exit code ${status})`;
}

export type Facts = Readonly<Record<string, unknown>>;

export interface Machine {
  /** The guest's root folder. */
  readonly path: string;
  /** Gives the daemon a user of its own, as packaging/systemd/examples has it. */
  makeUnprivileged(): void;
  /**
   * Boots until the guest powers itself off, or asks for its power to be cut.
   * @param enabled units that start with the system
   * @returns what the probe noted
   */
  boot(phase: string, enabled: readonly string[]): Promise<Facts>;
}

/** Goes with the tests that it is made for. */
export function makeMachine(): Machine {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "postern-boot-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "root");
  // cp(1) is several times as fast for a whole system
  spawnSync("cp", ["-a", image, path]);
  install(path);
  return {
    path,
    makeUnprivileged: () => makeUnprivileged(path),
    boot: (phase, enabled) => boot(folder, phase, enabled),
  };
}

/** As a package would: the program below /usr/lib, its units and the line for tmpfiles. */
function install(path: string): void {
  const home = join(path, "usr/lib/postern");
  for (const part of ["bin", "dist"]) mkdirSync(join(home, part), { recursive: true });
  for (const part of ["node", "package.json"]) writeFileSync(join(home, part), "");
  symlinkSync("../lib/postern/bin/postern", join(path, "usr/bin/postern"));
  symlinkSync("../lib/postern/node", join(path, "usr/bin/node"));
  const units = join(path, "usr/lib/systemd/system");
  for (const unit of UNITS) cpSync(join(root, "packaging/systemd", unit), join(units, unit));
  cpSync(
    join(root, "packaging/systemd/postern.tmpfiles.conf"),
    join(path, "usr/lib/tmpfiles.d/postern.conf"),
  );
  cpSync(join(root, "test/boot/guest"), path, { recursive: true });
  for (const group of ["web", "idle", "outside", "hanging", "locked"]) {
    mkdirSync(join(path, "srv/seed", group), { recursive: true });
    writeFileSync(join(path, "srv/seed", group, "password"), "one");
  }
  writeFileSync(join(path, "etc/machine-id"), "");
}

function makeUnprivileged(path: string): void {
  const examples = join(root, "packaging/systemd/examples");
  const dropIns = join(path, "etc/systemd/system/postern.service.d");
  mkdirSync(dropIns);
  cpSync(join(examples, "postern-unprivileged.conf"), join(dropIns, "unprivileged.conf"));
  cpSync(join(examples, "postern.sysusers.conf"), join(path, "usr/lib/sysusers.d/postern.conf"));
  writeFileSync(
    join(path, "etc/tmpfiles.d/postern.conf"),
    "d /run/postern 0755 postern postern -\n",
  );
}

const UNITS = [
  "postern.service",
  "postern-fetch.service",
  "postern-fetch.timer",
  "postern-ready@.service",
];

async function boot(folder: string, phase: string, enabled: readonly string[]): Promise<Facts> {
  const path = join(folder, "root");
  const report = join(folder, "report");
  rmSync(report, { recursive: true, force: true });
  mkdirSync(report);
  // the guest's users write there too
  chmodSync(report, 0o777);
  writeFileSync(join(report, "phase"), phase);
  const wants = join(path, "etc/systemd/system/multi-user.target.wants");
  rmSync(wants, { recursive: true, force: true });
  mkdirSync(wants);
  for (const unit of enabled) symlinkSync(join("..", unit), join(wants, unit));
  const binds = [
    ...["bin", "dist", "package.json"].map(
      (part) => `--bind-ro=${join(root, part)}:/usr/lib/postern/${part}`,
    ),
    `--bind-ro=${realpathSync(process.execPath)}:/usr/lib/postern/node`,
    `--bind=${report}:/report`,
  ];
  const said = await runGuest(nspawn(path, ["--boot", ...binds]), join(report, "cut"));
  const kept = process.env["POSTERN_BOOT_KEEP"];
  if (kept) cpSync(report, join(kept, phase), { recursive: true });
  const facts = join(report, `${phase}.json`);
  if (!existsSync(facts)) throw new Error(`the guest noted nothing; it said:\n${said}`);
  return JSON.parse(readFileSync(facts, "utf8")) as Facts;
}

/** The host's own manager need not be systemd, so it is not asked to take part. */
function nspawn(path: string, words: readonly string[]): readonly string[] {
  const base = ["--private-network", "--register=no", "--keep-unit", "--link-journal=no"];
  return [
    "systemd-nspawn",
    `--directory=${path}`,
    `--machine=postern-${process.pid}`,
    ...base,
    ...words,
  ];
}

/** What the guest's console shows, when it is off. */
async function runGuest([file = "", ...args]: readonly string[], cut: string): Promise<string> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const powerOff = (): void => {
    for (const pid of childrenOf(child.pid ?? 0)) process.kill(pid, "SIGKILL");
  };
  const timer = setTimeout(powerOff, LONGEST_MS);
  const watch = setInterval(() => {
    if (existsSync(cut)) powerOff();
  }, 20);
  try {
    await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}
