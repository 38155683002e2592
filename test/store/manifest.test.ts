import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  judgeName,
  parseGroupName,
  type SecretName,
  parseFileName,
} from "../../agent/core/names.ts";
import { encodeManifest, type Manifest, parseManifest } from "../../agent/store/manifest.ts";
import { type GenerationId, parseGenerationId } from "../../agent/store/target.ts";
import { web } from "../support/store.ts";

const id = (text: string): GenerationId => parseGenerationId(text) ?? assert.fail();
const ID = id("0123456789ab");
const DIGEST = "0f".repeat(32);
const SECRET = { name: "a", key: "web/a", etag: '"e"', size: 1, digest: DIGEST };
const RAW = {
  version: 1,
  group: "web",
  id: ID,
  previous: "ba9876543210",
  created: 1,
  hostKey: "key",
  fingerprints: { source: "s", shape: "h" },
  access: { uid: 0, gid: 33, mode: 0o440 },
  secrets: [SECRET],
  rendered: [],
};

const parse = (raw: unknown): Manifest | string =>
  parseManifest(Buffer.from(JSON.stringify(raw)), web, ID, "key");

describe("parseManifest", () => {
  it("reads what encodeManifest writes", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => judgeName(text) === undefined);
    const count = fc.nat();
    const mark = { key: fc.string(), etag: fc.string() };
    const secret = fc
      .record({ name, ...mark, size: count, digest: fc.constant(DIGEST) })
      .chain((known) =>
        fc
          .record({
            versionId: fc.option(fc.string(), { nil: undefined }),
            lastModified: fc.option(count, { nil: undefined }),
          })
          .map((rest) => ({ ...known, ...rest, name: known.name as SecretName })),
      );
    const file = fc
      .record({
        name: fc.constantFrom("db.env", ".postern/etc/db.env", "conf/app.json"),
        size: count,
        digest: fc.constant(DIGEST),
      })
      .map((known) => ({ ...known, name: parseFileName(known.name) }));
    const manifest = fc.record({
      group: fc.constant(web),
      id: fc.constant(ID),
      previous: fc.constantFrom(undefined, id("ba9876543210")),
      created: count,
      hostKey: fc.constant("key"),
      fingerprints: fc.record({ source: fc.string(), shape: fc.string() }),
      bundle: fc.option(fc.record({ etag: fc.string(), revision: count }), { nil: undefined }),
      access: fc.record({ uid: count, gid: count, mode: fc.nat(0o777) }),
      secrets: fc.array(secret, { maxLength: 1 }),
      rendered: fc.uniqueArray(file, { maxLength: 2, selector: ({ name }) => name }),
    });
    fc.assert(
      fc.property(manifest, (manifest) => {
        const parsed = parseManifest(encodeManifest(manifest), web, ID, "key");
        assert.deepEqual(plain(parsed), plain(manifest));
      }),
    );
  });

  it("reads what was written of records that carry more", () => {
    const written = parse(RAW);
    if (typeof written === "string") assert.fail(written);
    const more = { ...written, extra: 1, access: { ...written.access, extra: 1 } };
    assert.deepEqual(parseManifest(encodeManifest(more), web, ID, "key"), written);
  });

  it("accepts the row that the refused ones differ from", () => {
    assert.equal(typeof parse(RAW), "object");
  });

  const secret = (part: object): object => ({ secrets: [{ ...SECRET, ...part }] });
  const rendered = (part: object): object => ({
    rendered: [{ name: "db.env", size: 1, digest: DIGEST, ...part }],
  });
  const HOSTILE: readonly (readonly [why: string, part: object, fault: RegExp])[] = [
    ["another version", { version: 2 }, /"version"/],
    ["a field that is not known", { extra: 1 }, /"extra"/],
    ["another group's manifest", { group: "app" }, /another group/],
    ["another generation's manifest", { id: "ffffffffffff" }, /another generation/],
    ["digests under another host's key", { hostKey: "other" }, /this host's key/],
    ["a predecessor that is a path", { previous: "../../../etc" }, /"previous"/],
    ["a name that leads out", secret({ name: "../../etc/cron.d/x" }), /names that files can have/],
    ["an absolute name", secret({ name: "/etc/passwd" }), /names that files can have/],
    ["a name with a NUL", secret({ name: "a\0b" }), /names that files can have/],
    ["a folder marker", secret({ name: "a/" }), /names that files can have/],
    ["a name twice", { secrets: [SECRET, SECRET] }, /each name once/],
    [
      "a file that is also a folder",
      { secrets: [SECRET, { ...SECRET, name: "a/b" }] },
      /names that/,
    ],
    ["a size that is negative", secret({ size: -1 }), /"secrets\.0\.size"/],
    ["a size that is no integer", secret({ size: 1.5 }), /"secrets\.0\.size"/],
    ["a digest of another length", secret({ digest: "00" }), /"secrets\.0\.digest"/],
    ["set-id bits", { access: { ...RAW.access, mode: 0o4755 } }, /"access\.mode"/],
    [
      "a user that chown takes for none",
      { access: { ...RAW.access, uid: 2 ** 32 - 1 } },
      /"access\.uid"/,
    ],
    ["no secrets", { secrets: undefined }, /"secrets"/],
    ["a secret where renders lie", secret({ name: ".postern/x" }), /names that files can have/],
    ["a render that leads out", rendered({ name: ".postern/../x" }), /names that files can have/],
    ["a render of a secret's name", rendered({ name: SECRET.name }), /each name once/],
    ["a render of a secret's fields", rendered({ etag: "" }), /"rendered\.0\.etag"/],
  ];
  for (const [why, part, fault] of HOSTILE) {
    it(`refuses ${why}`, () => {
      const verdict = parse({ ...RAW, ...part });
      assert.match(typeof verdict === "string" ? verdict : assert.fail(), fault);
    });
  }

  for (const text of ["", "{", "null", "[]", "\0", '{"version":1}']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(
        typeof parseManifest(Buffer.from(text), parseGroupName("web"), ID, "key"),
        "string",
      );
    });
  }
});

/** Without what is undefined: JSON does not tell that from what is not there. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
