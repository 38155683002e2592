import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { deploymentFiles, type DocumentFile, INDEX } from "../../agent/generate/files.ts";
import { readDeployment } from "../../agent/generate/read-files.ts";
import { realistic } from "../support/deployments.ts";

const files = deploymentFiles(realistic);
const BUCKET = "bucket/acme-secrets.policy.json";
const SETTINGS = "bucket/acme-secrets.settings.json";

const without = (path: string): readonly DocumentFile[] => files.filter((one) => one.path !== path);
const changed = (path: string, change: (text: string) => string): readonly DocumentFile[] =>
  files.map((one) => (one.path === path ? { path, text: change(one.text) } : one));

describe("files of a deployment", () => {
  it("may lack what a bucket does not have, or nobody knows", () => {
    const [bucket] = readDeployment(
      without(BUCKET).filter(({ path }) => path !== SETTINGS),
    ).buckets;
    assert.equal(bucket?.name, "acme-secrets");
    assert.equal(bucket.policy, undefined);
    assert.deepEqual(bucket.settings, {
      publicAccessBlocked: undefined,
      ownership: undefined,
      versioning: undefined,
      encryption: undefined,
    });
  });

  it("are read as they are now, whatever the index says of their digests", () => {
    const deployment = readDeployment(changed(BUCKET, (text) => text.replace("1.2", "1.3")));
    assert.notDeepEqual(deployment.buckets[0]?.policy, realistic.buckets[0]?.policy);
    assert.deepEqual(deployment.keys, realistic.keys);
  });

  it("keep grants and boundaries", () => {
    const [key, ...keys] = realistic.keys;
    const [one, ...identities] = realistic.identities;
    assert.ok(key !== undefined && one !== undefined);
    const boundary = { Version: "2012-10-17", Statement: [] };
    const other = {
      ...realistic,
      keys: [{ ...key, grants: [{ GrantId: "1" }] }, ...keys],
      identities: [{ ...one, boundary }, ...identities],
    };
    assert.deepEqual(readDeployment(deploymentFiles(other)), other);
  });

  const refusals: readonly (readonly [string, readonly DocumentFile[], RegExp])[] = [
    ["no index", without(INDEX), /^expected a file "index\.json", got none$/],
    [
      "a policy that the index names and that is not there",
      without("roles/web/inline/postern.json"),
      /^expected a file "roles\/web\/inline\/postern\.json", got none$/,
    ],
    ["no JSON", changed(BUCKET, () => "{"), /acme-secrets\.policy\.json: expected JSON/],
    ["a list for a policy", changed(BUCKET, () => "[]"), /acme-secrets\.policy\.json/],
    [
      "a setting that it does not know",
      changed(SETTINGS, (text) => text.replace("BucketOwnerEnforced", "Enforced")),
      /settings\.json: ownership: /,
    ],
    [
      "an index of another version",
      changed(INDEX, (text) => text.replace('"version": 1', '"version": 2')),
      /index\.json: version: /,
    ],
  ];
  for (const [why, list, expected] of refusals)
    it(`are refused with ${why}`, () => {
      assert.throws(
        () => readDeployment(list),
        (error: unknown) =>
          error instanceof PosternError && error.code === "BadData" && expected.test(error.message),
      );
    });
});
