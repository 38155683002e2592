/** The elements of DER, as far as one needs them to tell a key from what is none. @see ITU-T X.690, 8.1 @module */

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_IDENTIFIER = 0x06;
export const SEQUENCE = 0x30;

export interface Element {
  readonly tag: number;
  /** A view of the bytes that were read. */
  readonly content: Buffer;
}

/** The elements that follow each other in `bytes`, which end with the last; undefined when they are no DER. */
export function readElements(bytes: Buffer): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = readLength(bytes, at + 1);
    const tag = bytes[at];
    if (length === undefined || tag === undefined || length.end > bytes.length) return undefined;
    elements.push({ tag, content: bytes.subarray(length.start, length.end) });
    at = length.end;
  }
  return elements;
}

/** The elements of the one sequence that `bytes` are; undefined when they are none. */
export function readSequence(bytes: Buffer): readonly Element[] | undefined {
  const [only, ...more] = readElements(bytes) ?? [];
  return only?.tag === SEQUENCE && more.length === 0 ? readElements(only.content) : undefined;
}

/** Where the content begins and ends whose length stands at `at`. */
function readLength(
  bytes: Buffer,
  at: number,
): { readonly start: number; readonly end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: at + 1, end: at + 1 + first };
  // four bytes of length are more than a secret may have; 0x80, the indefinite form, is not DER
  const size = first & 0x7f;
  if (size === 0 || size > 4 || at + 1 + size > bytes.length) return undefined;
  const start = at + 1 + size;
  return { start, end: start + bytes.readUIntBE(at + 1, size) };
}
