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
export async function readBody(
  body: Readable,
  announced: number | undefined,
  maxBytes: number,
): Promise<BodyRead> {
  if (announced !== undefined && announced > maxBytes) {
    body.destroy();
    return { kind: "large", got: announced };
  }
  let bytes: Buffer = Buffer.allocUnsafeSlow(announced ?? 4096);
  let got = 0;
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError("expected a stream of bytes");
      if (got + chunk.length > maxBytes) return refuse(bytes, got + chunk.length);
      if (got + chunk.length > bytes.length) bytes = grow(bytes, got, got + chunk.length);
      bytes.set(chunk, got);
      got += chunk.length;
      chunk.fill(0);
    }
  } catch (error) {
    bytes.fill(0);
    throw error;
  }
  if (announced !== undefined && got !== announced) {
    bytes.fill(0);
    return { kind: "short", got, announced };
  }
  return { kind: "whole", bytes: bytes.subarray(0, got) };
}

function refuse(bytes: Buffer, got: number): BodyRead {
  bytes.fill(0);
  return { kind: "large", got };
}

function grow(bytes: Buffer, used: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2));
  bytes.copy(larger, 0, 0, used);
  bytes.fill(0);
  return larger;
}
