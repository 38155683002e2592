import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { DecryptRequest } from "../../agent/aws/kms.ts";
import type { KmsKeyArn } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { openKms } from "../../agent/decrypt/kms.ts";
import { pinKeys } from "../../agent/decrypt/pins.ts";
import { type KmsServer, replicaOf, startKms } from "../support/kms-server.ts";
import { BOUND, KEY, openerFor, openObject, type Sealed, VALUE } from "../support/opening.ts";
import { refusedAs } from "../support/refusal.ts";
import { sealEnvelope, sealKms } from "../support/sealing.ts";

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
  return openObject(server, "kms", body, { keys: [key], ...settings });
}

describe("mode kms", () => {
  it("opens what was sealed for this object", async () => {
    assert.equal(await open(await sealKms(server, VALUE, { keys: [key], context: BOUND })), VALUE);
  });

  it("opens with bind none what others sealed under the declared context", async () => {
    const body = await sealKms(server, VALUE, { keys: [key], context: { app: "web" } });
    assert.equal(await open(body, { bind: "none", context: { app: "web" } }), VALUE);
  });

  it("opens under the second pinned key, and asks it only after the first", async () => {
    const body = await sealKms(server, VALUE, { keys: [other], context: BOUND });
    server.asked();
    assert.equal(await open(body, { keys: [key, other] }), VALUE);
    assert.deepEqual(server.asked(), [`Decrypt ${key}`, `Decrypt ${other}`]);
  });

  it("opens with a replica of a multi-Region key", async () => {
    const primary = server.createKey({ multiRegion: true });
    const replica = replicaOf(primary);
    const body = await sealKms(server, VALUE, { keys: [primary], context: BOUND });
    assert.equal(await open(body, { keys: [replica] }), VALUE);
  });

  it("takes the ciphertext over and wipes it", async () => {
    const buffer = await sealKms(server, VALUE, { keys: [key], context: BOUND });
    await openerFor(server, "kms", { keys: [key] }).object(KEY, new SecretBytes(buffer));
    assert.ok(buffer.every((byte) => byte === 0));
  });

  const CONTEXTS: readonly (readonly [why: string, context: Record<string, string>])[] = [
    ["moved from another key", { ...BOUND, "postern:key": "web/other" }],
    ["of another group", { ...BOUND, "postern:group": "db" }],
    ["of another bucket", { ...BOUND, "postern:bucket": "acme" }],
    ["sealed without a context", {}],
    ["sealed with a further pair", { ...BOUND, extra: "1" }],
  ];
  for (const [why, context] of CONTEXTS)
    it(`refuses an object ${why}`, async () => {
      const body = await sealKms(server, VALUE, { keys: [key], context });
      await assert.rejects(open(body), refusedAs("DecryptFailed", /cannot open "web\/db"/));
    });

  it("refuses a key that is not pinned", async () => {
    const body = await sealKms(server, VALUE, { keys: [other], context: BOUND });
    await assert.rejects(open(body), refusedAs("DecryptFailed", /IncorrectKey/));
  });

  it("refuses a plain object and an envelope", async () => {
    const envelope = await sealEnvelope(server, VALUE, { keys: [key], context: BOUND });
    for (const body of [Buffer.from(VALUE), envelope])
      await assert.rejects(open(body), refusedAs("DecryptFailed", /"web\/db"/));
  });

  it("refuses sizes that no ciphertext has, without asking KMS", async () => {
    server.asked();
    for (const size of [0, 6145])
      await assert.rejects(
        open(Buffer.alloc(size, 1)),
        refusedAs("BadData", new RegExp(`1 to 6144 bytes, got ${size} `)),
      );
    assert.deepEqual(server.asked(), []);
  });

  it("refuses an answer under another key than the one asked", async () => {
    const ciphertext = await sealKms(server, VALUE, { keys: [key], context: BOUND });
    const answers: SecretBytes[] = [];
    const kms = {
      decrypt: async (request: DecryptRequest) => {
        const { plaintext } = await server.kms.decrypt(request);
        answers.push(plaintext);
        return { plaintext, key: other };
      },
    };
    await assert.rejects(
      openKms({ name: KEY, ciphertext, pins: pinKeys([key]), context: BOUND }, kms),
      refusedAs("DecryptFailed", /expected KMS to use this key/),
    );
    assert.deepEqual(
      answers.map(({ length }) => length),
      [0],
    );
  });
});
