import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createKeys, type Found } from "../../agent/sandbox/keys.ts";
import { systemChance } from "../../agent/core/clock.ts";

const account = "111122223333";
const keys = createKeys({ account, clock: { now: () => 1000 }, chance: systemChance });
const single = keys.create({ region: "us-east-1" });
const multi = keys.create({ region: "us-east-1", replicas: ["us-west-2"] });
const alias = keys.setAlias(single, "alias/web");
const here = `arn:aws:kms:us-east-1:${account}`;
const nowhere = "00000000-0000-4000-8000-000000000000";

describe("keys", () => {
  it("have the ids that KMS gives", () => {
    assert.match(single.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(multi.id, /^mrk-[0-9a-f]{32}$/);
    assert.equal(single.arn, `${here}:key/${single.id}`);
  });

  const found = (key: { readonly arn: string }, by?: string) => ["key", key.arn, by];
  const rows: readonly (readonly [string, string, string, readonly unknown[]])[] = [
    ["by id", "us-east-1", single.id, found(single)],
    ["by ARN", "us-east-1", single.arn, found(single)],
    ["by alias", "us-east-1", "alias/web", found(single, "alias/web")],
    ["by the alias's ARN", "us-east-1", alias.arn, found(single, "alias/web")],
    [
      "a replica in its region",
      "us-west-2",
      multi.id,
      ["key", multi.arn.replace("us-east-1", "us-west-2"), undefined],
    ],
    [
      "not another region's id",
      "us-west-2",
      single.id,
      ["no-key", single.arn.replace("us-east-1", "us-west-2"), undefined],
    ],
    [
      "not another region's alias",
      "us-west-2",
      "alias/web",
      ["no-alias", alias.arn.replace("us-east-1", "us-west-2"), undefined],
    ],
    ["not another region's ARN", "us-west-2", single.arn, ["other-region", "us-east-1", undefined]],
    ["not an id of nobody", "us-east-1", nowhere, ["no-key", `${here}:key/${nowhere}`, undefined]],
    [
      "not another account's ARN",
      "us-east-1",
      single.arn.replace(account, "999999999999"),
      ["no-key", single.arn.replace(account, "999999999999"), undefined],
    ],
    ["not what is no id", "us-east-1", "web", ["malformed", undefined, undefined]],
    [
      "not an ARN without an id",
      "us-east-1",
      `${here}:key/web`,
      ["malformed", undefined, undefined],
    ],
    [
      "not another service's ARN",
      "us-east-1",
      "arn:aws:s3:::web",
      ["malformed", undefined, undefined],
    ],
  ];
  for (const [why, region, reference, expected] of rows)
    it(`are found ${why}`, () => {
      assert.deepEqual(summary(keys.find(region, reference)), expected);
    });

  it("of one id share their material over regions, and no other does", () => {
    assert.deepEqual(
      keys.relatives(multi).map(({ region }) => region),
      ["us-east-1", "us-west-2"],
    );
    assert.notDeepEqual(keys.backing(multi.id), keys.backing(single.id));
    assert.equal(keys.backing(nowhere), undefined);
  });

  it("change state by region, and old records stay as they were", () => {
    const key = keys.create({ region: "us-east-1", replicas: ["us-west-2"] });
    keys.transition(key, "PendingDeletion", 5000);
    const states = keys.relatives(key).map(({ state, deletionAt }) => [state, deletionAt]);
    assert.deepEqual(states, [
      ["PendingDeletion", 5000],
      ["Enabled", undefined],
    ]);
    assert.equal(key.state, "Enabled");
  });
});

function summary(found: Found): readonly unknown[] {
  switch (found.kind) {
    case "key":
      return [found.kind, found.key.arn, found.alias];
    case "no-key":
    case "no-alias":
      return [found.kind, found.arn, undefined];
    case "other-region":
      return [found.kind, found.region, undefined];
    case "malformed":
      return [found.kind, undefined, undefined];
    default:
      return found satisfies never;
  }
}
