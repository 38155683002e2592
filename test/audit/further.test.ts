/** What is told of a map with groups in several buckets: of each bucket, and of a group in its own. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDenial } from "../../agent/audit/denial-text.ts";
import { differenceOf } from "../../agent/audit/difference.ts";
import { driftOf, hasDrifted } from "../../agent/audit/drift.ts";
import { explain } from "../../agent/audit/explain.ts";
import { explainDenial } from "../../agent/audit/explain-denial.ts";
import { exportScript } from "../../agent/audit/export-script.ts";
import { readExport } from "../../agent/audit/exported.ts";
import { differencesOf, matrixOf } from "../../agent/audit/matrix.ts";
import { lossesOf } from "../../agent/audit/stage-loss.ts";
import { stoppedBy } from "../../agent/audit/stage-trail.ts";
import { parseTrail } from "../../agent/audit/trail.ts";
import { judgeUndo } from "../../agent/audit/undo.ts";
import { generate, generateDeployment } from "../../agent/generate/deployment.ts";
import { STAGES, type Stage } from "../../agent/generate/stage.ts";
import { undoFiles } from "../../agent/generate/stage-undo.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import { bucketsOf } from "../../agent/map/buckets.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { replaced } from "../support/access-maps.ts";
import { FURTHER, further, furtherMap as map } from "../support/deployments.ts";
import { exportOf } from "../support/exports.ts";

const templates = readTemplates();
const bindings = bindingsOf(further);
const at = (stage: Stage): Deployment => generate(map, templates, { stage }).deployment;
const HOMES = ["acme-secrets", "acme-secrets-apps", "acme-secrets-pay"];
const KEY = "arn:aws:kms:us-east-1:111122223333:key/44444444-4444-4444-4444-444444444444";

describe("a matrix of several buckets", () => {
  it("has every group, each in its own bucket, and no difference", () => {
    const matrix = matrixOf(map, further);
    assert.deepEqual(
      matrix.buckets.map(({ bucket }) => bucket),
      HOMES,
    );
    assert.deepEqual(
      matrix.groups.map(({ name }) => name),
      map.groups.map(({ name }) => name),
    );
    assert.deepEqual(differencesOf(matrix), []);
  });

  it("shows a document of one bucket that does not do what the map says", () => {
    const open = { ...further, buckets: further.buckets.filter(({ name }) => name !== HOMES[2]) };
    const held = (deployment: Deployment): unknown =>
      matrixOf(map, deployment).rows.map(({ cells }) =>
        cells.map(({ decisions }) => decisions.map(({ heldBy }) => heldBy.includes("bucket"))),
      );
    assert.notDeepEqual(held(open), held(further));
  });

  for (const place of bucketsOf(map))
    it(`has the groups of ${place.target.bucket} alone, when asked`, () => {
      const matrix = matrixOf(map, further, [place]);
      assert.deepEqual(matrix.groups, place.map.groups);
      assert.deepEqual(differencesOf(matrix), []);
    });
});

describe("an explanation", () => {
  const rows = [
    ["web", "api/x", "acme-secrets-apps", true],
    ["worker", "pay/x", "acme-secrets-pay", true],
    ["web", "pay/x", "acme-secrets-pay", false],
    ["web", "web/x", "acme-secrets", true],
    ["web", "nothing/x", "acme-secrets", false],
  ] as const;
  for (const [who, key, bucket, allowed] of rows)
    it(`of ${key} is of bucket ${bucket}`, () => {
      const { decided } = explain(map, bindings, { who, verb: "read", key });
      assert.equal(decided.ask.steps[0]?.request.resource?.text, `arn:aws:s3:::${bucket}/${key}`);
      assert.equal(decided.allowed, allowed);
    });

  it("of a denied object says in which bucket its group lies", () => {
    const found = explainDenial(
      map,
      bindings,
      parseDenial(
        'User: arn:aws:sts::111122223333:assumed-role/web/i-0abc is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::acme-secrets/api/x" with an explicit deny in a resource-based policy',
      ),
    );
    assert.equal(found.group, undefined);
    assert.equal(found.agrees, true);
    assert.equal(found.remedy?.edit, "ask bucket acme-secrets-apps, in which group api lies");
  });
});

describe("stages of several buckets", () => {
  it("take nothing from whom the map names, but what it does not give", () => {
    const lost = ([1, 2, 3] as const).flatMap((before) =>
      lossesOf(map, at(before), at(STAGES[before] ?? 4)).filter(
        ({ way, principal }) => way === "" && map.principals.some(({ name }) => name === principal),
      ),
    );
    // S3 lists by that role without a prefix
    assert.deepEqual([...new Set(lost.map(({ principal }) => principal))], ["replication"]);
  });

  it("are told of for each bucket", () => {
    const buckets = new Set(lossesOf(map, at(2), at(3)).map(({ bucket }) => bucket));
    assert.deepEqual(
      [...buckets].toSorted(),
      map.replicas
        .map(({ bucket }) => bucket as string)
        .concat(HOMES)
        .toSorted(),
    );
  });

  it("can be undone in each", () => {
    for (const stage of STAGES) judgeUndo(map, at(stage));
    const locked = {
      ...further,
      buckets: further.buckets.map((one) =>
        one.name === "acme-secrets-pay"
          ? {
              ...one,
              policy: JSON.parse(JSON.stringify(one.policy).replaceAll("role/infra", "role/x")),
            }
          : one,
      ),
    };
    assert.throws(() => {
      judgeUndo(map, locked);
    }, /"infra" may not s3:GetBucketPolicy on arn:aws:s3:::acme-secrets-pay/);
    const { files } = undoFiles(3, at(2), at(3));
    for (const bucket of HOMES)
      assert.ok(files.some(({ path }) => path === `undo/bucket/${bucket}.policy.json`));
  });

  it("tell requests of the past that they stop in a further bucket", () => {
    const event = (bucket: string): unknown => ({
      eventTime: "2026-01-01T00:00:00Z",
      eventSource: "s3.amazonaws.com",
      eventName: "GetObject",
      userIdentity: {
        type: "AssumedRole",
        arn: "arn:aws:sts::111122223333:assumed-role/other/x",
        accountId: "111122223333",
        sessionContext: {
          sessionIssuer: { arn: "arn:aws:iam::111122223333:role/other", type: "Role" },
        },
      },
      sourceIPAddress: "198.51.100.7",
      awsRegion: "us-east-1",
      requestParameters: { bucketName: bucket, key: "pay/x" },
      resources: [{ type: "AWS::S3::Object", ARN: `arn:aws:s3:::${bucket}/pay/x` }],
    });
    const lines = ["acme-secrets-pay", "none-of-the-map"].map((one) => JSON.stringify(event(one)));
    const { events } = parseTrail(lines.join("\n"));
    const stopped = stoppedBy(map, at(2), at(3), events);
    assert.deepEqual(
      stopped.map((one) => [one.event.request.resource, one.verdict.statements[0]?.sid]),
      [["arn:aws:s3:::acme-secrets-pay/pay/x", "ClosedWorld"]],
    );
  });
});

describe("what is deployed of several buckets", () => {
  const own: Deployment = {
    ...further,
    identities: further.identities.filter(({ arn }) => arn.split(":")[4] === further.account),
  };
  const owner = { account: further.account, partition: "aws", region: "us-east-1" };

  it("is read back from an export without a drift, and with one of one bucket", () => {
    const drift = (actual: Deployment) =>
      driftOf(own, readExport(exportOf(actual, "account"), owner));
    assert.equal(hasDrifted(drift(own)), false);
    const open = {
      ...own,
      buckets: own.buckets.map((one) =>
        one.name === "acme-secrets-pay" ? { ...one, policy: undefined } : one,
      ),
    };
    assert.equal(hasDrifted(drift(open)), true);
  });

  it("is asked for bucket by bucket, keys and endpoints that are shared once", () => {
    const calls = exportScript(map)
      .split("\n")
      .filter((line) => line.startsWith("ask "));
    assert.equal(new Set(calls).size, calls.length);
    for (const { name } of further.buckets)
      assert.ok(calls.some((call) => call.includes(`get-bucket-policy --bucket ${name} `)));
    assert.equal(calls.filter((call) => call.includes(`get-key-policy --key-id ${KEY}`)).length, 1);
  });
});

describe("a group that moves to another bucket", () => {
  it("is lost in the one and gained in the other", () => {
    const moved = parseMap(
      replaced("    bucket: acme-secrets-pay\n    prefix: tls/", "    prefix: tls/")(FURTHER),
      "m",
    );
    const { access } = differenceOf(
      { map, bindings },
      { map: moved, bindings: bindingsOf(generateDeployment(moved)) },
    );
    const host = map.hosts[0]?.principal;
    assert.deepEqual(
      access
        .filter(({ principal }) => principal === host)
        .map(({ kind, verbs, group, bucket }) => [kind, verbs.join(), group, bucket]),
      [
        ["lost", "read", "tls", "acme-secrets-pay"],
        ["gained", "read", "tls", "acme-secrets"],
        ["gained", "read", "tls", "acme-secrets-west"],
      ],
    );
  });
});
