import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseArn } from "../../agent/policy/glob.ts";

const ROWS: readonly (readonly [why: string, text: string, tail: string | undefined])[] = [
  ["a resource with slashes", "arn:aws:s3:::acme-secrets/web/db", "acme-secrets/web/db"],
  ["a resource with colons", "arn:aws:logs:eu-west-1:111122223333:log-group:a:*", "log-group:a:*"],
  ["five segments", "arn:aws:s3::acme-secrets", undefined],
  ["no resource", "arn:aws:s3:::", undefined],
  ["no service", "arn:aws::::acme-secrets", undefined],
  ["another scheme", "urn:aws:s3:::acme-secrets", undefined],
  ["no text", "", undefined],
];

describe("an ARN", () => {
  for (const [why, text, tail] of ROWS)
    it(`is ${tail === undefined ? "none" : "read"} with ${why}`, () => {
      const arn = parseArn(text);
      assert.equal(arn?.tail, tail);
      if (arn !== undefined) assert.equal([...arn.head, arn.tail].join(":"), text);
    });
});
