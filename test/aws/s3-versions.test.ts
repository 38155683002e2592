import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { listVersions } from "../../agent/aws/s3-versions.ts";
import { parseAccountId, parseBucketName, parseRegion } from "../../agent/core/names.ts";

/** As "a1" for a version of key "a", "-a1" for a delete marker; the number is its second, "!" marks the latest. */
type Rows = string;

const CASES: readonly (readonly [why: string, listed: Rows, expected: Rows])[] = [
  ["as S3 lists them", "-a3! a2 a1 b2! b1", "-a3! a2 a1 b2! b1"],
  ["with every marker after the versions", "a2 a1 b2! b1 -a3!", "-a3! a2 a1 b2! b1"],
  ["with a marker between versions", "a3! a1 -a2", "a3! -a2 a1"],
  ["of one second", "a1 a1 -a1!", "-a1! a1 a1"],
];

describe("a listing of versions", () => {
  for (const [why, listed, expected] of CASES)
    it(`has the newest first, ${why}`, async () => {
      const body = `<ListVersionsResult><Name>acme-secrets</Name>${listed
        .split(" ")
        .map(encode)
        .join("")}</ListVersionsResult>`;
      const found = await listVersions(
        {
          bucket: parseBucketName("acme-secrets"),
          owner: parseAccountId("111122223333"),
          prefix: "",
        },
        {
          ask: () =>
            Promise.resolve({ status: 200, headers: {}, body: Readable.from([Buffer.from(body)]) }),
          call: (attempt) => attempt(new AbortController().signal),
          region: parseRegion("us-east-1"),
          now: () => 0,
        },
      );
      const said = found.map(
        ({ key, lastModified, isLatest, object }) =>
          `${object ? "" : "-"}${key}${(lastModified / 1000) % 60}${isLatest ? "!" : ""}`,
      );
      assert.equal(said.join(" "), expected);
    });
});

function encode(row: string): string {
  const [, marker, key, second, latest] = /^(-?)([a-z])(\d)(!?)$/.exec(row) ?? [];
  const state = `<Key>${key}</Key><VersionId>v</VersionId><IsLatest>${latest === "!"}</IsLatest><LastModified>2026-11-25T08:30:0${second}.000Z</LastModified>`;
  return marker === "-"
    ? `<DeleteMarker>${state}</DeleteMarker>`
    : `<Version>${state}<ETag>"e"</ETag><Size>1</Size></Version>`;
}
