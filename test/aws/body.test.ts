import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readBody } from "../../agent/aws/body.ts";

function stream(...chunks: readonly Buffer[]): Readable {
  return Readable.from(chunks, { objectMode: false });
}

describe("body", () => {
  it("gives back every byte however it was cut, announced or not", async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 3000 });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), fc.boolean(), async (chunks, announced) => {
        const whole = Buffer.concat(chunks);
        const parts = chunks.map((part) => Buffer.from(part));
        const read = await readBody(
          stream(...parts),
          announced ? whole.length : undefined,
          whole.length,
        );
        assert.ok(read.kind === "whole");
        assert.deepEqual(read.bytes, whole);
        assert.ok(
          parts.every((part) => part.every((byte) => byte === 0)),
          "chunks are zeroed",
        );
      }),
      { numRuns: 30 },
    );
  });

  it("tells a body that ends early from a whole one", async () => {
    const read = await readBody(stream(Buffer.from("hunt")), 7, 100);
    assert.deepEqual(read, { kind: "short", got: 4, announced: 7 });
  });

  it("reads nothing of a body that is announced too large, and stops in one that turns out so", async () => {
    const announced = stream(Buffer.from("hunter2"));
    assert.deepEqual(await readBody(announced, 7, 6), { kind: "large", got: 7 });
    assert.ok(announced.destroyed);
    const silent = stream(Buffer.from("hunt"), Buffer.from("er2"));
    assert.deepEqual(await readBody(silent, undefined, 6), { kind: "large", got: 7 });
    assert.ok(silent.destroyed);
  });

  it("keeps its bytes in memory of their own", async () => {
    const read = await readBody(stream(Buffer.from("hunter2")), 7, 7);
    assert.ok(read.kind === "whole" && read.bytes.buffer.byteLength === 7);
  });
});
