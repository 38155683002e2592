import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDenial } from "../../agent/audit/denial.ts";
import { encodeDenial } from "../../agent/audit/denial-words.ts";
import { type ExplainedDenial, explainDenial } from "../../agent/audit/explain-denial.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { ACME, withAuditor } from "../support/access-maps.ts";

const map = parseMap(ACME, "access.yaml");
const BUCKET = "arn:aws:s3:::acme-secrets";
const KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";

const documentOf = (...Statement: readonly object[]): PolicyJson => ({
  Version: "2012-10-17",
  Statement,
});

const outside = {
  Sid: "DenyOutsideNetwork",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [BUCKET, `${BUCKET}/*`],
  Condition: { StringNotEquals: { "aws:SourceVpce": "vpce-0123456789abcdef0" } },
};

const deployment: Deployment = {
  account: map.account,
  partition: map.partition,
  buckets: [
    {
      name: "acme-secrets",
      region: "us-east-1",
      policy: documentOf(outside),
      settings: {
        publicAccessBlocked: true,
        ownership: undefined,
        versioning: undefined,
        encryption: undefined,
      },
    },
  ],
  keys: [
    {
      arn: KEY,
      policy: documentOf({
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111122223333:role/postern/web" },
        Action: "kms:Decrypt",
        Resource: "*",
      }),
      grants: [],
    },
  ],
  identities: [
    {
      kind: "role",
      arn: "arn:aws:iam::111122223333:role/postern/web",
      trust: undefined,
      maxSessionSeconds: undefined,
      hasInstanceProfile: true,
      policies: [
        {
          name: "reader",
          form: "inline",
          document: documentOf({
            Sid: "Read",
            Effect: "Allow",
            Action: "s3:GetObject",
            Resource: `${BUCKET}/web/*`,
          }),
        },
      ],
      foreignPolicies: [],
      boundary: undefined,
    },
  ],
  endpoints: [],
};
const bindings = bindingsOf(deployment);

const session = "arn:aws:sts::111122223333:assumed-role/web/i-0abc";
const message = (action: string, resource: string, why: string, who = session): string =>
  `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" ${why}`;
const explained = (text: string): ExplainedDenial =>
  explainDenial(map, bindings, parseDenial(text));

const event = (more: object): string =>
  JSON.stringify({
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    awsRegion: "us-east-1",
    errorMessage: message(
      "s3:GetObject",
      `${BUCKET}/web/x`,
      "with an explicit deny in a resource-based policy",
    ),
    userIdentity: {
      type: "AssumedRole",
      arn: session,
      sessionContext: { sessionIssuer: { arn: "arn:aws:iam::111122223333:role/postern/web" } },
    },
    requestParameters: { bucketName: "acme-secrets", key: "web/x" },
    ...more,
  });

describe("a denial that AWS told of", () => {
  it("is traced to the statement, by what the event says of the network", () => {
    const found = explained(event({ sourceIPAddress: "203.0.113.7" }));
    assert.equal(found.principal?.name, "web");
    assert.equal(found.explained?.verdict.statements[0]?.sid, "DenyOutsideNetwork");
    assert.equal(found.agrees, true);
    assert.equal(found.remedy, undefined);
  });

  it("is left to its guards where the event says too little", () => {
    const found = explained(
      message(
        "s3:GetObject",
        `${BUCKET}/web/x`,
        "with an explicit deny in a resource-based policy",
      ),
    );
    assert.equal(found.explained?.verdict.decision, "allow");
    assert.equal(found.agrees, false);
    assert.deepEqual(
      found.explained?.guards.map(({ statement }) => statement.sid),
      ["DenyOutsideNetwork"],
    );
  });

  it("is not contradicted where AWS gave no reason", () => {
    assert.equal(explained(message("s3:GetObject", `${BUCKET}/web/x`, "")).agrees, undefined);
  });

  it("leads to the line of the map that would allow it", () => {
    const found = explained(
      message(
        "s3:GetObject",
        `${BUCKET}/tls/site.key`,
        "because no identity-based policy allows the s3:GetObject action",
      ),
    );
    assert.equal(found.agrees, true);
    assert.equal(found.remedy?.edit, "add web to readers of group tls");
  });

  it("of KMS finds the group by the encryption context", () => {
    const found = explained(
      JSON.stringify({
        ...(JSON.parse(event({})) as object),
        eventSource: "kms.amazonaws.com",
        eventName: "Decrypt",
        errorMessage: undefined,
        requestParameters: { encryptionContext: { "aws:s3:arn": `${BUCKET}/web/x` } },
        resources: [{ type: "AWS::KMS::Key", ARN: KEY }],
      }),
    );
    assert.deepEqual([found.group?.name, found.key, found.verb], ["web", "web/x", "read"]);
    assert.equal(found.explained?.step.by, "s3");
    assert.equal(found.explained?.verdict.decision, "allow");
  });

  it("of a session finds the role below a path by its name", () => {
    const legacy = "arn:aws:sts::111122223333:assumed-role/legacy/i-0abc";
    const ops = `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_SecretsOps_${"a".repeat(16)}/ada`;
    for (const [who, name] of [
      [legacy, "legacy"],
      [ops, "ops"],
    ] as const)
      assert.equal(
        explained(message("s3:GetObject", `${BUCKET}/web/x`, "", who)).principal?.name,
        name,
      );
  });

  it("of a stranger, or of what is no verb of the map, is said to be one", () => {
    const stranger = explained(
      message("s3:GetObject", `${BUCKET}/web/x`, "", "arn:aws:iam::111122223333:user/eve"),
    );
    assert.deepEqual([stranger.principal, stranger.explained], [undefined, undefined]);
    const other = explained(message("s3:PutBucketPolicy", BUCKET, ""));
    assert.deepEqual([other.verb, other.explained], [undefined, undefined]);
  });

  it("of what is no verb of the map is said to be for those who may", () => {
    const audited = parseMap(withAuditor(ACME), "access.yaml");
    const said = (one: typeof map, action: string): string | undefined =>
      encodeDenial(one, explained(message(action, BUCKET, "")), () => undefined).at(-1);
    const few = "The map lets nobody but deployers and break_glass do that.";
    assert.equal(said(map, "s3:GetBucketPolicy"), few);
    assert.equal(said(audited, "s3:PutBucketPolicy"), few);
    assert.equal(
      said(audited, "s3:GetBucketPolicy"),
      "The map lets nobody but deployers, break_glass and auditors do that.",
    );
  });

  it("of another bucket or key is refused", () => {
    for (const text of [
      message("s3:GetObject", "arn:aws:s3:::other/x", ""),
      message("kms:Decrypt", KEY.replace("key/1", "key/9"), ""),
    ])
      assert.throws(
        () => explained(text),
        (error: unknown) =>
          error instanceof PosternError &&
          error.code === "NotFound" &&
          error.message.includes("expected a bucket or key of access.yaml"),
      );
  });
});
