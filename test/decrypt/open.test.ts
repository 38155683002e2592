import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DecryptConfig } from "../../agent/config/config.ts";
import { type KmsKeyArn, parseS3Key } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import type { Opener } from "../../agent/decrypt/open.ts";
import { type KmsServer, startKms } from "../support/kms-server.ts";
import { BUNDLE, KEY, openerFor, type Sealed, VALUE } from "../support/opening.ts";
import { refusedAs } from "../support/refusal.ts";
import { sealEnvelope } from "../support/sealing.ts";

let server: KmsServer;
let key: KmsKeyArn;
before(async () => {
  server = await startKms();
  key = server.createKey();
});
after(() => server.close());

describe("mode none", () => {
  it("hands the very body on, whatever it looks like, and never asks KMS", async () => {
    const bodies = [VALUE, "", await sealEnvelope(server, VALUE, { keys: [key] })];
    server.asked();
    for (const bytes of bodies) {
      const body = new SecretBytes(Buffer.from(bytes));
      assert.equal(await openerFor(server, "none", { keys: [key] }).object(KEY, body), body);
    }
    assert.deepEqual(server.asked(), []);
  });
});

describe("bundles", () => {
  const bundle = (
    body: Buffer,
    mode: DecryptConfig["mode"] = "envelope",
    settings: Partial<Sealed> = {},
  ): ReturnType<Opener["bundle"]> =>
    openerFor(server, mode, { keys: [key], ...settings }).bundle(
      parseS3Key("web.bundle"),
      new SecretBytes(body),
    );

  it("open with their revision", async () => {
    const body = await sealEnvelope(server, VALUE, { keys: [key], context: BUNDLE });
    const { plaintext, revision } = await bundle(body);
    assert.equal(plaintext.expose().toString(), VALUE);
    assert.equal(revision, 7);
  });

  it("open with bind none and only a revision", async () => {
    const context = { "postern:revision": "0" };
    const body = await sealEnvelope(server, VALUE, { keys: [key], context });
    assert.equal((await bundle(body, "envelope", { bind: "none" })).revision, 0);
  });

  const REVISIONS: readonly (readonly [why: string, context: Record<string, string>])[] = [
    ["without a revision", { "postern:group": "web", "postern:bucket": "acme-secrets" }],
    ["with a revision spelt oddly", { ...BUNDLE, "postern:revision": "007" }],
    ["of another group", { ...BUNDLE, "postern:group": "db" }],
    ["bound to a key", { ...BUNDLE, "postern:key": "web.bundle" }],
  ];
  for (const [why, context] of REVISIONS)
    it(`are refused ${why}`, async () => {
      const body = await sealEnvelope(server, VALUE, { keys: [key], context });
      await assert.rejects(bundle(body), refusedAs("DecryptFailed", /wrong encryption context/));
    });

  it("are never read in another mode", async () => {
    for (const mode of ["none", "kms"] as const)
      await assert.rejects(
        bundle(Buffer.from(VALUE), mode),
        refusedAs("ConfigInvalid", /expected decrypt.mode envelope/),
      );
  });
});
