import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { ACME, KEEP, REPLICA, ROWS, withAuditor, withFurther } from "../support/access-maps.ts";
import { root } from "../support/root.ts";

const schema = JSON.parse(
  readFileSync(join(root, "docs/schemas/access-map-v1.json"), "utf8"),
) as object;
const conforms = new Ajv2020({ strict: true, strictRequired: false }).compile(schema);

/** What takes looking at two places of the map at once, which no schema does. */
const BEYOND_A_SCHEMA = new Set([
  "a reader that is no principal",
  "a publisher that is no principal",
  "one group inside another",
  "a bundle inside a group",
  "groups that differ by case alone",
  "both prefix and bundle",
  "a bundle that is not sealed",
  "a key that has no name",
  "a key of another region",
  "a key of another account",
  "encryption by default that the bucket does not have",
  "S3's own encryption where the bucket's default is another",
  "the same with the Bucket Key of a replica",
  "a Bucket Key over groups of different readers",
  "a Bucket Key that opens what is written and not read, though it is accepted",
  "a region of another partition",
  "somebody of another partition who is let in",
  "a deployer of another account",
  "break-glass of another account",
  "a role of another account as one's own",
  "one's own role as foreign",
  "one role as two principals",
  "an address range that is none",
  "a guard against stolen credentials without an endpoint",
  "the same for sealed groups and KMS",
  "a host of a group that is none",
  "hosts of one role with different needs",
  "a host named as a principal",
  "an expectation of nobody",
  "a replica without a key",
  "a reader that could not reach a replica through its network",
  "a replica that no guarded host could reach",
  "a kept statement with an operator that is none",
  "a kept statement of a role that says whom it is about",
  "a group in a bucket that is none",
  "a further bucket in which no group lies",
  "the home bucket as a further one",
  "a further bucket with a default encryption that its groups do not have",
  "a further bucket with a default key that is none",
  "a home bucket in which no group lies",
  "groups of one prefix in different buckets",
  "a replica of a bucket that is none",
  "a replica of a further bucket without a key",
  "a bucket that is a replica as well",
  "an endpoint of two regions",
  "an auditor that is no principal",
  "an auditor that reads",
  "an auditor that publishes",
  "an auditor that deploys",
  "an auditor that comes when all is locked",
  "an auditor of another account",
  "an auditor that could not reach a replica through its network",
  "kept statements of a bucket that is none",
  "kept statements of nobody",
  "kept statements of a key that has no name",
  "kept statements of one key twice",
  "kept statements of a key that nothing is under",
]);

describe("the schema of an access map", () => {
  it("takes a sound one", () => {
    for (const text of [ACME, ACME + REPLICA, ACME + KEEP, withFurther(ACME), withAuditor(ACME)])
      assert.equal(conforms(parse(text)), true, JSON.stringify(conforms.errors));
  });
  for (const [why, change] of ROWS)
    it(`${BEYOND_A_SCHEMA.has(why) ? "leaves to postern" : "refuses"} ${why}`, () => {
      assert.equal(conforms(parse(change(ACME))), BEYOND_A_SCHEMA.has(why));
    });
  it("leaves nothing to postern that is no longer refused there", () => {
    const known = new Set(ROWS.map(([why]) => why));
    assert.deepEqual(
      [...BEYOND_A_SCHEMA].filter((why) => !known.has(why)),
      [],
    );
  });
});
