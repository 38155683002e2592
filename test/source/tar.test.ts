import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { PosternError } from "../../agent/core/errors.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { type TarLimits, unpackTar } from "../../agent/source/tar.ts";
import { refusedAs } from "../support/refusal.ts";

const LIMITS: TarLimits = { maxBytes: 1 << 20, maxEntries: 100 };
type Files = Readonly<Record<string, Buffer>>;

async function unpack(archive: Buffer, limits = LIMITS): Promise<Files> {
  const members = await unpackTar(new SecretBytes(archive), limits);
  return Object.fromEntries(members.map(({ name, bytes }) => [name, bytes.expose()]));
}

async function packed(
  members: readonly (readonly [Partial<Header> & { name: string }, string])[],
): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of members) archive.entry(header, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

describe("unpackTar", () => {
  it("refuses a name twice, also when written in two ways", async () => {
    for (const second of ["a", "./a"])
      await assert.rejects(
        packed([
          [{ name: "a" }, "1"],
          [{ name: second }, "2"],
        ]).then((archive) => unpack(archive)),
        refusedAs("BadData", /"a": expected each name once/),
      );
  });

  it("finds nothing in an empty archive, and nothing at all is no archive", async () => {
    assert.deepEqual(await unpack(Buffer.alloc(1024)), {});
    await assert.rejects(unpack(Buffer.alloc(0)), refusedAs("BadData", /cut short/));
  });

  it("refuses devices", async () => {
    for (const type of ["character-device", "block-device", "contiguous-file"] as const)
      await assert.rejects(
        packed([[{ name: "dev", type }, ""]]).then((archive) => unpack(archive)),
        refusedAs("BadData", /"dev": expected a regular file, got a/),
      );
  });

  it("refuses a name that is no UTF-8", async () => {
    const archive = await packed([[{ name: "abc" }, "1"]]);
    archive[1] = 0xff;
    archive.write(checksumOf(archive), 148, "latin1");
    await assert.rejects(unpack(archive), refusedAs("BadData", /expected a name in UTF-8/));
  });

  it("holds its limits exactly", async () => {
    const archive = await packed([
      [{ name: "f/", type: "directory" }, ""],
      [{ name: "f/a" }, "12345"],
      [{ name: "f/b" }, "12345"],
    ]);
    assert.equal(Object.keys(await unpack(archive, { maxBytes: 10, maxEntries: 3 })).length, 2);
    await assert.rejects(
      unpack(archive, { maxBytes: 9, maxEntries: 3 }),
      refusedAs("TooLarge", /at most 9 bytes/),
    );
    await assert.rejects(
      unpack(archive, { maxBytes: 10, maxEntries: 2 }),
      refusedAs("TooLarge", /at most 2 files/),
    );
  });

  it("believes no size that the archive does not hold", async () => {
    for (const size of ["77777777777 ", "\u0080\0\0\0\0\0\0\0\u00ff\0\0\0", "zzzzzzzzzzz "]) {
      const archive = await packed([[{ name: "a" }, "1"]]);
      archive.write(size, 124, "latin1");
      archive.write(checksumOf(archive), 148, "latin1");
      await assert.rejects(unpack(archive), refusedAs("BadData", /whole tar archive/));
    }
  });

  it("wipes what it had unpacked of an archive that it refuses", async (t) => {
    const wipe = t.mock.method(SecretBytes.prototype, "wipe");
    const archive = await packed([
      [{ name: "a" }, "1"],
      [{ name: "b" }, "2"],
      [{ name: "../c" }, "3"],
    ]);
    await assert.rejects(unpack(archive));
    assert.equal(wipe.mock.callCount(), 2);
  });

  it("leaves the archive to the caller", async () => {
    const bytes = await packed([[{ name: "a" }, "1"]]);
    const archive = new SecretBytes(Buffer.from(bytes));
    await unpackTar(archive, LIMITS);
    assert.ok(archive.expose().equals(bytes));
  });

  it("unpacks what was packed, whatever the contents", async () => {
    const file = fc.record({ content: fc.uint8Array({ maxLength: 1100 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 5 }), async (files) => {
        const named = files.map(({ content }, n) => [`s${n}`, Buffer.from(content)] as const);
        const archive = pack();
        for (const [name, content] of named) archive.entry({ name }, content);
        archive.finalize();
        const chunks: Uint8Array[] = [];
        for await (const chunk of archive) chunks.push(chunk as Uint8Array);
        assert.deepEqual(await unpack(Buffer.concat(chunks)), Object.fromEntries(named));
      }),
      { numRuns: 50 },
    );
  });

  it("answers a damaged archive with its files or a refusal, within its limits, and always answers", async () => {
    const whole = await packed([
      [{ name: "a", pax: { comment: "x" } }, "one"],
      [{ name: "n".repeat(120) }, "two"],
      [{ name: "dir/", type: "directory" }, ""],
      [{ name: "dir/c" }, "3".repeat(700)],
    ]);
    const edit = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (edits, valid) => {
          const archive = Buffer.from(whole);
          for (const [at, byte] of edits) archive[at] = byte;
          if (valid) fixChecksums(archive);
          try {
            const files = Object.values(await unpack(archive, { maxBytes: 800, maxEntries: 4 }));
            assert.ok(files.reduce((sum, { length }) => sum + length, 0) <= 800);
          } catch (error) {
            assert.ok(error instanceof PosternError, String(error));
            assert.match(error.code, /^(BadData|TooLarge)$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function checksumOf(archive: Buffer, at = 0): string {
  let sum = 8 * 0x20;
  for (let n = 0; n < 512; n += 1) sum += n < 148 || n >= 156 ? (archive[at + n] ?? 0) : 0;
  return `${sum.toString(8).padStart(6, "0")}\0 `;
}

/** So that damage gets past the checksum: every block that still looks like a header. */
function fixChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512)
    if (archive.toString("latin1", at + 257, at + 262) === "ustar")
      archive.write(checksumOf(archive, at), at + 148, "latin1");
}
