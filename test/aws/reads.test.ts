import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import nock from "nock";
import { createConnection } from "../../agent/aws/connection.ts";
import { regionalUrl } from "../../agent/aws/query.ts";
import type { Answer, Question } from "../../agent/aws/question.ts";
import { callerAccount, createReads, type ReadTools } from "../../agent/aws/reads.ts";
import { parseRegion } from "../../agent/core/names.ts";
import { CREDENTIALS, PUBLIC, wiredCall } from "../support/aws.ts";

const REGION = parseRegion("eu-west-1");
const S3 = "https://acme-secrets.s3.eu-west-1.amazonaws.com";
const KMS = "https://kms.eu-west-1.amazonaws.com";
const IAM = "https://iam.amazonaws.com";
const EC2 = "https://ec2.eu-west-1.amazonaws.com";
const STS = "https://sts.eu-west-1.amazonaws.com";
const KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234";

function tools(): ReadTools & { readonly slept: readonly number[] } {
  const { call, slept } = wiredCall();
  return {
    call,
    slept,
    credentials: () => Promise.resolve(CREDENTIALS),
    connection: createConnection(2000),
    now: () => Date.now(),
    endpoints: PUBLIC,
    further: { iam: undefined, ec2: undefined, sts: undefined },
  };
}

function question(
  service: Question["service"],
  operation: string,
  input: Question["input"] = {},
): Question {
  const needs = { action: `${service}:${operation}`, resource: "arn:of:it" };
  return { service, operation, region: REGION, input, needs };
}

function ask(one: Question): Promise<Answer> {
  return createReads(tools(), new AbortController().signal)(one);
}

const bucket = (operation: string): Question =>
  question("s3", operation, { Bucket: "acme-secrets", ExpectedBucketOwner: "111122223333" });

/** What is asked of S3, by its query, and what it answers with. */
const OF_S3: readonly (readonly [operation: string, query: string, body: string, value: object])[] =
  [
    [
      "GetBucketPolicy",
      "policy",
      '{"Version":"2012-10-17"}',
      { Policy: '{"Version":"2012-10-17"}' },
    ],
    [
      "GetPublicAccessBlock",
      "publicAccessBlock",
      "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
      { PublicAccessBlockConfiguration: { BlockPublicAcls: true } },
    ],
    [
      "GetBucketOwnershipControls",
      "ownershipControls",
      "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
      { OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] } },
    ],
    [
      "GetBucketVersioning",
      "versioning",
      "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
      { Status: "Enabled" },
    ],
    [
      "GetBucketEncryption",
      "encryption",
      "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
      { ServerSideEncryptionConfiguration: { Rules: [{ BucketKeyEnabled: true }] } },
    ],
  ];

/** What is asked of IAM by its input, the answer's inside, and what it means. */
const OF_IAM: readonly (readonly [
  operation: string,
  input: Question["input"],
  body: string,
  value: object,
])[] = [
  [
    "GetRole",
    { RoleName: "web" },
    "<Role><Arn>a</Arn><AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration></Role>",
    { Role: { Arn: "a", AssumeRolePolicyDocument: "%7B%7D", MaxSessionDuration: 3600 } },
  ],
  ["GetUser", { UserName: "alice" }, "<User><Arn>a</Arn></User>", { User: { Arn: "a" } }],
  ...(["Role", "User", "Group"] as const).flatMap(
    (kind): readonly (readonly [string, Question["input"], string, object])[] => [
      [
        `Get${kind}Policy`,
        { [`${kind}Name`]: "x", PolicyName: "p" },
        `<${kind}Name>x</${kind}Name><PolicyName>p</PolicyName><PolicyDocument>%7B%7D</PolicyDocument>`,
        { [`${kind}Name`]: "x", PolicyName: "p", PolicyDocument: "%7B%7D" },
      ],
      [
        `List${kind}Policies`,
        { [`${kind}Name`]: "x" },
        "<PolicyNames><member>p</member></PolicyNames>",
        { PolicyNames: ["p"] },
      ],
      [
        `ListAttached${kind}Policies`,
        { [`${kind}Name`]: "x" },
        "<AttachedPolicies><member><PolicyArn>a</PolicyArn></member></AttachedPolicies>",
        { AttachedPolicies: [{ PolicyArn: "a" }] },
      ],
    ],
  ),
  [
    "GetPolicy",
    { PolicyArn: "a" },
    "<Policy><Arn>a</Arn><DefaultVersionId>v2</DefaultVersionId></Policy>",
    { Policy: { Arn: "a", DefaultVersionId: "v2" } },
  ],
  [
    "GetPolicyVersion",
    { PolicyArn: "a", VersionId: "v2" },
    "<PolicyVersion><Document>%7B%7D</Document><IsDefaultVersion>true</IsDefaultVersion></PolicyVersion>",
    { PolicyVersion: { Document: "%7B%7D", IsDefaultVersion: true } },
  ],
  [
    "ListRoles",
    { PathPrefix: "/aws-reserved/" },
    "<Roles><member><Arn>a</Arn></member></Roles>",
    { Roles: [{ Arn: "a" }] },
  ],
  [
    "ListGroupsForUser",
    { UserName: "alice" },
    "<Groups><member><GroupName>team</GroupName></member></Groups>",
    { Groups: [{ GroupName: "team" }] },
  ],
  [
    "ListInstanceProfilesForRole",
    { RoleName: "web" },
    "<InstanceProfiles><member><Roles><member><Arn>a</Arn></member></Roles></member></InstanceProfiles>",
    { InstanceProfiles: [{ Roles: [{ Arn: "a" }] }] },
  ],
];

type Form = Readonly<Record<string, string>>;

const asked = (form: Form) => (body: Form) =>
  Object.entries(form).every(([name, value]) => body[name] === value);
const iamAnswer = (operation: string, inside: string): string =>
  `<${operation}Response><${operation}Result>${inside}</${operation}Result></${operation}Response>`;
const iamError = (code: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>canary</Message></Error></ErrorResponse>`;
const s3Error = (code: string): string =>
  `<Error><Code>${code}</Code><Message>canary</Message></Error>`;
const ec2Error = (code: string): string =>
  `<Response><Errors><Error><Code>${code}</Code><Message>canary</Message></Error></Errors></Response>`;

describe("what is asked about documents", () => {
  before(() => nock.disableNetConnect());
  afterEach(() => {
    assert.deepEqual(nock.pendingMocks(), []);
    nock.cleanAll();
  });
  after(() => nock.restore());

  for (const [operation, query, body, value] of OF_S3)
    it(`is ${operation} of S3, of the account's own bucket`, async () => {
      nock(S3, { reqheaders: { "x-amz-expected-bucket-owner": "111122223333" } })
        .get("/")
        .query({ [query]: "" })
        .reply(200, body);
      assert.deepEqual(await ask(bucket(operation)), { kind: "told", value });
    });

  for (const [operation, input, body, value] of OF_IAM)
    it(`is ${operation} of IAM`, async () => {
      nock(IAM)
        .post("/", asked({ Action: operation, ...input }))
        .reply(200, iamAnswer(operation, body));
      assert.deepEqual(await ask(question("iam", operation, input)), { kind: "told", value });
    });

  it("is GetKeyPolicy of KMS, with the name that tells it from a bucket's", async () => {
    nock(KMS, { reqheaders: { "x-amz-target": "TrentService.GetKeyPolicy" } })
      .post("/", { KeyId: KEY, PolicyName: "default" })
      .reply(200, { Policy: "{}" });
    const input = { KeyId: KEY, PolicyName: "default" };
    assert.deepEqual(await ask(question("kms", "GetKeyPolicy", input)), {
      kind: "told",
      value: { Policy: "{}", PolicyName: "default" },
    });
  });

  it("is DescribeVpcEndpoints of EC2, signed for it", async () => {
    const form = {
      Action: "DescribeVpcEndpoints",
      Version: "2016-11-15",
      "VpcEndpointId.1": "vpce-1",
    };
    nock(EC2, { reqheaders: { authorization: /\/eu-west-1\/ec2\/aws4_request/ } })
      .post("/", asked(form))
      .reply(
        200,
        `<DescribeVpcEndpointsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><vpcEndpointSet><item>
          <vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>Gateway</vpcEndpointType>
          <serviceName>com.amazonaws.eu-west-1.s3</serviceName>
          <policyDocument>{&quot;Version&quot;:&quot;2012-10-17&quot;}</policyDocument>
        </item></vpcEndpointSet></DescribeVpcEndpointsResponse>`,
      );
    const one = {
      VpcEndpointId: "vpce-1",
      VpcEndpointType: "Gateway",
      ServiceName: "com.amazonaws.eu-west-1.s3",
      PolicyDocument: '{"Version":"2012-10-17"}',
    };
    const answer = await ask(question("ec2", "DescribeVpcEndpoints", { VpcEndpointIds: "vpce-1" }));
    assert.deepEqual(answer, { kind: "told", value: { VpcEndpoints: [one] } });
  });

  it("is asked for to the last page, of IAM and of KMS", async () => {
    const page = (name: string, more: string): string =>
      iamAnswer("ListRolePolicies", `<PolicyNames><member>${name}</member></PolicyNames>${more}`);
    nock(IAM)
      .post("/", (body: Form) => body["Marker"] === undefined)
      .reply(200, page("a", "<IsTruncated>true</IsTruncated><Marker>m1</Marker>"));
    nock(IAM)
      .post("/", asked({ Marker: "m1", RoleName: "web" }))
      .reply(200, page("b", "<IsTruncated>true</IsTruncated><Marker>m2</Marker>"));
    nock(IAM)
      .post("/", asked({ Marker: "m2" }))
      .reply(200, page("c", "<IsTruncated>false</IsTruncated>"));
    assert.deepEqual(await ask(question("iam", "ListRolePolicies", { RoleName: "web" })), {
      kind: "told",
      value: { PolicyNames: ["a", "b", "c"] },
    });
    nock(KMS)
      .post("/", { KeyId: KEY })
      .reply(200, { Grants: [{ GrantId: "1" }], Truncated: true, NextMarker: "m" });
    nock(KMS)
      .post("/", { KeyId: KEY, Marker: "m" })
      .reply(200, { Grants: [{ GrantId: "2" }], Truncated: false });
    assert.deepEqual(await ask(question("kms", "ListGrants", { KeyId: KEY })), {
      kind: "told",
      value: { Grants: [{ GrantId: "1" }, { GrantId: "2" }] },
    });
  });

  it("is given up where the pages do not end", async () => {
    nock(IAM)
      .post("/")
      .times(2)
      .reply(
        200,
        iamAnswer("ListRoles", "<Roles/><IsTruncated>true</IsTruncated><Marker>m</Marker>"),
      );
    await assert.rejects(ask(question("iam", "ListRoles")), { code: "Unavailable" });
  });

  const ABSENT: readonly (readonly [Question, string, number, string])[] = [
    [bucket("GetBucketPolicy"), "NoSuchBucketPolicy", 404, S3],
    [bucket("GetBucketPolicy"), "NoSuchBucket", 404, S3],
    [bucket("GetPublicAccessBlock"), "NoSuchPublicAccessBlockConfiguration", 404, S3],
    [bucket("GetBucketOwnershipControls"), "OwnershipControlsNotFoundError", 404, S3],
    [bucket("GetBucketEncryption"), "ServerSideEncryptionConfigurationNotFoundError", 404, S3],
    [question("kms", "ListGrants", { KeyId: KEY }), "NotFoundException", 400, KMS],
    [question("iam", "GetRole", { RoleName: "web" }), "NoSuchEntity", 404, IAM],
    [question("ec2", "DescribeVpcEndpoints"), "InvalidVpcEndpointId.NotFound", 400, EC2],
  ];
  for (const [one, code, status, host] of ABSENT)
    it(`tells ${code} as AWS's own command line does`, async () => {
      refuse(host, status, code);
      assert.deepEqual(await ask(one), { kind: "absent", code });
    });

  const DENIED: readonly (readonly [Question, string, string])[] = [
    [bucket("GetBucketPolicy"), "AccessDenied", S3],
    [question("kms", "ListGrants", { KeyId: KEY }), "AccessDeniedException", KMS],
    [question("iam", "GetRole", { RoleName: "web" }), "AccessDenied", IAM],
    [question("ec2", "DescribeVpcEndpoints"), "UnauthorizedOperation", EC2],
  ];
  for (const [one, code, host] of DENIED)
    it(`takes ${code} of ${one.service} for a denial, asked once`, async () => {
      refuse(host, 403, code);
      assert.deepEqual(await ask(one), { kind: "denied" });
    });

  it("asks again when told to slow down", async () => {
    refuse(IAM, 400, "Throttling");
    refuse(EC2, 503, "RequestLimitExceeded");
    nock(IAM).post("/").reply(200, iamAnswer("GetRole", "<Role><Arn>a</Arn></Role>"));
    nock(EC2)
      .post("/")
      .reply(200, "<DescribeVpcEndpointsResponse><vpcEndpointSet/></DescribeVpcEndpointsResponse>");
    assert.equal((await ask(question("iam", "GetRole", { RoleName: "web" }))).kind, "told");
    assert.equal((await ask(question("ec2", "DescribeVpcEndpoints"))).kind, "told");
  });

  const FAILED: readonly (readonly [Question, string, number, string, string])[] = [
    [bucket("GetBucketPolicy"), "PermanentRedirect", 301, S3, "ConfigInvalid"],
    [
      question("iam", "GetRole", { RoleName: "w" }),
      "InvalidClientTokenId",
      403,
      IAM,
      "Credentials",
    ],
    [
      question("kms", "ListGrants", { KeyId: KEY }),
      "UnrecognizedClientException",
      400,
      KMS,
      "Credentials",
    ],
    [question("ec2", "DescribeVpcEndpoints"), "AuthFailure", 401, EC2, "Credentials"],
  ];
  for (const [one, awsCode, status, host, code] of FAILED)
    it(`fails at ${awsCode} of ${one.service}, without its message`, async () => {
      refuse(host, status, awsCode);
      await assert.rejects(ask(one), (error) => {
        assert.ok(error instanceof Error && "code" in error);
        assert.equal(error.code, code);
        assert.doesNotMatch(error.message, /canary/);
        return true;
      });
    });

  it("is of the account that STS says", async () => {
    nock(STS, { reqheaders: { authorization: /\/eu-west-1\/sts\/aws4_request/ } })
      .post("/", asked({ Action: "GetCallerIdentity", Version: "2011-06-15" }))
      .reply(200, iamAnswer("GetCallerIdentity", "<Account>111122223333</Account>"));
    assert.equal(await callerAccount(tools(), REGION), "111122223333");
  });

  it("is not begun where STS takes the credentials for none, or is not there", async () => {
    nock(STS).post("/").reply(403, iamError("InvalidClientTokenId"));
    await assert.rejects(callerAccount(tools(), REGION), { code: "Credentials" });
    nock(STS).post("/").times(3).reply(200, "<html>a portal</html>");
    await assert.rejects(callerAccount(tools(), REGION), { code: "Unavailable" });
  });
});

function refuse(host: string, status: number, code: string): void {
  if (host === KMS) nock(KMS).post("/").reply(status, { __type: code, message: "canary" });
  else if (host === S3) nock(S3).get("/").query(true).reply(status, s3Error(code));
  else
    nock(host)
      .post("/")
      .reply(status, (host === IAM ? iamError : ec2Error)(code));
}

describe("a regional endpoint", () => {
  const plain = { fips: false, dualStack: false };
  const ROWS = [
    ["ec2", "us-east-1", plain, "https://ec2.us-east-1.amazonaws.com/"],
    ["sts", "cn-north-1", plain, "https://sts.cn-north-1.amazonaws.com.cn/"],
    ["ec2", "us-gov-west-1", plain, "https://ec2.us-gov-west-1.amazonaws.com/"],
    ["sts", "us-east-2", { ...plain, fips: true }, "https://sts-fips.us-east-2.amazonaws.com/"],
    ["ec2", "us-gov-west-1", { ...plain, fips: true }, "https://ec2.us-gov-west-1.amazonaws.com/"],
    ["ec2", "eu-west-1", { ...plain, dualStack: true }, "https://ec2.eu-west-1.api.aws/"],
  ] as const;
  for (const [service, region, choice, expected] of ROWS)
    it(`is ${expected}`, () => {
      assert.equal(regionalUrl(service, parseRegion(region), choice).href, expected);
    });
});
