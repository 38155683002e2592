import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDenial } from "../../agent/audit/denial-text.ts";
import { PosternError } from "../../agent/core/errors.ts";

const session = "arn:aws:sts::111122223333:assumed-role/web/i-0abc";
const caller = {
  kind: "role",
  arn: "arn:aws:iam::111122223333:role/web",
  session,
  account: "111122223333",
};
const object = "arn:aws:s3:::acme-secrets/web/db";
const key = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";
const asked = `User: ${session} is not authorized to perform: s3:GetObject on resource: "${object}"`;

describe("AWS's message of a denial", () => {
  const why: readonly (readonly [words: string, layer: string, explicit: boolean])[] = [
    ["because no identity-based policy allows the s3:GetObject action", "identity", false],
    ["because no resource-based policy allows the s3:GetObject action", "resource", false],
    ["because no permissions boundary allows the s3:GetObject action", "boundary", false],
    ["because no session policy allows the s3:GetObject action", "session", false],
    ["because no VPC endpoint policy allows the s3:GetObject action", "endpoint", false],
    ["because no service control policy allows the s3:GetObject action", "scp", false],
    ["because no role trust policy allows the sts:AssumeRole action", "resource", false],
    ["with an explicit deny in the role trust policy", "resource", true],
    ["with an explicit deny in an identity-based policy", "identity", true],
    ["with an explicit deny in a resource-based policy", "resource", true],
    ["with an explicit deny in a VPC endpoint policy", "endpoint", true],
    [
      "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/x",
      "scp",
      true,
    ],
    ["with an explicit deny in a resource control policy", "rcp", true],
  ];
  for (const [words, layer, explicit] of why)
    it(`${words.split(":", 1)[0] ?? ""} is known`, () => {
      assert.deepEqual(parseDenial(`${asked} ${words}`), {
        from: "message",
        caller,
        action: "s3:GetObject",
        resource: object,
        context: {},
        told: { layer, explicit, policy: /arn:.*/.exec(words)?.[0] },
      });
    });

  const forms: readonly (readonly [why: string, text: string, expected: object])[] = [
    [
      "inside what a client puts around it",
      `An error occurred (AccessDenied) when calling the GetObject operation: ${asked} because no identity-based policy allows the s3:GetObject action`,
      { resource: object, action: "s3:GetObject" },
    ],
    [
      "of KMS, which has no quotes",
      `AccessDeniedException: User: ${session} is not authorized to perform: kms:Decrypt on resource: ${key} because no resource-based policy allows the kms:Decrypt action`,
      {
        resource: key,
        action: "kms:Decrypt",
        told: { layer: "resource", explicit: false, policy: undefined },
      },
    ],
    [
      "of KMS about a ciphertext, which names no key",
      `User: ${session} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
      { resource: undefined, action: "kms:Decrypt", told: undefined },
    ],
    ["without a reason, as older ones are", asked, { resource: object, told: undefined }],
    [
      "of a user",
      'User: arn:aws:iam::111122223333:user/team/ada is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::b"',
      {
        caller: {
          kind: "user",
          arn: "arn:aws:iam::111122223333:user/team/ada",
          account: "111122223333",
        },
      },
    ],
    [
      "of nobody",
      'User: anonymous is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" because no resource-based policy allows the s3:GetObject action',
      { caller: { kind: "anonymous" } },
    ],
  ];
  for (const [why, text, expected] of forms)
    it(`is read ${why}`, () => {
      const denial = parseDenial(text);
      assert.deepEqual({ ...denial, ...expected }, denial);
    });
});

const event = {
  eventSource: "s3.amazonaws.com",
  eventName: "GetObject",
  awsRegion: "us-east-1",
  sourceIPAddress: "203.0.113.7",
  errorCode: "AccessDenied",
  errorMessage: `${asked} with an explicit deny in a resource-based policy`,
  userIdentity: {
    type: "AssumedRole",
    arn: session,
    sessionContext: {
      ec2RoleDelivery: "1.0",
      sessionIssuer: { type: "Role", arn: "arn:aws:iam::111122223333:role/postern/web" },
    },
  },
  requestParameters: { bucketName: "acme-secrets", key: "web/db", Host: "x" },
  additionalEventData: { AuthenticationMethod: "QueryString", SignatureVersion: "SigV4" },
  tlsDetails: { tlsVersion: "TLSv1.3" },
  resources: [
    { type: "AWS::S3::Object", ARN: object },
    { type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::acme-secrets" },
  ],
};

const kmsEvent = {
  ...event,
  eventSource: "kms.amazonaws.com",
  eventName: "Decrypt",
  vpcEndpointId: "vpce-0123456789abcdef0",
  requestParameters: { encryptionContext: { "postern:group": "web", "postern:bucket": "b" } },
  additionalEventData: null,
  tlsDetails: undefined,
  resources: [{ type: "AWS::KMS::Key", ARN: key }],
};

describe("an event of CloudTrail", () => {
  it("tells the role with its path, the action, the object and what of the context it knows", () => {
    assert.deepEqual(parseDenial(JSON.stringify(event)), {
      from: "event",
      caller: { ...caller, arn: "arn:aws:iam::111122223333:role/postern/web" },
      action: "s3:GetObject",
      resource: object,
      context: {
        "aws:SourceIp": ["203.0.113.7"],
        "aws:SecureTransport": ["true"],
        "s3:TlsVersion": ["1.3"],
        "s3:authType": ["REST-QUERY-STRING"],
        "ec2:RoleDelivery": ["1.0"],
      },
      told: { layer: "resource", explicit: true, policy: undefined },
    });
  });

  it("of KMS tells the key, the encryption context and the endpoint, and then no address", () => {
    const { action, resource, context } = parseDenial(JSON.stringify(kmsEvent));
    assert.deepEqual(
      { action, resource, context },
      {
        action: "kms:Decrypt",
        resource: key,
        context: {
          "aws:SourceVpce": ["vpce-0123456789abcdef0"],
          "ec2:RoleDelivery": ["1.0"],
          "kms:EncryptionContext:postern:group": ["web"],
          "kms:EncryptionContext:postern:bucket": ["b"],
          "kms:EncryptionContextKeys": ["postern:group", "postern:bucket"],
        },
      },
    );
  });

  const actions: readonly (readonly [
    name: string,
    parameters: object,
    action: string,
    resource: string,
  ])[] = [
    ["ListObjectsV2", { bucketName: "b", prefix: "web/" }, "s3:ListBucket", "arn:aws:s3:::b"],
    ["HeadObject", { bucketName: "b", key: "k" }, "s3:GetObject", "arn:aws:s3:::b/k"],
    [
      "GetObject",
      { bucketName: "b", key: "k", versionId: "v" },
      "s3:GetObjectVersion",
      "arn:aws:s3:::b/k",
    ],
    [
      "DeleteObject",
      { bucketName: "b", key: "k", versionId: "v" },
      "s3:DeleteObjectVersion",
      "arn:aws:s3:::b/k",
    ],
    ["CopyObject", { bucketName: "b", key: "k" }, "s3:PutObject", "arn:aws:s3:::b/k"],
    ["ListObjectVersions", { bucketName: "b" }, "s3:ListBucketVersions", "arn:aws:s3:::b"],
    ["PutBucketEncryption", { bucketName: "b" }, "s3:PutEncryptionConfiguration", "arn:aws:s3:::b"],
    ["PutBucketPolicy", { bucketName: "b" }, "s3:PutBucketPolicy", "arn:aws:s3:::b"],
  ];
  for (const [eventName, requestParameters, action, resource] of actions)
    it(`knows the right that ${eventName} takes: ${action}`, () => {
      const denial = parseDenial(
        JSON.stringify({ ...event, eventName, requestParameters, resources: null }),
      );
      assert.deepEqual([denial.action, denial.resource], [action, resource]);
    });

  it("knows the partition by the region where no ARN says it", () => {
    const chinese = { ...event, awsRegion: "cn-north-1", resources: null };
    assert.equal(
      parseDenial(JSON.stringify(chinese)).resource,
      "arn:aws-cn:s3:::acme-secrets/web/db",
    );
  });
});

describe("an event of CloudTrail in a list", () => {
  const lists: readonly (readonly [why: string, list: unknown])[] = [
    ["of one", [event]],
    ["of one record, as its files have it", { Records: [event] }],
    ["that was looked up", { Events: [{ EventId: "1", CloudTrailEvent: JSON.stringify(event) }] }],
  ];
  for (const [why, list] of lists)
    it(`${why} is taken as the event itself`, () => {
      assert.deepEqual(parseDenial(JSON.stringify(list)), parseDenial(JSON.stringify(event)));
    });
});

describe("an event of CloudTrail without the caller's ARN", () => {
  const partner = "arn:aws:sts::444455556666:assumed-role/partner/s";
  const rows: readonly (readonly [
    why: string,
    accountId: string,
    message: string,
    expected: object,
  ])[] = [
    ["of nobody", "anonymous", "Access Denied", { kind: "anonymous" }],
    ["of nobody, as S3 writes it", "ANONYMOUS_PRINCIPAL", "x", { kind: "anonymous" }],
    [
      "of another account",
      "444455556666",
      "Access Denied",
      { kind: "unnamed", account: "444455556666" },
    ],
    [
      "of another account, whose message names the caller",
      "444455556666",
      asked.replace(session, partner),
      {
        kind: "role",
        arn: "arn:aws:iam::444455556666:role/partner",
        session: partner,
        account: "444455556666",
      },
    ],
    [
      "of another account than its message says",
      "444455556666",
      asked,
      { kind: "unnamed", account: "444455556666" },
    ],
  ];
  for (const [why, accountId, errorMessage, expected] of rows)
    it(`is read ${why}`, () => {
      const userIdentity = { type: "AWSAccount", principalId: "", accountId };
      const found = parseDenial(JSON.stringify({ ...event, userIdentity, errorMessage }));
      assert.deepEqual(found.caller, expected);
    });
});

describe("a denied event of KMS, which has no resources,", () => {
  const { resources: _, ...rest } = kmsEvent;
  const denied = `User: ${session} is not authorized to perform: kms:Decrypt on resource: ${key} because no resource-based policy allows the kms:Decrypt action`;
  const rows: readonly (readonly [why: string, more: object])[] = [
    ["its message", { errorMessage: denied }],
    ["what was asked for", { requestParameters: { keyId: key } }],
  ];
  for (const [why, more] of rows)
    it(`has its key from ${why}`, () => {
      assert.equal(
        parseDenial(JSON.stringify({ ...rest, errorMessage: undefined, ...more })).resource,
        key,
      );
    });
});

describe("what tells of no denial is refused", () => {
  const rows: readonly (readonly [why: string, text: string, expected: RegExp, hint: RegExp])[] = [
    [
      "S3's plain message",
      "Access Denied",
      /expected "User: ARN is not authorized/,
      /take the event from CloudTrail/,
    ],
    ["broken JSON", "{", /expected a CloudTrail event as JSON/, /^$/],
    [
      "a list of several events",
      JSON.stringify({ Records: [event, event, event] }),
      /^expected one CloudTrail event, got 3$/,
      /jq '\.Records\[0\]' FILE/,
    ],
    [
      "an array of several events",
      JSON.stringify([event, event]),
      /^expected one CloudTrail event, got 2$/,
      /jq '\.\[0\]' FILE/,
    ],
    ["an empty list", "[]", /^expected one CloudTrail event, got 0$/, /another time/],
    [
      "an event of another service",
      JSON.stringify({ ...event, eventSource: "ec2.amazonaws.com" }),
      /eventSource: expected an event of S3 or KMS/,
      /^$/,
    ],
    [
      "a caller that is none",
      JSON.stringify({
        ...event,
        userIdentity: { type: "AWSService", invokedBy: "s3.amazonaws.com" },
      }),
      /userIdentity: expected the ARN/,
      /^$/,
    ],
  ];
  for (const [why, text, expected, hint] of rows)
    it(why, () => {
      assert.throws(
        () => parseDenial(text),
        (error: unknown) =>
          error instanceof PosternError &&
          error.code === "BadData" &&
          expected.test(error.message) &&
          hint.test(error.hint ?? ""),
      );
    });
});
