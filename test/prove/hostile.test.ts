import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import type { HostileVerdict } from "../../agent/prove/hostile.ts";
import { proveMap } from "../../agent/prove/prove.ts";
import { changed, PROVED, PROVED_MAP, WEB_KEY } from "../support/proved-deployment.ts";

const map = parseMap(PROVED_MAP, "map.yaml");

const toldOf = (deployment: Deployment, kind: string, actor: string): HostileVerdict => {
  const found = proveMap(map, deployment).hostile.find(
    (one) => one.kind === kind && one.actor === actor,
  );
  assert.ok(found !== undefined, `nobody is ${kind} ${actor}`);
  return found;
};

type Row = readonly [kind: string, actor: string, reads: string, grantsItself: string];

// what IAM and EC2 give is told in short: an account's administrators can do all of it
const inShort = (actions: readonly string[]): string =>
  [...new Set(actions.map((one) => (/^(s3|kms):/.test(one) ? one : one.split(":")[0])))].join();

const IAM = "iam,ssm,ec2,ec2-instance-connect";

const ROWS: readonly Row[] = [
  ["a role of the map", "web", "", IAM],
  ["a role of the map", "ci", "", IAM],
  [
    "administrator of keys and buckets",
    "infra",
    "",
    `s3:PutBucketPolicy,s3:DeleteBucketPolicy,s3:PutBucketAcl,kms:PutKeyPolicy,${IAM}`,
  ],
  ["stolen credentials of an instance", "web", "", ""],
  ["credentials of IMDSv1", "database", "", ""],
  ["presigned URL", "database", "", ""],
  // the bucket goes by ARN, which the new role has too; the keys do not
  ["a re-created role of the same name", "web", "motd", IAM],
  ["another role", "any other role", "", IAM],
  ["another user", "any other user", "", IAM],
  ["root user", "root", "", `s3:PutBucketPolicy,s3:DeleteBucketPolicy,${IAM}`],
  ["another account", "any other account", "", ""],
  ["anonymous", "anonymous", "", ""],
  ["service", "cloudtrail.amazonaws.com", "", ""],
];

describe("a hostile principal", () => {
  const { hostile } = proveMap(map, PROVED);
  for (const [kind, actor, reads, grantsItself] of ROWS)
    it(`is told what it gets at: ${kind}, ${actor}`, () => {
      const found = hostile.find((one) => one.kind === kind && one.actor === actor);
      assert.deepEqual(
        [found?.reads.join(), inShort(found?.grantsItself ?? [])],
        [reads, grantsItself],
      );
    });

  it("reads what a key and a bucket leave to the account", () => {
    const open = changed(
      changed(PROVED, WEB_KEY, "Administration", (one) => ({
        ...one,
        Principal: { AWS: "111122223333" },
        Action: "kms:*",
      })),
      "acme-secrets",
      "ReadWeb",
      () => undefined,
    );
    const { reads, grantsItself } = toldOf(open, "a role of the map", "database");
    assert.deepEqual(reads, ["web"]);
    assert.ok(grantsItself.includes("kms:CreateGrant"));
  });

  it("reads with stolen credentials where nothing holds them to their instance", () => {
    const role = "arn:aws:iam::111122223333:role/postern/database postern";
    const open = ["SameVpc", "SameAddress"].reduce(
      (before, sid) => changed(before, role, sid, () => undefined),
      PROVED,
    );
    const { reads } = toldOf(open, "stolen credentials of an instance", "database");
    assert.deepEqual(reads, ["db", "motd"]);
  });

  it("is refused the taking over of a host by its own documents", () => {
    const role = "arn:aws:iam::111122223333:role/postern/ci postern";
    const more = changed(PROVED, role, "Remove", (one) => ({
      ...one,
      Action: ["s3:DeleteObject", "ssm:SendCommand"],
      Resource: "*",
    }));
    const failing = proveMap(map, more).results.flatMap(({ outcome, obligation }) =>
      outcome.kind === "fails" ? [obligation.id] : [],
    );
    assert.ok(failing.includes("ci/ssm:SendCommand of any host denied: identity alone"));
  });
});
