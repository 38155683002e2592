import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A fresh folder that other users may enter, so that a test can look at it with their eyes. */
export function openTempDir(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "postern-test-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** The empty tree below a run directory, as it is after a pass over no groups. */
export function makeRunTree(run: string): void {
  for (const folder of ["secrets", "groups", "state"])
    mkdirSync(join(run, folder), { recursive: true });
  writeFileSync(join(run, "status.json"), "{}\n");
}

/** Puts a whole generation in place, the way the store does it: written first, then one rename. */
export function putGeneration(
  run: string,
  group: string,
  id: string,
  secrets: Readonly<Record<string, string | Buffer>>,
): void {
  const home = join(run, "groups", group);
  for (const [name, value] of Object.entries(secrets)) {
    const file = join(home, "gen", id, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, value);
  }
  symlinkSync(join("gen", id), join(home, "current.new"));
  renameSync(join(home, "current.new"), join(home, "current"));
}

/** Gives a group its stable path. */
export function linkGroup(run: string, group: string): void {
  symlinkSync(join("..", "groups", group, "current"), join(run, "secrets", group));
}

/** @param lastSuccess epoch seconds */
export function putState(run: string, group: string, lastSuccess: number): void {
  writeFileSync(join(run, "state", group), `fresh ${lastSuccess} ${lastSuccess + 3600} 7f3a9c\n`);
}
