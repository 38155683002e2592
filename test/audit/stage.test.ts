import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lossesOf, type Loss } from "../../agent/audit/stage-loss.ts";
import { stoppedBy } from "../../agent/audit/stage-trail.ts";
import { parseTrail, type Trail } from "../../agent/audit/trail.ts";
import { judgeUndo } from "../../agent/audit/undo.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { generate } from "../../agent/generate/deployment.ts";
import { type Stage, STAGES } from "../../agent/generate/stage.ts";
import { undoFiles } from "../../agent/generate/stage-undo.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { realistic, realisticMap as map } from "../support/deployments.ts";

const templates = readTemplates();
const stages = new Map(
  STAGES.map((stage) => [stage, generate(map, templates, { stage }).deployment]),
);
const at = (stage: Stage): Deployment => {
  const found = stages.get(stage);
  assert.ok(found !== undefined);
  return found;
};

type Statement = Readonly<Record<string, unknown>>;
const statementsOf = (document: PolicyJson | undefined): readonly Statement[] =>
  (document?.["Statement"] ?? []) as readonly Statement[];
const allOf = ({ buckets, keys, identities }: Deployment): readonly Statement[] => [
  ...buckets.flatMap(({ policy }) => statementsOf(policy)),
  ...keys.flatMap(({ policy }) => statementsOf(policy)),
  ...identities.flatMap(({ policies }) => policies.flatMap((one) => statementsOf(one.document))),
];

describe("the stages of an adoption", () => {
  it("deny nothing at first", () => {
    assert.deepEqual(
      allOf(at(1)).filter(({ Effect }) => Effect === "Deny"),
      [],
    );
    assert.deepEqual(at(1).endpoints, []);
  });

  it("end in what is generated without them", () => {
    assert.deepEqual(at(4), realistic);
  });

  it("let the account decide about keys until the last", () => {
    const delegating = (stage: Stage): number =>
      at(stage).keys.filter(({ policy }) => JSON.stringify(policy).includes("DelegateToAccount"))
        .length;
    assert.deepEqual(STAGES.map(delegating), [...Array<number>(3).fill(at(1).keys.length), 0]);
  });

  it("deny in each all that the one before denies", () => {
    const denies = (stage: Stage): readonly string[] =>
      allOf(at(stage))
        .filter(({ Effect }) => Effect === "Deny")
        .map((one) => JSON.stringify(one));
    for (const stage of [2, 3, 4] as const) {
      const now = new Set(denies(stage));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the stage before
      for (const one of denies((stage - 1) as Stage)) assert.ok(now.has(one), one);
    }
    assert.ok(denies(2).length < denies(3).length && denies(3).length === denies(4).length);
  });
});

/** "WHO: DOING GROUPS", a line a loss. */
function told(losses: readonly Loss[], way: Loss["way"], who?: string): readonly string[] {
  return losses
    .filter((one) => one.way === way && (who === undefined || one.principal === who))
    .flatMap(({ principal, lost }) =>
      lost.map(({ doing, groups }) => `${principal}: ${doing} ${groups.join(" ")}`),
    );
}

const STRANGER = "a role that the map does not name";

describe("what a stage takes", () => {
  const guards = lossesOf(map, at(1), at(2));
  const closed = lossesOf(map, at(2), at(3));
  const keys = lossesOf(map, at(3), at(4));

  it("is nothing that comes as it should, by guards", () => {
    assert.deepEqual(told(guards, ""), []);
  });

  it("is by guards what comes otherwise", () => {
    assert.deepEqual(told(guards, "with credentials of IMDSv1", "web"), [
      "web: read web api",
      "web: list web api",
      "web: read web api",
      "web: list web api",
    ]);
    assert.deepEqual(told(guards, "with credentials of IMDSv1", "ci"), []);
    assert.ok(
      told(guards, "without TLS", STRANGER).includes(`${STRANGER}: read web tls db api old`),
    );
    assert.ok(told(guards, "from an address elsewhere", "ci").includes("ci: put web tls api"));
    assert.deepEqual(told(guards, "from an address elsewhere", "ops"), []);
  });

  it("is by the closed world what strangers had", () => {
    assert.ok(told(closed, "", STRANGER).includes(`${STRANGER}: remove web tls db api old`));
    const others = told(closed, "").filter((line) => !line.startsWith(STRANGER));
    // S3 lists by that role without a prefix
    assert.deepEqual(others, ["replication: list web tls db api old"]);
  });

  it("is by the key policy the opening of what somebody has already", () => {
    assert.deepEqual(
      [...new Set(told(keys, ""))],
      [`${STRANGER}: decrypt ciphertext of db api old`],
    );
  });

  it("is never a gain", () => {
    assert.throws(() => lossesOf(map, at(3), at(2)), /a stage lets in more than the one before/);
  });
});

describe("what is written to undo a stage", () => {
  it("is each changed document as it was, and a list of what was not there", () => {
    const { files, changed, added } = undoFiles(2, at(1), at(2));
    const paths = files.map(({ path }) => path);
    assert.ok(paths.includes("undo/bucket/acme-secrets.policy.json"));
    assert.ok(paths.includes("undo/roles/web/inline/postern.json"));
    assert.ok(!paths.some((path) => path.startsWith("undo/keys/")));
    const readme = files.find(({ path }) => path === "undo/README.md")?.text ?? "";
    assert.match(readme, /none before:\n\n- endpoints\/vpce-/);
    assert.equal(changed, files.length - 1);
    assert.equal(added, at(2).endpoints.length);
  });

  it("brings back a stage to the byte", () => {
    const { files } = undoFiles(4, at(3), at(4));
    const [key] = at(3).keys;
    const own = files.find(({ path }) => path.includes(key?.arn.split("/")[1] ?? "?"));
    assert.deepEqual(JSON.parse(own?.text ?? ""), key?.policy);
  });
});

describe("documents that could not be undone", () => {
  it("are none of those that are generated", () => {
    for (const stage of STAGES) judgeUndo(map, at(stage));
  });

  const bucketless = (deployment: Deployment): Deployment => ({
    ...deployment,
    buckets: deployment.buckets.map((one) => ({
      ...one,
      policy: {
        Version: "2012-10-17",
        Statement: statementsOf(one.policy).map((statement) =>
          statement["Sid"] === "DenyConfig"
            ? JSON.parse(JSON.stringify(statement).replaceAll("role/infra", "role/other"))
            : statement,
        ),
      },
    })),
  });
  const rows: readonly (readonly [string, Deployment, RegExp])[] = [
    [
      "a bucket policy that keeps a deployer out",
      bucketless(realistic),
      /"infra" may not s3:GetBucketPolicy on arn:aws:s3:::acme-secrets: .*\(statement DenyConfig\)/,
    ],
    [
      "a key policy without break-glass",
      {
        ...realistic,
        keys: realistic.keys.map((one) => ({
          ...one,
          policy: JSON.parse(
            JSON.stringify(one.policy).replaceAll("role/postern/emergency", "role/postern/gone"),
          ) as PolicyJson,
        })),
      },
      /"emergency" may not kms:GetKeyPolicy on arn:aws:kms:.*, and \d+ more/,
    ],
    [
      "a deployer without policies of its own",
      {
        ...realistic,
        identities: realistic.identities.filter(({ arn }) => !arn.endsWith("infra")),
      },
      /"infra" may not s3:GetBucketPolicy/,
    ],
  ];
  for (const [why, deployment, expected] of rows)
    it(`are refused: ${why}`, () => {
      assert.throws(
        () => judgeUndo(map, deployment),
        (error: unknown) =>
          error instanceof PosternError &&
          error.code === "ConfigInvalid" &&
          error.message.startsWith("these documents could not be undone: ") &&
          expected.test(error.message),
      );
    });
});

const ROLE = "arn:aws:iam::111122223333:role/postern/web";

/** A read by web through its endpoint, as CloudTrail tells of it. */
const event = {
  eventTime: "2026-11-20T12:00:00Z",
  eventSource: "s3.amazonaws.com",
  eventName: "GetObject",
  awsRegion: "us-east-1",
  sourceIPAddress: "10.0.0.9",
  vpcEndpointId: "vpce-0123456789abcdef0",
  userIdentity: {
    type: "AssumedRole",
    arn: "arn:aws:sts::111122223333:assumed-role/web/i-0abc",
    sessionContext: { ec2RoleDelivery: "2.0", sessionIssuer: { arn: ROLE } },
  },
  requestParameters: { bucketName: "acme-secrets", key: "web/password" },
  additionalEventData: { AuthenticationMethod: "AuthHeader" },
  tlsDetails: { tlsVersion: "TLSv1.3" },
};
const nightly = {
  ...event,
  userIdentity: {
    type: "AssumedRole",
    arn: "arn:aws:sts::111122223333:assumed-role/nightly/x",
    sessionContext: { sessionIssuer: { arn: "arn:aws:iam::111122223333:role/nightly" } },
  },
};
const decrypt = {
  ...nightly,
  eventSource: "kms.amazonaws.com",
  eventName: "Decrypt",
  vpcEndpointId: undefined,
  sourceIPAddress: "198.51.100.9",
  requestParameters: { encryptionContext: { team: "core" } },
  resources: [
    {
      type: "AWS::KMS::Key",
      ARN: "arn:aws:kms:us-east-1:111122223333:key/44444444-4444-4444-4444-444444444444",
    },
  ],
};
const old = { ...event, tlsDetails: { tlsVersion: "TLSv1.1" } };

describe("events of CloudTrail", () => {
  const denied = { ...event, errorCode: "AccessDenied" };
  const foreign = { ...event, eventSource: "ec2.amazonaws.com" };
  const lines = [event, denied, foreign].map((one) => JSON.stringify(one)).join("\n");

  it("are read from lines and from a list, without what was denied or is of others", () => {
    for (const text of [`${lines}\n`, JSON.stringify({ Records: [event, denied, foreign] })]) {
      const { events, skipped, reasons } = parseTrail(text);
      assert.deepEqual([events.length, skipped], [1, 2]);
      assert.deepEqual(
        [...reasons],
        [
          ["denied", 1],
          ["of other services", 1],
        ],
      );
      assert.equal(events[0]?.request.action, "s3:GetObject");
      assert.equal(events[0].time, event.eventTime);
    }
  });

  it("are told apart from what is none", () => {
    assert.throws(() => parseTrail(`${lines}\nhello`), /line 4: expected a CloudTrail event/);
    assert.throws(() => parseTrail('{"Records":[1]}'), /record 1: expected a CloudTrail event/);
  });
});

describe("the requests of the past that a stage would have denied", () => {
  const trail: Trail = parseTrail(
    JSON.stringify({ Records: [event, nightly, decrypt, old].map((one) => one) }),
  );
  const rows: readonly (readonly [Stage, Stage, readonly string[]])[] = [
    [1, 2, ["s3:GetObject web DenyOldTls"]],
    [2, 3, ["s3:GetObject nightly ClosedWorld"]],
    [3, 4, ["kms:Decrypt nightly -"]],
  ];
  for (const [from, to, expected] of rows)
    it(`are found for stage ${to}`, () => {
      const found = stoppedBy(map, at(from), at(to), trail.events).map(({ event, verdict }) => {
        const { caller, action } = event.request;
        const name = "arn" in caller ? caller.arn.split("/").at(-1) : "";
        return `${action} ${name} ${verdict.statements[0]?.sid ?? "-"}`;
      });
      assert.deepEqual(found, expected);
    });

  for (const userIdentity of [
    { type: "AWSAccount", accountId: "999988887777" },
    { type: "AWSService", invokedBy: "logging.s3.amazonaws.com" },
  ])
    it(`are those of ${userIdentity.type}, which has no ARN`, () => {
      const { events } = parseTrail(JSON.stringify({ ...event, userIdentity }));
      const [found] = stoppedBy(map, at(1), at(3), events);
      assert.equal(found?.verdict.explicit, true);
    });

  it("are none of other buckets", () => {
    const other = { ...nightly, requestParameters: { bucketName: "elsewhere", key: "x" } };
    const { events } = parseTrail(JSON.stringify(other));
    assert.deepEqual(stoppedBy(map, at(2), at(3), events), []);
  });
});
