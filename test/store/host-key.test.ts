import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { parseGroupName, parseSecretName } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { fingerprint, keyedDigest, keyId } from "../../agent/store/host-key.ts";
import { closeTree } from "../../agent/store/tree.ts";
import { newWorld, open, web } from "../support/store.ts";
import { tempDir } from "../support/temp.ts";

const temp = tempDir();
const key = (fill: number): SecretBytes => new SecretBytes(Buffer.alloc(32, fill));
const a = parseSecretName("a");

describe("the host key", () => {
  it("is the one that was there first, when two processes make it at once", () => {
    const root = mkdtempSync(join(temp, "h-"));
    const first = Buffer.alloc(32, 7);
    const link: typeof systemFileSystem.link = (from, to) => {
      writeFileSync(join(root, "state/host.key"), first, { mode: 0o600, flag: "wx" });
      systemFileSystem.link(from, to);
    };
    const tree = open(newWorld(root, { fs: { ...systemFileSystem, link } }));
    assert.deepEqual(tree.hostKey.expose(), first);
    assert.deepEqual(readdirSync(join(root, "state")), ["host.key"]);
    closeTree(tree);
  });

  it("is wiped from memory with its tree, never printed, and stays on disk", () => {
    const root = mkdtempSync(join(temp, "h-"));
    const tree = open(newWorld(root));
    const bytes = tree.hostKey.expose();
    assert.match(inspect(tree), /hostKey: \[secret\]/);
    closeTree(tree);
    assert.deepEqual(bytes, Buffer.alloc(32));
    assert.notDeepEqual(readFileSync(join(root, "state/host.key")), bytes);
  });
});

describe("keyedDigest", () => {
  const digest = keyedDigest(key(1), web, a, Buffer.from("hunter2"));

  it("is HMAC-SHA256, the same every time", () => {
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.equal(keyedDigest(key(1), web, a, Buffer.from("hunter2")), digest);
    assert.equal(fingerprint(digest), digest.slice(0, 12));
  });

  const OTHERS: readonly (readonly [why: string, other: string])[] = [
    ["on another host", keyedDigest(key(2), web, a, Buffer.from("hunter2"))],
    ["in another group", keyedDigest(key(1), parseGroupName("app"), a, Buffer.from("hunter2"))],
    ["under another name", keyedDigest(key(1), web, parseSecretName("b"), Buffer.from("hunter2"))],
    ["of other content", keyedDigest(key(1), web, a, Buffer.from("hunter3"))],
    [
      "when name and content are split elsewhere",
      keyedDigest(key(1), web, parseSecretName("ah"), Buffer.from("unter2")),
    ],
  ];
  for (const [why, other] of OTHERS) {
    it(`is another ${why}`, () => assert.notEqual(other, digest));
  }

  it("is not what tells host keys apart", () => {
    assert.notEqual(keyId(key(1)), keyId(key(2)));
    assert.ok(!digest.startsWith(keyId(key(1))));
  });
});
