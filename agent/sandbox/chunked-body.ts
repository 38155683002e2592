/**
 * aws-chunked bodies: what S3 clients send so that a checksum, or a signature of each part, can follow the data.
 *
 * ```
 * HEX-LENGTH[;chunk-signature=SIGNATURE] \r\n DATA \r\n        as often as needed, then once with length 0
 * TRAILER-NAME:VALUE \r\n                                      none or more
 * [x-amz-trailer-signature:SIGNATURE \r\n]                     when the chunks are signed and trailers came
 * \r\n
 * ```
 * @see AWS "Signature calculations: transferring payload in multiple chunks" and "… including trailing headers"
 * @module
 */
import { encodeScope, sha256Hex, sign } from "./canonical-request.ts";
import { equalSignatures, type SigningChain } from "./signature.ts";

export type ChunkedBody =
  | {
      readonly kind: "decoded";
      readonly body: Buffer;
      /** By lower-case name, without the signature. */
      readonly trailers: ReadonlyMap<string, string>;
    }
  | { readonly kind: "malformed" }
  | { readonly kind: "forged" };

interface Chunk {
  readonly data: Buffer;
  readonly signature: string | undefined;
  /** Where the next one starts. */
  readonly end: number;
}

const EMPTY_HASH = sha256Hex(Buffer.alloc(0));
const TRAILER_SIGNATURE = "x-amz-trailer-signature";

/**
 * Takes an aws-chunked body apart.
 * @param chain what each chunk's signature must continue; undefined when the chunks are unsigned
 */
export function decodeChunkedBody(bytes: Buffer, chain: SigningChain | undefined): ChunkedBody {
  const parts: Buffer[] = [];
  let previous = chain?.signature ?? "";
  let at = 0;
  for (;;) {
    const chunk = readChunk(bytes, at);
    if (chunk === undefined) return { kind: "malformed" };
    if (chain !== undefined) {
      const expected = signChunk(chain, previous, chunk.data);
      if (!equalSignatures(expected, chunk.signature ?? "")) return { kind: "forged" };
      previous = expected;
    }
    at = chunk.end;
    if (chunk.data.length === 0) break;
    parts.push(chunk.data);
  }
  const trailers = readTrailers(bytes.subarray(at));
  if (trailers === undefined) return { kind: "malformed" };
  if (chain !== undefined && !trailersAreSigned(chain, previous, trailers))
    return { kind: "forged" };
  trailers.delete(TRAILER_SIGNATURE);
  return { kind: "decoded", body: Buffer.concat(parts), trailers };
}

function readChunk(bytes: Buffer, start: number): Chunk | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString("latin1", start, lineEnd);
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (match === null) return undefined;
  const length = Number.parseInt(match[1] ?? "", 16);
  const dataEnd = lineEnd + 2 + length;
  const data = bytes.subarray(lineEnd + 2, dataEnd);
  if (data.length !== length) return undefined;
  // the last chunk has no data and no line end of its own: trailers follow at once
  if (length === 0) return { data, signature: match[2], end: dataEnd };
  if (bytes.toString("latin1", dataEnd, dataEnd + 2) !== "\r\n") return undefined;
  return { data, signature: match[2], end: dataEnd + 2 };
}

// clients differ in whether an empty line ends the trailers, so that empty lines mean nothing here
function readTrailers(bytes: Buffer): Map<string, string> | undefined {
  const trailers = new Map<string, string>();
  for (const line of bytes.toString("latin1").split(/\r?\n/)) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon <= 0) return undefined;
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return trailers;
}

function signChunk(chain: SigningChain, previous: string, data: Buffer): string {
  const scope = encodeScope(chain.scope);
  const lines = ["AWS4-HMAC-SHA256-PAYLOAD", chain.longDate, scope, previous];
  return sign(chain.key, [...lines, EMPTY_HASH, sha256Hex(data)].join("\n"));
}

function trailersAreSigned(
  chain: SigningChain,
  previous: string,
  trailers: ReadonlyMap<string, string>,
): boolean {
  const names = [...trailers.keys()].filter((name) => name !== TRAILER_SIGNATURE).toSorted();
  if (names.length === 0) return true;
  const canonical = names.map((name) => `${name}:${trailers.get(name) ?? ""}\n`).join("");
  const hash = sha256Hex(Buffer.from(canonical, "latin1"));
  const scope = encodeScope(chain.scope);
  const lines = ["AWS4-HMAC-SHA256-TRAILER", chain.longDate, scope, previous, hash];
  return equalSignatures(sign(chain.key, lines.join("\n")), trailers.get(TRAILER_SIGNATURE) ?? "");
}
