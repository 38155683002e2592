import { accessSync, chmodSync, constants, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A new folder that goes when the tests of the file, or of the `describe` it is called in, are done. */
export function tempDir(parent: string = tmpdir()): string {
  const path = mkdtempSync(join(realpathSync(parent), "postern-test-"));
  // other users pass through it in the tests that have other users
  chmodSync(path, 0o755);
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** As `tempDir`, on tmpfs where there is one: for tests that make thousands of files. */
export function memoryDir(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
  } catch {
    return tempDir();
  }
  return tempDir("/dev/shm");
}
