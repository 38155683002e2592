import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { PosternError } from "../../agent/core/errors.ts";
import type { KmsKeyArn } from "../../agent/core/names.ts";
import { parseMessage } from "../../agent/decrypt/message.ts";
import { type KmsServer, startKms } from "../support/kms-server.ts";
import { sealEnvelope } from "../support/sealing.ts";

let server: KmsServer;
let keys: readonly KmsKeyArn[];
let message: Buffer;
before(async () => {
  server = await startKms();
  keys = [server.createKey(), server.createKey({ multiRegion: true })];
  message = await sealEnvelope(server, "hunter2-canary", { keys, context: { app: "web" } });
});
after(() => server.close());

describe("parseMessage", () => {
  it("reads the context and the data keys that a message claims", () => {
    const { context, dataKeys } = parseMessage(message, "web/db");
    assert.equal(context["app"], "web");
    assert.deepEqual(Object.keys(context).sort(), ["app", "aws-crypto-public-key"]);
    assert.deepEqual(
      dataKeys,
      keys.map((key) => ({ provider: "aws-kms", key })),
    );
  });

  type Row = readonly [what: string, damage: (whole: Buffer) => Buffer, expected: RegExp];
  const ROWS: readonly Row[] = [
    ["nothing at all", () => Buffer.alloc(0), /"web\/db": .* got something else: a plain object/],
    ["text", () => Buffer.from("password"), /a plain object is refused/],
    ["format 1", (whole) => Buffer.concat([Buffer.from([1, 0x80]), whole]), /do not commit/],
    ["half a header", (whole) => whole.subarray(0, 40), /one that is cut short/],
    ["half a body", (whole) => whole.subarray(0, -120), /one that is cut short/],
    ["half a signature", (whole) => whole.subarray(0, -3), /one that is cut short/],
    ["a second message", (whole) => Buffer.concat([whole, whole]), /further bytes after its end/],
    ["an unknown suite", (whole) => Buffer.from(whole.fill(0xff, 1, 3)), /a malformed one/],
  ];
  for (const [what, damage, expected] of ROWS)
    it(`refuses ${what} in words that name the object`, () => {
      assert.throws(
        () => parseMessage(damage(Buffer.from(message)), "web/db"),
        (error: PosternError) => {
          assert.equal(error.code, "BadData");
          assert.match(error.message, expected);
          assert.doesNotMatch(error.message, /canary/);
          return true;
        },
      );
    });

  it("refuses frames out of order before anything is asked of KMS", async () => {
    const framed = await sealEnvelope(server, "x".repeat(32), { keys, frameLength: 16 });
    const last = framed.lastIndexOf(Buffer.from("ffffffff000000", "hex"));
    assert.ok(last > 0);
    framed.writeUInt32BE(9, last + 4);
    assert.throws(() => parseMessage(framed, "web/db"), /frames out of order/);
  });

  it("says what to do about base64", () => {
    assert.throws(
      () => parseMessage(Buffer.from(message.toString("base64")), "web/db"),
      (error: PosternError) => /base64/.test(error.hint ?? ""),
    );
  });
});
