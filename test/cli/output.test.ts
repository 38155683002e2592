import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { write } from "../../agent/cli/output.ts";
import { PosternError } from "../../agent/core/errors.ts";

describe("write", () => {
  it("resolves once the bytes have left, so that they may be wiped", async () => {
    const left: string[] = [];
    const slow = new Writable({
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          left.push(chunk.toString());
          done();
        });
      },
    });
    const bytes = Buffer.from("hunter2");
    await write(slow, bytes);
    bytes.fill(0);
    assert.deepEqual(left, ["hunter2"]);
  });

  it("names a failure without quoting it, and ends no process", async () => {
    const closed = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error("write EPIPE hunter2"), { code: "EPIPE" }));
      },
    });
    await assert.rejects(write(closed, "hunter2"), (error: unknown) => {
      assert.ok(error instanceof PosternError);
      assert.equal(error.code, "CannotWrite");
      assert.equal(error.message, "cannot write the output: EPIPE");
      return true;
    });
  });
});
