import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { format, inspect } from "node:util";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";

describe("SecretBytes", () => {
  const VALUE = "hunter2-canary";
  const secret = () => new SecretBytes(Buffer.from(VALUE));

  const PRINTED: readonly (readonly [how: string, print: (secret: SecretBytes) => string])[] = [
    ["String()", (bytes) => String(bytes)],
    ["a template", (bytes) => `value: ${bytes as unknown as string}`],
    ["join", (bytes) => [bytes, ""].join("")],
    ["JSON", (bytes) => JSON.stringify({ bytes })],
    ["inspect", (bytes) => inspect(bytes)],
    [
      "inspect with everything shown",
      (bytes) => inspect({ deep: [bytes] }, { showHidden: true, depth: null, getters: true }),
    ],
    ["format %s", (bytes) => format("%s", bytes)],
    ["format %o", (bytes) => format("%o", bytes)],
    ["format %O", (bytes) => format("%O", { bytes })],
    ["format %j", (bytes) => format("%j", bytes)],
    ["entries", (bytes) => inspect([Object.entries(bytes), Object.assign({}, bytes)])],
    ["an error's cause", (bytes) => inspect(new Error("x", { cause: bytes }))],
  ];
  for (const [how, print] of PRINTED) {
    it(`does not show its bytes in ${how}`, () => {
      const printed = print(secret());
      assert.ok(!printed.includes(VALUE));
      assert.ok(!printed.includes(Buffer.from(VALUE).toString("base64").slice(0, 12)));
      assert.ok(!printed.includes(Buffer.from(VALUE).toString("hex").slice(0, 12)));
      assert.ok(!/68,? ?117/.test(printed));
    });
  }

  it("prints as [secret]", () => {
    assert.equal(String(secret()), "[secret]");
    assert.equal(inspect(secret()), "[secret]");
    assert.equal(JSON.stringify([secret()]), '["[secret]"]');
  });

  it("zeroes the very buffer that it was given", () => {
    const buffer = Buffer.from(VALUE);
    const bytes = new SecretBytes(buffer);
    assert.equal(bytes.length, VALUE.length);
    bytes.wipe();
    assert.ok(buffer.every((byte) => byte === 0));
    assert.equal(bytes.length, 0);
  });
});
