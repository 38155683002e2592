import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemChance } from "../../agent/core/clock.ts";
import { openTextfile } from "../../agent/observe/textfile.ts";
import { refusedAs } from "../support/refusal.ts";
import { tempDir } from "../support/temp.ts";

const write = (directory: string, text = "postern_up 1\n"): Promise<"written" | "busy"> =>
  openTextfile(directory, systemChance).write(text);

describe("the textfile", () => {
  it("is there whole, for all to read, with nothing beside it", async () => {
    const directory = tempDir();
    const umask = process.umask(0o077);
    try {
      await write(directory, "postern_up 1\n");
      await write(directory, "postern_up 2\n");
    } finally {
      process.umask(umask);
    }
    assert.equal(readFileSync(join(directory, "postern.prom"), "utf8"), "postern_up 2\n");
    assert.equal(statSync(join(directory, "postern.prom")).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(directory), ["postern.prom"]);
  });

  it("is replaced, never written into: who reads the old one reads all of it", async () => {
    const directory = tempDir();
    await write(directory);
    const { ino } = statSync(join(directory, "postern.prom"));
    await write(directory);
    assert.notEqual(statSync(join(directory, "postern.prom")).ino, ino);
  });

  it("removes what a process left that died while writing, and nothing else", async () => {
    const directory = tempDir();
    for (const name of [".postern.prom.0123456789ab", "other.prom", ".postern.prom.x"])
      writeFileSync(join(directory, name), "x");
    await write(directory);
    const left = [".postern.prom.x", "other.prom", "postern.prom"];
    assert.deepEqual(readdirSync(directory).sort(), left);
  });

  it("follows no link in its place", async () => {
    const directory = tempDir();
    const victim = join(tempDir(), "victim");
    writeFileSync(victim, "mine");
    symlinkSync(victim, join(directory, "postern.prom"));
    await write(directory);
    assert.equal(readFileSync(victim, "utf8"), "mine");
    assert.ok(lstatSync(join(directory, "postern.prom")).isFile());
  });

  it("says busy rather than queue behind a disk that hangs", async () => {
    const textfile = openTextfile(tempDir(), systemChance);
    const both = await Promise.all([textfile.write("a 1\n"), textfile.write("a 2\n")]);
    assert.deepEqual(both, ["written", "busy"]);
    assert.equal(await textfile.write("a 3\n"), "written");
  });

  for (const [why, prepare, message] of [
    ["a directory that is missing", (): undefined => undefined, /expected a directory/],
    ["a link to a directory", (path: string) => symlinkSync(tempDir(), path), /no symbolic link/],
    ["a file", (path: string) => writeFileSync(path, ""), /expected a directory/],
    [
      "a directory that everybody may write",
      (path: string): void => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
      /is writable by everybody/,
    ],
  ] as const)
    it(`refuses ${why}`, async () => {
      const path = join(tempDir(), "textfile");
      prepare(path);
      await assert.rejects(write(path), refusedAs("UnsafeTree", message));
      await assert.rejects(write(join(path, "below")), refusedAs("UnsafeTree", /./));
      assert.equal(existsSync(join(path, "postern.prom")), false);
    });

  it("takes a sticky directory, and one of node_exporter's own group", async () => {
    for (const mode of [0o1777, 0o2775]) {
      const directory = tempDir();
      chmodSync(directory, mode);
      assert.equal(await write(directory), "written");
    }
  });

  it("leaves nothing behind when it cannot be put in place", async () => {
    const directory = tempDir();
    mkdirSync(join(directory, "postern.prom"));
    await assert.rejects(write(directory), refusedAs("CannotWrite", /postern\.prom": EISDIR/));
    assert.deepEqual(readdirSync(directory), ["postern.prom"]);
  });
});
