import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { unpackTar } from "../../agent/source/tar.ts";
import { refusedAs } from "../support/refusal.ts";

const LIMITS = { maxBytes: 1 << 20, maxEntries: 100 };
type Files = Readonly<Record<string, Buffer>>;

async function unpack(archive: Buffer): Promise<Files> {
  const members = await unpackTar(new SecretBytes(archive), LIMITS);
  return Object.fromEntries(members.map(({ name, bytes }) => [name, bytes.expose()]));
}

const gnuTar = ((): boolean => {
  try {
    return execFileSync("tar", ["--version"], { encoding: "utf8" }).includes("GNU tar");
  } catch {
    return false;
  }
})();

describe("archives of the tar command", { skip: gnuTar ? false : "needs GNU tar" }, () => {
  let folder: string;
  let tree: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "postern-tar-"));
    tree = join(folder, "tree");
    for (const [name, content] of Object.entries(FILES)) {
      mkdirSync(dirname(join(tree, name)), { recursive: true });
      writeFileSync(join(tree, name), content);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const FILES: Files = {
    db_password: Buffer.from("hunter2"),
    empty: Buffer.alloc(0),
    "exactly-one-block": Buffer.alloc(512, "b"),
    "nested/deep/key.bin": Buffer.from(Array.from({ length: 1500 }, (_, n) => n & 0xff)),
    "naïve/ключ": Buffer.from("unicode"),
    [`long/${"d".repeat(90)}/${"n".repeat(95)}`]: Buffer.from("needs the ustar prefix"),
  };
  // beyond ustar's 100 + 155
  const VERY_LONG = `long/${"x".repeat(200)}/${"y".repeat(120)}`;

  const tar = (cwd: string, ...args: readonly string[]): Buffer =>
    execFileSync("tar", [...args], {
      cwd,
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 26,
    });

  for (const format of ["ustar", "pax", "gnu"])
    for (const what of [".", "*"])
      it(`unpacks tar c ${what} --format=${format}`, async () => {
        const names =
          what === "."
            ? ["."]
            : ["db_password", "empty", "exactly-one-block", "nested", "naïve", "long"];
        assert.deepEqual(
          sorted(await unpack(tar(tree, "-c", `--format=${format}`, ...names))),
          sorted(FILES),
        );
      });

  for (const format of ["pax", "gnu"])
    it(`unpacks names longer than ustar holds, --format=${format}`, async () => {
      const deep = join(folder, `deep-${format}`);
      mkdirSync(dirname(join(deep, VERY_LONG)), { recursive: true });
      writeFileSync(join(deep, VERY_LONG), "x");
      assert.deepEqual(Object.keys(await unpack(tar(deep, "-c", `--format=${format}`, "."))), [
        VERY_LONG,
      ]);
    });

  const odd = (name: string, make: (path: string) => void): string => {
    const place = join(folder, name);
    mkdirSync(place);
    make(place);
    return place;
  };

  it("refuses links, pipes and sparse files", async () => {
    const cases: readonly (readonly [string, (place: string) => void, RegExp, ...string[]])[] = [
      ["symlink", (place) => symlinkSync("/etc/shadow", join(place, "s")), /"s": .* got a symlink/],
      [
        "hardlink",
        (place) => {
          writeFileSync(join(place, "a"), "x");
          linkSync(join(place, "a"), join(place, "b"));
        },
        /"[ab]": .* got a link/,
      ],
      ["pipe", (place) => execFileSync("mkfifo", [join(place, "p")]), /"p": .* got a fifo/],
      ["sparse-gnu", sparse, /"hole": .* got one of an unknown type/, "-S", "--format=gnu"],
      ["sparse-pax", sparse, /got a sparse one/, "-S", "--format=pax"],
    ];
    for (const [name, make, message, ...args] of cases)
      await assert.rejects(
        unpack(tar(odd(name, make), "-c", ...args, ".")),
        refusedAs("BadData", message),
      );
  });

  it("refuses names that leave the root", async () => {
    const absolute = tar(tree, "-cP", join(tree, "db_password"));
    await assert.rejects(unpack(absolute), refusedAs("BadData", /expected a relative path/));
    const upward = tar(tree, "-cP", "--transform=s,^,x/../../,", "db_password");
    await assert.rejects(
      unpack(upward),
      refusedAs("BadData", /"x\/..\/..\/db_password": expected no ".."/),
    );
  });

  it("refuses a compressed archive", async () => {
    await assert.rejects(
      unpack(tar(tree, "-cz", ".")),
      refusedAs("BadData", /a whole tar archive/),
    );
  });

  it("refuses an archive cut short anywhere, also between two members", async () => {
    const whole = tar(tree, "-c", "-b1", ".");
    for (let length = 0; length < whole.length; length += 256)
      await assert.rejects(
        unpack(whole.subarray(0, length)),
        refusedAs("BadData", /whole tar archive|cut short/),
        `${length} of ${whole.length}`,
      );
    assert.deepEqual(sorted(await unpack(whole)), sorted(FILES));
  });

  it("refuses what follows the end of an archive, but not zeros", async () => {
    const whole = tar(tree, "-c", "db_password");
    const cases = [Buffer.from("x"), whole, Buffer.concat([Buffer.alloc(5000), Buffer.from("x")])];
    for (const tail of cases)
      await assert.rejects(
        unpack(Buffer.concat([whole, tail])),
        refusedAs("BadData", /after its end/),
      );
    assert.deepEqual(Object.keys(await unpack(Buffer.concat([whole, Buffer.alloc(777)]))), [
      "db_password",
    ]);
  });
});

function sorted(files: Files): readonly (readonly [string, Buffer])[] {
  return Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
}

function sparse(place: string): void {
  const path = join(place, "hole");
  writeFileSync(path, "x");
  truncateSync(path, 1 << 16);
}
