import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { KmsKeyArn } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { openEnvelope } from "../../agent/decrypt/envelope.ts";
import { pinKeys } from "../../agent/decrypt/pins.ts";
import { type KmsServer, replicaOf, startKms } from "../support/kms-server.ts";
import {
  BOUND,
  BUNDLE,
  KEY,
  openerFor,
  openObject,
  type Sealed,
  VALUE,
} from "../support/opening.ts";
import { refusedAs } from "../support/refusal.ts";
import { sealEnvelope, sealKms } from "../support/sealing.ts";

const UNSIGNED = "ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY";
const UNCOMMITTED = "ALG_AES256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384";

let server: KmsServer;
let key: KmsKeyArn;
let other: KmsKeyArn;
before(async () => {
  server = await startKms();
  key = server.createKey();
  other = server.createKey();
});
after(() => server.close());

function open(body: Buffer, settings: Partial<Sealed> = {}): Promise<string> {
  return openObject(server, "envelope", body, { keys: [key], ...settings });
}

describe("mode envelope", () => {
  for (const suite of [undefined, UNSIGNED] as const)
    for (const frameLength of [undefined, 16])
      it(`opens ${suite ?? "the default, signed suite"}, frames of ${frameLength ?? "4096"}`, async () => {
        const plaintext = VALUE.repeat(5000);
        const body = await sealEnvelope(
          server,
          frameLength === undefined ? plaintext : VALUE.repeat(3),
          {
            keys: [key],
            context: BOUND,
            ...(suite === undefined ? {} : { suite }),
            ...(frameLength === undefined ? {} : { frameLength }),
          },
        );
        assert.equal(await open(body), frameLength === undefined ? plaintext : VALUE.repeat(3));
      });

  it("opens an empty secret", async () => {
    assert.equal(await open(await sealEnvelope(server, "", { keys: [key], context: BOUND })), "");
  });

  it("opens what any pinned key opens, and asks no other", async () => {
    const body = await sealEnvelope(server, VALUE, { keys: [other, key], context: BOUND });
    const stranger = server.createKey();
    server.asked();
    assert.equal(await open(body, { keys: [stranger, key] }), VALUE);
    assert.deepEqual(server.asked(), [`Decrypt ${key}`]);
  });

  it("goes on to the next pinned key when the first is denied", async () => {
    const denied = server.createKey();
    const body = await sealEnvelope(server, VALUE, { keys: [denied, key], context: BOUND });
    server.trouble(denied, "AccessDeniedException");
    assert.equal(await open(body, { keys: [denied, key] }), VALUE);
  });

  it("opens with a replica of a multi-Region key, in the replica's region", async () => {
    const primary = server.createKey({ multiRegion: true });
    const replica = replicaOf(primary);
    const body = await sealEnvelope(server, VALUE, { keys: [primary], context: BOUND });
    server.asked();
    assert.equal(await open(body, { keys: [replica] }), VALUE);
    assert.deepEqual(server.asked(), [`Decrypt ${replica}`]);
  });

  it("takes the message over and wipes it", async () => {
    const buffer = await sealEnvelope(server, VALUE, { keys: [key], context: BOUND });
    await openerFor(server, "envelope", { keys: [key] }).object(KEY, new SecretBytes(buffer));
    assert.ok(buffer.every((byte) => byte === 0));
  });

  const CONTEXTS: readonly (readonly [why: string, context: Record<string, string>, RegExp])[] = [
    [
      "moved from another key",
      { ...BOUND, "postern:key": "web/other" },
      /postern:key "web\/db", got/,
    ],
    ["of another group", { ...BOUND, "postern:group": "db" }, /postern:group "web", got "db"/],
    ["of another bucket", { ...BOUND, "postern:bucket": "acme" }, /postern:bucket/],
    ["sealed without a context", {}, /got none/],
    ["sealed with a further pair", { ...BOUND, extra: "1" }, /no further name, got "extra"/],
    ["that is a bundle", BUNDLE, /postern:key "web\/db", got none/],
  ];
  for (const [why, context, message] of CONTEXTS)
    it(`refuses an object ${why}, without asking KMS`, async () => {
      const body = await sealEnvelope(server, VALUE, { keys: [key], context });
      server.asked();
      await assert.rejects(open(body), refusedAs("DecryptFailed", message));
      assert.deepEqual(server.asked(), []);
    });

  it("refuses a key that is not pinned, and says which it is", async () => {
    const body = await sealEnvelope(server, VALUE, { keys: [other], context: BOUND });
    server.asked();
    await assert.rejects(open(body), refusedAs("DecryptFailed", new RegExp(other)));
    assert.deepEqual(server.asked(), []);
  });

  it("refuses a suite that does not commit to its key", async () => {
    const body = await sealEnvelope(server, VALUE, {
      keys: [key],
      context: BOUND,
      suite: UNCOMMITTED,
    });
    await assert.rejects(open(body), refusedAs("BadData", /do not commit/));
  });

  it("refuses a plain object, a KMS ciphertext and base64", async () => {
    const message = await sealEnvelope(server, VALUE, { keys: [key], context: BOUND });
    const bodies = [
      Buffer.from(VALUE),
      Buffer.alloc(0),
      await sealKms(server, VALUE, { keys: [key], context: BOUND }),
      Buffer.from(message.toString("base64")),
    ];
    for (const body of bodies)
      await assert.rejects(open(body), refusedAs("BadData", /a plain object is refused/));
  });

  it("refuses more data keys than a publisher has use for, without asking KMS", async () => {
    const keys = Array.from({ length: 17 }, () => key);
    const body = await sealEnvelope(server, VALUE, { keys, context: BOUND });
    server.asked();
    await assert.rejects(open(body), refusedAs("BadData", /at most 16 data keys, got 17/));
    assert.deepEqual(server.asked(), []);
  });
});

describe("openEnvelope", () => {
  it("hands out nothing when the context is refused after opening", async () => {
    const message = await sealEnvelope(server, VALUE, { keys: [key] });
    let judged = 0;
    const judge = (): string | undefined => {
      judged += 1;
      return judged > 1 ? "no" : undefined;
    };
    await assert.rejects(
      openEnvelope({ name: "web/db", message, pins: pinKeys([key]), judge }, server.kms),
      /wrong encryption context in "web\/db": no/,
    );
    assert.equal(judged, 2);
  });

  it("wipes the data key that KMS gave", async () => {
    const message = await sealEnvelope(server, VALUE, { keys: [key] });
    const given: Buffer[] = [];
    const kms = {
      decrypt: async (request: Parameters<typeof server.kms.decrypt>[0]) => {
        const decrypted = await server.kms.decrypt(request);
        given.push(decrypted.plaintext.expose());
        return decrypted;
      },
    };
    await openEnvelope({ name: "x", message, pins: pinKeys([key]), judge: () => undefined }, kms);
    assert.equal(given.length, 1);
    assert.ok(
      given.every((dataKey) => dataKey.length === 32 && dataKey.every((byte) => byte === 0)),
    );
  });

  it("passes the pass's deadline on to KMS", async () => {
    const message = await sealEnvelope(server, VALUE, { keys: [key] });
    const signals: unknown[] = [];
    const kms = {
      decrypt: (request: Parameters<typeof server.kms.decrypt>[0]) => {
        signals.push(request.signal);
        return server.kms.decrypt(request);
      },
    };
    const { signal } = new AbortController();
    await openEnvelope(
      { name: "x", message, pins: pinKeys([key]), judge: () => undefined },
      kms,
      signal,
    );
    assert.deepEqual(signals, [signal]);
  });
});
