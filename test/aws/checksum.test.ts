import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findChecksumMismatch } from "../../agent/aws/checksum.ts";

// the check values of the CRC catalogue for "123456789", and FIPS 180 for the hashes, as S3 writes them
const CHECK = Buffer.from("123456789");
const SUMS: readonly (readonly [header: string, base64: string])[] = [
  ["x-amz-checksum-crc32", Buffer.from("cbf43926", "hex").toString("base64")],
  ["x-amz-checksum-crc32c", Buffer.from("e3069283", "hex").toString("base64")],
  ["x-amz-checksum-crc64nvme", Buffer.from("ae8b14860a799888", "hex").toString("base64")],
  ["x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="],
  ["x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="],
];

describe("checksum", () => {
  for (const [header, sum] of SUMS) {
    it(`accepts a body that matches ${header}`, async () => {
      assert.equal(await findChecksumMismatch(CHECK, { [header]: sum }), undefined);
    });

    it(`notices a body that does not match ${header}`, async () => {
      assert.equal(await findChecksumMismatch(Buffer.from("123456780"), { [header]: sum }), header);
      assert.equal(await findChecksumMismatch(CHECK, { [header]: "AAAA" }), header);
    });
  }

  it("verifies every checksum that came, not the first alone", async () => {
    const headers = Object.fromEntries(SUMS);
    assert.equal(await findChecksumMismatch(CHECK, headers), undefined);
    assert.equal(
      await findChecksumMismatch(CHECK, { ...headers, "x-amz-checksum-sha1": "AAAA" }),
      "x-amz-checksum-sha1",
    );
  });

  it("skips what says nothing about the whole: composite and unknown checksums", async () => {
    const rows = [
      { "x-amz-checksum-crc32": "AAAAAA==-3" },
      { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE" },
      { "x-amz-checksum-md6": "AAAA" },
      {},
    ];
    for (const headers of rows) assert.equal(await findChecksumMismatch(CHECK, headers), undefined);
  });

  it("verifies what is declared to be over the full object", async () => {
    const headers = { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "FULL_OBJECT" };
    assert.equal(await findChecksumMismatch(CHECK, headers), "x-amz-checksum-crc32");
  });
});
