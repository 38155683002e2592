import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { PosternError } from "../../agent/core/errors.ts";
import type { KmsKeyArn } from "../../agent/core/names.ts";
import { type EnvelopeOpened, openEnvelope } from "../../agent/decrypt/envelope.ts";
import { pinKeys } from "../../agent/decrypt/pins.ts";
import { type KmsServer, startKms } from "../support/kms-server.ts";
import { sealEnvelope } from "../support/sealing.ts";

const VALUE = "hunter2-canary, long enough for three frames of sixteen";
const UNSIGNED = "ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY";

let server: KmsServer;
let key: KmsKeyArn;
let signed: Buffer;
let unsigned: Buffer;
before(async () => {
  server = await startKms();
  key = server.createKey();
  const seal = { keys: [key], context: { app: "web" }, frameLength: 16 };
  signed = await sealEnvelope(server, VALUE, seal);
  unsigned = await sealEnvelope(server, VALUE, { ...seal, suite: UNSIGNED });
});
after(() => server.close());

function open(message: Buffer): Promise<EnvelopeOpened> {
  return openEnvelope(
    { name: "web/db", message, pins: pinKeys([key]), judge: () => undefined },
    server.kms,
  );
}

async function assertRefused(message: Buffer): Promise<void> {
  await assert.rejects(open(message), (error) => {
    assert.ok(error instanceof PosternError, String(error));
    assert.ok(error.code === "BadData" || error.code === "DecryptFailed", error.code);
    assert.doesNotMatch(`${error.message} ${error.hint ?? ""}`, /canary/);
    return true;
  });
}

const both = (): readonly (readonly [string, Buffer])[] => [
  ["signed", signed],
  ["unsigned", unsigned],
];

describe("a damaged envelope", () => {
  it("opens while it is whole", async () => {
    for (const [, message] of both())
      assert.equal((await open(message)).plaintext.expose().toString(), VALUE);
  });

  it("refuses a message with any one bit flipped", async () => {
    for (const [, message] of both())
      await fc.assert(
        fc.asyncProperty(fc.nat(message.length * 8 - 1), async (bit) => {
          const damaged = Buffer.from(message);
          damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          await assertRefused(damaged);
        }),
        { numRuns: 150 },
      );
  });

  it("refuses a message cut short anywhere", async () => {
    for (const [, message] of both())
      await fc.assert(
        fc.asyncProperty(fc.nat(message.length - 1), (length) =>
          assertRefused(message.subarray(0, length)),
        ),
        { numRuns: 60 },
      );
  });

  it("refuses a message with anything after its end", async () => {
    for (const [, message] of both())
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), (tail) =>
          assertRefused(Buffer.concat([message, tail])),
        ),
        { numRuns: 30 },
      );
  });

  it("refuses a message whose frames were swapped, repeated or left out", async () => {
    // sequence 4, iv 12, content 16, tag 16; the last: mark 4, sequence 4, iv 12, length 4, content 7, tag 16
    const [frame, last] = [48, 47];
    const first = unsigned.length - last - 3 * frame;
    assert.equal(unsigned.readUInt32BE(first), 1);
    const head = unsigned.subarray(0, first);
    const [one, two] = [0, 1].map((n) =>
      unsigned.subarray(first + n * frame, first + (n + 1) * frame),
    );
    const rest = unsigned.subarray(first + 2 * frame);
    assert.ok(one !== undefined && two !== undefined);
    await assertRefused(Buffer.concat([head, two, one, rest]));
    await assertRefused(Buffer.concat([head, one, rest]));
    await assertRefused(Buffer.concat([head, one, one, two, rest]));
    const renumbered = Buffer.concat([head, two, one, rest]);
    renumbered.writeUInt32BE(1, first);
    renumbered.writeUInt32BE(2, first + frame);
    await assertRefused(renumbered);
  });

  it("refuses a body spliced from another message under the same key", async () => {
    const twin = await sealEnvelope(server, VALUE, {
      keys: [key],
      context: { app: "web" },
      frameLength: 16,
      suite: UNSIGNED,
    });
    assert.equal(twin.length, unsigned.length);
    const seam = twin.length - 100;
    await assertRefused(Buffer.concat([unsigned.subarray(0, seam), twin.subarray(seam)]));
  });

  it("answers arbitrary bytes with a refusal", async () => {
    const start = unsigned.subarray(0, 35);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.boolean(),
        async (bytes, plausible) => {
          await assertRefused(plausible ? Buffer.concat([start, bytes]) : Buffer.from(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });
});
