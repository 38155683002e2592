import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generate } from "../../agent/generate/deployment.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { ACME, KEEP, REPLICA } from "../support/access-maps.ts";

const map = parseMap(ACME + REPLICA + KEEP, "map.yaml");
const { deployment, provenance } = generate(map, readTemplates());

const sidsOf = (document: Readonly<Record<string, unknown>> = {}): readonly unknown[] =>
  (document["Statement"] as readonly Readonly<Record<string, unknown>>[]).map((one) => one["Sid"]);

describe("kept statements", () => {
  it("stand word for word in the policy of the home bucket, and of no other", () => {
    const [home, west] = deployment.buckets;
    const [kept] = map.keep.bucket;
    const statements = home?.policy?.["Statement"] as readonly unknown[];
    assert.deepEqual(statements.at(-1), kept);
    assert.ok(!sidsOf(west?.policy).includes("Inventory"));
  });

  it("stand in the policy of their key and of their principal, with a Sid", () => {
    const key = deployment.keys.find(({ arn }) =>
      arn.endsWith("22222222-2222-2222-2222-222222222222"),
    );
    assert.equal(sidsOf(key?.policy).at(-1), "Kept1");
    const legacy = deployment.identities.find(({ arn }) => arn.endsWith("role/app/legacy"));
    assert.equal(sidsOf(legacy?.policies.at(-1)?.document).at(-1), "Kept1");
  });

  it("lead back to their line of the map", () => {
    const from = provenance.find(({ sid }) => sid === "Inventory")?.from[0];
    assert.deepEqual(from, ["keep", "bucket", 0]);
  });
});
