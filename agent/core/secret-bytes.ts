/**
 * Plaintext in memory: cannot be printed by accident, and is wiped when it is no longer needed.
 *
 * Wiping is best effort. V8 may have moved or copied what passed through strings or through a library's own
 * buffers; what postern itself allocates outside the heap is zeroed.
 * @module
 */
import { inspect } from "node:util";

const MASK = "[secret]";

/** Bytes that print as `[secret]` in string, JSON, template and `util.inspect`. */
export class SecretBytes {
  static {
    Object.defineProperty(this.prototype, inspect.custom, { value: () => MASK });
  }

  #bytes: Buffer;

  /** Takes the buffer over: the caller must not use it again, because `wipe` zeroes it. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Length in bytes. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes themselves, not a copy: for writing, hashing and decrypting only. Empty after `wipe`. */
  expose(): Buffer {
    return this.#bytes;
  }

  /** Overwrites the bytes with zeros and lets go of them. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#bytes = Buffer.alloc(0);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }
}
