/** Reads a response's body into memory that belongs to nobody else. @module */
import type { Readable } from "node:stream";

/**
 * - `whole`: every byte that was announced.
 * - `short`: the connection ended early.
 * - `large`: above the limit; reading stopped and the connection is closed.
 */
export type BodyRead =
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "short"; readonly got: number; readonly announced: number }
  | { readonly kind: "large"; readonly got: number };

/**
 * Chunks are copied into one buffer outside Node's pool and then zeroed, so that a secret has one place in
 * memory, which its owner can wipe.
 *
 * @param announced the Content-Length, or undefined when the server sent none
 * @throws whatever the socket fails with
 */
export function readBody(
  body: Readable,
  announced: number | undefined,
  maxBytes: number,
): Promise<BodyRead> {
  if (announced !== undefined && announced > maxBytes) {
    body.destroy();
    return Promise.resolve({ kind: "large", got: announced });
  }
  const vessel = createVessel(announced ?? 4096);
  // events: `for await` costs as much as all the rest about a small body
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      // whoever has the bytes by then keeps them
      if (body.readableEnded) return;
      vessel.wipe();
      reject(error);
    };
    body.on("error", fail);
    // always comes; without an end before it the connection broke
    body.on("close", () => fail(prematureClose()));
    body.on("end", () => {
      const { length: got } = vessel;
      if (announced === undefined || got === announced)
        return resolve({ kind: "whole", bytes: vessel.bytes() });
      vessel.wipe();
      resolve({ kind: "short", got, announced });
    });
    body.on("data", (chunk: unknown) => {
      if (!(chunk instanceof Uint8Array)) return fail(new TypeError("expected a stream of bytes"));
      const got = vessel.length + chunk.length;
      if (got <= maxBytes) return vessel.pour(chunk);
      vessel.wipe();
      chunk.fill(0);
      resolve({ kind: "large", got });
      body.destroy();
    });
  });
}

interface Vessel {
  /** Bytes in it. */
  readonly length: number;
  /** Takes the bytes over: the chunk is zeros afterwards. */
  pour(chunk: Uint8Array): void;
  bytes(): Buffer;
  wipe(): void;
}

function createVessel(size: number): Vessel {
  let bytes: Buffer = Buffer.allocUnsafeSlow(size);
  let used = 0;
  return {
    get length() {
      return used;
    },
    pour: (chunk) => {
      const needed = used + chunk.length;
      if (needed > bytes.length) bytes = grow(bytes, used, needed);
      bytes.set(chunk, used);
      used = needed;
      chunk.fill(0);
    },
    bytes: () => bytes.subarray(0, used),
    wipe: () => void bytes.fill(0),
  };
}

// as Node's own iterator would say it
function prematureClose(): Error {
  return Object.assign(new Error("premature close"), { code: "ERR_STREAM_PREMATURE_CLOSE" });
}

function grow(bytes: Buffer, used: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2));
  bytes.copy(larger, 0, 0, used);
  bytes.fill(0);
  return larger;
}
