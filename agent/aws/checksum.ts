/**
 * The checksums that S3 keeps beside an object, verified against the bytes that came.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 * @module
 */
import { createHash } from "node:crypto";
import { Crc32c } from "@aws-crypto/crc32c";
import { Crc64Nvme } from "@aws-sdk/crc64-nvme";

/** Each algorithm by its response header, as base64 of the big-endian value. */
const ALGORITHMS: Readonly<Record<string, (body: Uint8Array) => Promise<string>>> = {
  "x-amz-checksum-crc64nvme": crc64Nvme,
  "x-amz-checksum-crc32c": (body) => Promise.resolve(encode32(new Crc32c().update(body).digest())),
  // zlib is a fifth of what a pass loads of Node, and few objects are kept with this one
  "x-amz-checksum-crc32": async (body) => encode32((await import("node:zlib")).crc32(body)),
  "x-amz-checksum-sha256": (body) => Promise.resolve(hash("sha256", body)),
  "x-amz-checksum-sha1": (body) => Promise.resolve(hash("sha1", body)),
};

/**
 * The header of the first checksum that `body` does not match, or undefined when all known ones match.
 *
 * A composite checksum ("…-3", or so declared) is one over the checksums of a multipart upload's parts: it
 * cannot be told from the bytes alone, and is skipped.
 *
 * @param headers names in lower case
 */
export async function findChecksumMismatch(
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  if (headers["x-amz-checksum-type"] === "COMPOSITE") return undefined;
  for (const [header, digest] of Object.entries(ALGORITHMS)) {
    const expected = headers[header];
    if (expected === undefined || expected.includes("-")) continue;
    if ((await digest(body)) !== expected) return header;
  }
  return undefined;
}

/** Makes what the first CRC-64 would have to wait for: its tables, and with some thousand rounds its machine code. */
export function prepareChecksums(): void {
  new Crc64Nvme().update(Buffer.alloc(16 * 1024));
}

async function crc64Nvme(body: Uint8Array): Promise<string> {
  const checksum = new Crc64Nvme();
  checksum.update(body);
  return Buffer.from(await checksum.digest()).toString("base64");
}

function encode32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString("base64");
}

function hash(algorithm: "sha1" | "sha256", body: Uint8Array): string {
  return createHash(algorithm).update(body).digest("base64");
}
