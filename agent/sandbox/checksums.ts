/**
 * The checksums that S3 computes, verifies and stores.
 * @see AWS "Checking object integrity for data uploads in Amazon S3"
 * @module
 */
import { AwsCrc32c } from "@aws-crypto/crc32c";
import { Crc64Nvme } from "@aws-sdk/crc64-nvme";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export const CHECKSUM_ALGORITHMS = ["CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256"] as const;

export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a composite one with "-PARTS" behind. */
  readonly value: string;
  /** COMPOSITE: the checksum of the parts' checksums. */
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

/** The algorithm by its name in any case, or undefined when there is none of that name. */
export function parseChecksumAlgorithm(name: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
}

/** "x-amz-checksum-crc32" */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** A checksum as the elements of a result. */
export function checksumElements({ algorithm, value, type }: Checksum): [string, string][] {
  return [
    [`Checksum${algorithm}`, value],
    ["ChecksumType", type],
  ];
}

/** The checksum's own bytes, big-endian. */
export async function computeChecksum(
  algorithm: ChecksumAlgorithm,
  bytes: Buffer,
): Promise<Buffer> {
  switch (algorithm) {
    case "CRC32": {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(crc32(bytes));
      return digest;
    }
    case "CRC32C": {
      const hash = new AwsCrc32c();
      hash.update(bytes);
      return Buffer.from(await hash.digest());
    }
    case "CRC64NVME": {
      const hash = new Crc64Nvme();
      hash.update(bytes);
      return Buffer.from(await hash.digest());
    }
    case "SHA1":
    case "SHA256":
      return createHash(algorithm).update(bytes).digest();
    default:
      return algorithm satisfies never;
  }
}

/** Length of a checksum in bytes. */
export function checksumLength(algorithm: ChecksumAlgorithm): number {
  return { CRC64NVME: 8, CRC32: 4, CRC32C: 4, SHA1: 20, SHA256: 32 }[algorithm];
}
