import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { wordOf } from "../../agent/policy/expectation.ts";
import {
  decide,
  type Keys,
  ORG,
  realistic,
  realisticMap,
  withEverything,
} from "../support/deployments.ts";

const HOME = "arn:aws:s3:::acme-secrets";
const WEST = "arn:aws:s3:::acme-secrets-west";
const KEY = {
  web: "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111",
  webBefore: "arn:aws:kms:us-east-1:111122223333:key/88888888-8888-8888-8888-888888888888",
  db: "arn:aws:kms:us-east-1:111122223333:key/mrk-22222222222222222222222222222222",
  before: "arn:aws:kms:us-east-1:111122223333:key/33333333-3333-3333-3333-333333333333",
  app: "arn:aws:kms:us-east-1:111122223333:key/44444444-4444-4444-4444-444444444444",
  westWeb: "arn:aws:kms:us-west-2:111122223333:key/55555555-5555-5555-5555-555555555555",
  westApp: "arn:aws:kms:us-west-2:111122223333:key/77777777-7777-7777-7777-777777777777",
  westDb: "arn:aws:kms:us-west-2:111122223333:key/mrk-22222222222222222222222222222222",
};

/** On the instance that the credentials are of, through its endpoints. */
const ON_HOST: Keys = {
  "ec2:SourceInstanceARN": "arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0",
  "ec2:RoleDelivery": "2.0",
  "aws:Ec2InstanceSourceVpc": "vpc-0a",
  "aws:SourceVpc": "vpc-0a",
  "aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.1",
  "aws:VpcSourceIp": "10.0.0.1",
};
const S3_ENDPOINT = "vpce-0123456789abcdef0";
const KMS_ENDPOINT = "vpce-0fedcba9876543210";
const WIRE: Keys = { "s3:TlsVersion": "1.3", "s3:authType": "REST-HEADER" };
const CALLER: Readonly<Record<string, Keys>> = {
  web: ON_HOST,
  legacy: ON_HOST,
  alice: { "aws:SourceIp": "203.0.113.7" },
  ci: { "aws:SourceIp": "198.51.100.7" },
};
for (const { name } of realisticMap.principals)
  if (name.startsWith("host+")) Object.assign(CALLER, { [name]: ON_HOST });
const frontend =
  realisticMap.principals.find(({ name }) => name.startsWith("host+tls"))?.name ?? "";

/** A principal's ARN; of a permission set one of its roles. */
function arnOf(name: string): string {
  const principal = realisticMap.principals.find((one) => one.name === name);
  if (principal === undefined) return `arn:aws:iam::111122223333:role/${name}`;
  return principal.kind === "sso" ? principal.arnPattern.replaceAll("?", "0") : principal.arn;
}

function ask(who: string, action: string, resource: string, keys: Keys, of = realistic): string {
  const network: Keys = resource.includes(":kms:")
    ? CALLER[who] === ON_HOST && keys["kms:ViaService"] === undefined
      ? { "aws:SourceVpce": KMS_ENDPOINT }
      : {}
    : { ...WIRE, ...(CALLER[who] === ON_HOST ? { "aws:SourceVpce": S3_ENDPOINT } : {}) };
  return wordOf(
    decide(of, arnOf(who), { action, resource, keys: { ...CALLER[who], ...network, ...keys } }),
  );
}

const plain: Keys = { "s3:x-amz-server-side-encryption": "AES256" };
const sse = (object: string, region = "us-east-1"): Keys => ({
  "aws:ViaAWSService": "true",
  "kms:ViaService": `s3.${region}.amazonaws.com`,
  "kms:EncryptionContext:aws:s3:arn": object,
  "kms:EncryptionContextKeys": ["aws:s3:arn"],
});
const sealed = (pairs: Readonly<Record<string, string>>): Keys => ({
  ...Object.fromEntries(
    Object.entries(pairs).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
  ),
  "kms:EncryptionContextKeys": Object.keys(pairs),
});
const bundle = (group: string, revision = "7"): Keys =>
  sealed({
    "postern:group": group,
    "postern:bucket": "acme-secrets",
    "postern:revision": revision,
    "aws-crypto-public-key": "A1",
  });
const api = sealed({
  app: "api",
  "postern:group": "api",
  "postern:bucket": "acme-secrets",
  "postern:key": "api/token",
});
const old = sealed({ team: "core" });
const named = (key = KEY.web): Keys => ({
  "s3:x-amz-server-side-encryption": "aws:kms",
  "s3:x-amz-server-side-encryption-aws-kms-key-id": key,
});

type Row = readonly [
  who: string,
  action: string,
  resource: string,
  keys: Keys,
  expected: "allow" | "deny",
];

const s3 = (key: string, bucket = HOME): string => (key === "" ? bucket : `${bucket}/${key}`);
const under = (prefix: string): Keys => ({ "s3:prefix": prefix });

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "who reads": [
    ["web", "s3:GetObject", s3("web/password"), {}, "allow"],
    ["web", "kms:Decrypt", KEY.web, sse(s3("web/password")), "allow"],
    ["web", "kms:Decrypt", KEY.webBefore, sse(s3("web/password")), "allow"],
    ["web", "s3:ListBucket", HOME, under("web/"), "allow"],
    ["web", "s3:GetObject", s3("api/token"), {}, "allow"],
    ["web", "kms:Decrypt", KEY.app, api, "allow"],
    ["web", "kms:DescribeKey", KEY.app, {}, "allow"],
    ["web", "s3:GetObject", s3("tls/site.key"), {}, "deny"],
    ["web", "s3:GetObject", s3("db.bundle"), {}, "deny"],
    ["web", "s3:GetObject", s3("webb/x"), {}, "deny"],
    ["web", "kms:Decrypt", KEY.web, sse(s3("tls/site.key")), "deny"],
    ["web", "kms:Decrypt", KEY.web, sse(HOME), "deny"],
    ["web", "kms:Decrypt", KEY.app, old, "deny"],
    ["web", "kms:Decrypt", KEY.app, {}, "deny"],
    ["web", "kms:Decrypt", KEY.db, bundle("db"), "deny"],
    ["web", "kms:DescribeKey", KEY.db, {}, "deny"],
    ["web", "s3:ListBucket", HOME, {}, "deny"],
    ["web", "s3:ListBucket", HOME, under("api"), "deny"],
    ["web", "s3:ListBucket", HOME, under("old/"), "deny"],
    ["web", "s3:PutObject", s3("web/password"), named(), "deny"],
    ["web", "s3:GetObjectVersion", s3("web/password"), {}, "deny"],
    ["legacy", "s3:GetObject", s3("old/x"), {}, "allow"],
    ["legacy", "kms:Decrypt", KEY.app, old, "allow"],
    ["legacy", "kms:Decrypt", KEY.app, api, "deny"],
    ["legacy", "kms:Decrypt", KEY.app, sealed({ team: "core", more: "x" }), "deny"],
    ["tasks", "s3:GetObject", s3("tls/site.key"), {}, "allow"],
    ["tasks", "s3:GetObject", s3("tls/other"), {}, "deny"],
    ["tasks", "s3:ListBucket", HOME, under("tls/"), "deny"],
    ["host+db", "s3:GetObject", s3("db.bundle"), {}, "allow"],
    ["host+db", "kms:Decrypt", KEY.db, bundle("db"), "allow"],
    ["host+db", "kms:Decrypt", KEY.before, bundle("db", "6"), "allow"],
    ["host+db", "kms:Decrypt", KEY.db, bundle("web"), "deny"],
    ["host+db", "s3:GetObject", s3("db.bundle2"), {}, "deny"],
    ["host+db", "s3:ListBucket", HOME, under("db.bundle"), "deny"],
    ["host+db", "s3:GetObject", s3("web/password"), {}, "deny"],
    [frontend, "s3:GetObject", s3("web/password"), {}, "allow"],
    [frontend, "s3:GetObject", s3("tls/site.crt"), {}, "allow"],
    [frontend, "kms:Decrypt", KEY.web, sse(s3("tls/site.crt")), "allow"],
    [frontend, "s3:GetObject", s3("api/token"), {}, "deny"],
    ["partner", "s3:GetObject", s3("web/password"), {}, "allow"],
    ["partner", "kms:Decrypt", KEY.web, sse(s3("web/password")), "allow"],
    ["partner", "s3:GetObject", s3("tls/site.key"), {}, "deny"],
  ],
  "who publishes": [
    ["ci", "s3:PutObject", s3("web/password"), named(), "allow"],
    ["ci", "kms:GenerateDataKey", KEY.web, sse(s3("web/password")), "allow"],
    ["ci", "s3:GetObject", s3("web/password"), {}, "allow"],
    ["ci", "kms:Decrypt", KEY.web, sse(s3("web/password")), "allow"],
    ["ci", "kms:Decrypt", KEY.webBefore, sse(s3("web/password")), "allow"],
    ["ci", "kms:GenerateDataKey", KEY.webBefore, sse(s3("web/password")), "deny"],
    ["ci", "s3:DeleteObject", s3("web/password"), {}, "allow"],
    ["ci", "s3:ListBucket", HOME, under("web/"), "allow"],
    ["ci", "s3:GetBucketVersioning", HOME, {}, "allow"],
    ["ci", "s3:PutObject", s3("web/password"), {}, "deny"],
    ["ci", "s3:PutObject", s3("web/password"), named(KEY.app), "deny"],
    ["ci", "s3:PutObject", s3("db.bundle"), {}, "deny"],
    ["ci", "s3:GetObjectVersion", s3("web/password"), {}, "deny"],
    ["ci", "s3:ListBucketVersions", HOME, under("web/"), "deny"],
    ["ci", "s3:PutBucketPolicy", HOME, {}, "deny"],
    // level write of tls, where the bucket's default encryption counts
    ["ci", "s3:PutObject", s3("tls/site.key"), {}, "allow"],
    ["ci", "s3:PutObject", s3("tls/site.key"), named(), "allow"],
    ["ci", "s3:PutObject", s3("tls/site.key"), named(KEY.app), "deny"],
    [
      "ci",
      "s3:PutObject",
      s3("tls/site.key"),
      { "s3:x-amz-server-side-encryption": "aws:kms" },
      "deny",
    ],
    ["ci", "kms:GenerateDataKey", KEY.web, sse(s3("tls/site.key")), "allow"],
    ["ci", "kms:Decrypt", KEY.web, sse(s3("tls/site.key")), "deny"],
    ["ci", "s3:DeleteObject", s3("tls/site.key"), {}, "deny"],
    ["ci", "kms:Encrypt", KEY.app, api, "allow"],
    ["ci", "kms:Decrypt", KEY.app, api, "allow"],
    ["ci", "kms:GenerateDataKey", KEY.app, api, "deny"],
    ["release", "s3:DeleteObject", s3("tls/site.key"), {}, "allow"],
    ["release", "s3:ListBucket", HOME, under("tls/"), "allow"],
    ["release", "s3:PutObject", s3("web/password"), named(), "deny"],
    ["alice", "s3:PutObject", s3("db.bundle"), plain, "allow"],
    ["alice", "s3:PutObject", s3("db.bundle"), {}, "deny"],
    ["alice", "kms:GenerateDataKey", KEY.db, bundle("db"), "allow"],
    ["alice", "kms:Decrypt", KEY.before, bundle("db"), "allow"],
    ["alice", "kms:GenerateDataKey", KEY.before, bundle("db"), "deny"],
    ["alice", "s3:GetObjectVersion", s3("db.bundle"), {}, "deny"],
    ["ops", "s3:GetObjectVersion", s3("db.bundle"), {}, "allow"],
    ["ops", "s3:ListBucketVersions", HOME, under("db.bundle"), "allow"],
    ["ops", "kms:Decrypt", KEY.db, bundle("db"), "allow"],
    ["ops", "s3:ListBucketVersions", HOME, under("web/"), "allow"],
    ["ops", "s3:ListBucketVersions", HOME, under("api/"), "deny"],
    ["ops", "s3:GetObject", s3("api/token"), {}, "deny"],
    ["partner", "s3:PutObject", s3("old/x"), plain, "allow"],
    ["partner", "s3:PutObject", s3("old/x"), {}, "deny"],
    ["partner", "kms:GenerateDataKey", KEY.app, old, "allow"],
    ["partner", "s3:GetBucketVersioning", HOME, {}, "allow"],
    // an envelope is sealed for the replica's key as well, unless that is the same multi-Region key
    ["partner", "kms:Encrypt", KEY.westApp, old, "allow"],
    ["partner", "kms:Decrypt", KEY.westApp, old, "deny"],
    ["alice", "kms:Encrypt", KEY.westDb, bundle("db"), "deny"],
  ],
  "who administers": [
    ["infra", "s3:PutBucketPolicy", HOME, {}, "allow"],
    ["infra", "kms:PutKeyPolicy", KEY.web, {}, "allow"],
    ["infra", "s3:GetObject", s3("web/password"), {}, "deny"],
    ["infra", "kms:Decrypt", KEY.web, sse(s3("web/password")), "deny"],
    ["infra", "kms:CreateGrant", KEY.web, {}, "deny"],
    ["ops", "kms:PutKeyPolicy", KEY.app, {}, "allow"],
    ["ops", "kms:Decrypt", KEY.app, api, "deny"],
    [
      "infra",
      "iam:PassRole",
      "arn:aws:iam::111122223333:role/postern/web",
      { "iam:PassedToService": "ec2.amazonaws.com" },
      "allow",
    ],
    [
      "infra",
      "iam:PassRole",
      "arn:aws:iam::111122223333:role/postern/web",
      { "iam:PassedToService": "lambda.amazonaws.com" },
      "deny",
    ],
    [
      "infra",
      "iam:PassRole",
      "arn:aws:iam::111122223333:role/postern/ci",
      { "iam:PassedToService": "ec2.amazonaws.com" },
      "deny",
    ],
    ["emergency", "s3:GetObject", s3("api/token"), {}, "allow"],
    ["emergency", "kms:Decrypt", KEY.app, api, "allow"],
    ["emergency", "s3:GetObjectVersion", s3("lost/key"), {}, "allow"],
    ["emergency", "s3:ListBucket", HOME, {}, "allow"],
    ["emergency", "s3:PutBucketPolicy", HOME, {}, "allow"],
    ["emergency", "s3:PutObject", s3("api/token"), {}, "deny"],
    ["emergency", "kms:Encrypt", KEY.app, api, "deny"],
  ],
  "a replica": [
    ["tasks", "s3:GetObject", s3("tls/site.key", WEST), {}, "allow"],
    // the replica has a Bucket Key: the context is the bucket
    ["tasks", "kms:Decrypt", KEY.westWeb, sse(WEST, "us-west-2"), "allow"],
    ["tasks", "kms:Decrypt", KEY.westWeb, sse(s3("tls/site.key", WEST), "us-west-2"), "deny"],
    ["tasks", "kms:Decrypt", KEY.westWeb, sse(WEST), "deny"],
    [
      "web",
      "kms:Decrypt",
      KEY.westApp,
      { ...api, "aws:SourceVpce": "vpce-0bbbbbbbbbbbbbbbb" },
      "allow",
    ],
    [
      "web",
      "s3:GetObject",
      s3("web/password", WEST),
      { "aws:SourceVpce": "vpce-0aaaaaaaaaaaaaaaa" },
      "allow",
    ],
    [
      "web",
      "s3:ListBucket",
      WEST,
      { ...under("web/"), "aws:SourceVpce": "vpce-0aaaaaaaaaaaaaaaa" },
      "allow",
    ],
    ["ci", "s3:PutObject", s3("web/password", WEST), named(KEY.westWeb), "deny"],
    ["replication", "s3:ReplicateObject", s3("web/password", WEST), {}, "allow"],
    ["replication", "kms:Encrypt", KEY.westWeb, sse(WEST, "us-west-2"), "allow"],
    ["replication", "s3:GetObjectVersionForReplication", s3("web/password"), {}, "allow"],
    ["replication", "s3:GetObjectVersionTagging", s3("db.bundle"), {}, "allow"],
    ["replication", "s3:ListBucket", HOME, {}, "allow"],
    ["replication", "kms:Decrypt", KEY.web, sse(s3("web/password")), "allow"],
    ["replication", "kms:Decrypt", KEY.webBefore, sse(s3("web/password")), "allow"],
    ["replication", "kms:Decrypt", KEY.web, sse(s3("api/token")), "deny"],
    ["replication", "s3:GetObject", s3("web/password"), {}, "deny"],
    ["replication", "s3:GetObject", s3("web/password", WEST), {}, "deny"],
  ],
  "a guard": [
    ["web", "s3:GetObject", s3("web/password"), { "aws:SecureTransport": "false" }, "deny"],
    ["web", "s3:GetObject", s3("web/password"), { "s3:TlsVersion": "1.1" }, "deny"],
    ["web", "s3:GetObject", s3("web/password"), { "s3:authType": "REST-QUERY-STRING" }, "deny"],
    ["web", "s3:GetObject", s3("web/password"), { "aws:PrincipalOrgID": "o-zzzzzzzzzz" }, "deny"],
    ["web", "s3:GetObject", s3("web/password"), { "ec2:RoleDelivery": "1.0" }, "deny"],
    ["web", "s3:GetObject", s3("web/password"), { "aws:SourceVpc": "vpc-0b" }, "deny"],
    ["web", "s3:GetObject", s3("web/password"), { "aws:VpcSourceIp": "10.0.0.2" }, "deny"],
    [
      "web",
      "s3:GetObject",
      s3("web/password"),
      { "aws:SourceVpce": "vpce-0fffffffffffffff0" },
      "deny",
    ],
    ["legacy", "s3:GetObject", s3("web/password"), { "aws:SourceVpc": "vpc-0b" }, "deny"],
    ["alice", "s3:PutObject", s3("db.bundle"), { "aws:SourceIp": "192.0.2.1" }, "deny"],
    ["ci", "s3:GetObject", s3("web/password"), { "aws:SourceIp": "192.0.2.1" }, "deny"],
    ["web", "kms:Decrypt", KEY.app, { ...api, "aws:SourceVpc": "vpc-0b" }, "deny"],
  ],
};

for (const [topic, rows] of Object.entries(ROWS))
  describe(`the documents, of ${topic},`, () => {
    for (const [at, [who, action, resource, keys, expected]] of rows.entries())
      it(`${at}: ${who} ${expected === "allow" ? "may" : "may not"} ${action} ${resource}`, () => {
        assert.match(ask(who, action, resource, keys), new RegExp(`${expected}$`));
      });
  });

/** By the bucket policy and the key policies alone: whoever asks may do everything by his own policies. */
const HOSTILE: readonly Row[] = [
  ["stranger", "s3:GetObject", s3("web/password"), {}, "deny"],
  ["stranger", "s3:ListBucket", HOME, under("web/"), "deny"],
  ["stranger", "s3:PutBucketPolicy", HOME, {}, "deny"],
  ["stranger", "s3:ReplicateObject", s3("web/password"), {}, "deny"],
  ["stranger", "kms:Decrypt", KEY.web, sse(s3("web/password")), "deny"],
  ["stranger", "kms:Decrypt", KEY.db, bundle("db"), "deny"],
  ["stranger", "kms:PutKeyPolicy", KEY.web, {}, "deny"],
  ["stranger", "kms:CreateGrant", KEY.app, {}, "deny"],
  ["tasks", "s3:GetObject", s3("tls/site.key"), {}, "allow"],
  ["tasks", "s3:GetObject", s3("web/password"), {}, "deny"],
  ["tasks", "s3:GetObject", s3("tls/other"), {}, "deny"],
  ["tasks", "s3:GetObjectVersion", s3("tls/site.key"), {}, "deny"],
  ["tasks", "s3:PutObject", s3("tls/site.key"), {}, "deny"],
  ["tasks", "s3:PutObjectAcl", s3("tls/site.key"), {}, "deny"],
  ["tasks", "s3:ListBucket", HOME, {}, "deny"],
  ["tasks", "s3:ListBucket", HOME, under("web/"), "deny"],
  ["tasks", "s3:ListBucketVersions", HOME, under("tls/"), "deny"],
  ["tasks", "s3:PutBucketVersioning", HOME, {}, "deny"],
  ["tasks", "kms:Decrypt", KEY.web, sse(s3("web/password")), "deny"],
  ["release", "s3:PutObject", s3("tls/site.key"), {}, "allow"],
  ["release", "s3:UpdateObjectEncryption", s3("tls/site.key"), {}, "deny"],
  ["release", "s3:DeleteObjectVersion", s3("tls/site.key"), {}, "deny"],
  ["release", "s3:PutObject", s3("lost"), {}, "deny"],
  ["replication", "s3:GetObject", s3("web/password"), {}, "deny"],
  ["replication", "s3:PutBucketPolicy", HOME, {}, "deny"],
  ["replication", "s3:PutObject", s3("web/password", WEST), {}, "deny"],
  ["infra", "s3:GetObject", s3("web/password"), {}, "deny"],
  ["infra", "s3:ListBucket", HOME, under("web/"), "deny"],
  ["infra", "kms:Decrypt", KEY.db, bundle("db"), "deny"],
  ["emergency", "s3:PutObject", s3("web/password"), named(), "deny"],
];

describe("the documents of bucket and keys alone", () => {
  for (const [at, [who, action, resource, keys, expected]] of HOSTILE.entries())
    it(`${at}: ${who} ${expected === "allow" ? "may" : "may not"} ${action} ${resource}`, () => {
      const open: Deployment = withEverything(realistic, arnOf(who));
      assert.match(ask(who, action, resource, keys, open), new RegExp(`${expected}$`));
    });

  it("let in nobody without credentials", () => {
    const request = { action: "s3:GetObject", resource: s3("web/password"), keys: WIRE };
    assert.equal(wordOf(decide(realistic, undefined, request)), "explicit deny");
  });

  it("know nobody by another role of the same name", () => {
    const other = "arn:aws:iam::111122223333:role/tasks";
    const request = {
      action: "s3:GetObject",
      resource: s3("tls/site.key"),
      keys: { ...WIRE, "aws:PrincipalOrgID": ORG },
    };
    const open = withEverything(realistic, other);
    assert.equal(wordOf(decide(open, other, request)), "explicit deny");
  });
});

describe("groups below the prefix of others", () => {
  const nested = generateDeployment(
    parseMap(
      [
        'version: 1\naccount: "111122223333"\nregion: us-east-1\nbucket: acme-secrets',
        "principals:\n  infra: { kind: existing, role: infra }\n  one: { kind: service, service: a.amazonaws.com }",
        "  two: { kind: service, service: b.amazonaws.com }\n  sub: { kind: service, service: c.amazonaws.com }",
        "groups:\n  one: { prefix: x/, only: [one], publishers: { one: edit } }",
        "  two: { prefix: x/, only: [two], publishers: { two: edit } }",
        "  sub: { prefix: x/sub/, readers: [sub] }",
        "deployers: [infra]\nbreak_glass: [infra]\n",
      ].join("\n"),
      "nested.yaml",
    ),
  );
  const may = (who: string, action: string, resource: string, keys: Keys = {}): string =>
    wordOf(
      decide(nested, `arn:aws:iam::111122223333:role/postern/${who}`, {
        action,
        resource,
        keys: { ...WIRE, ...keys },
      }),
    );

  it("are listed by their own readers and publishers, and not the outer one by the inner", () => {
    assert.equal(may("sub", "s3:ListBucket", HOME, under("x/sub/")), "allow");
    assert.equal(may("one", "s3:ListBucket", HOME, under("x/")), "allow");
    assert.equal(may("two", "s3:ListBucket", HOME, under("x/")), "allow");
    assert.match(may("sub", "s3:ListBucket", HOME, under("x/")), /deny$/);
  });

  it("are read by their own alone", () => {
    assert.equal(may("one", "s3:GetObject", s3("x/one")), "allow");
    assert.equal(may("one", "s3:GetObject", s3("x/two")), "explicit deny");
    assert.equal(may("one", "s3:GetObject", s3("x/sub/a")), "explicit deny");
    assert.equal(may("sub", "s3:GetObject", s3("x/sub/a")), "allow");
    assert.equal(may("sub", "s3:GetObject", s3("x/one")), "explicit deny");
  });
});

describe("the policies of roles alone", () => {
  /** Keys that leave everything to the account's policies. */
  const open: Deployment = {
    ...realistic,
    buckets: [],
    keys: realistic.keys.map((key) => ({
      ...key,
      policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "Delegate",
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::111122223333:root" },
            Action: "kms:*",
            Resource: "*",
          },
        ],
      },
    })),
  };
  const shared = Object.entries(ROWS).filter(([topic]) => topic !== "a guard");
  const isAboutKeys = ([who, , resource]: Row): boolean =>
    resource.includes(":kms:") && who !== "partner";
  for (const [topic, rows] of shared)
    for (const [at, [who, action, resource, keys, expected]] of rows.filter(isAboutKeys).entries())
      it(`${topic} ${at}: let ${who} ${expected === "allow" ? "" : "not "}${action} ${resource}`, () => {
        assert.match(ask(who, action, resource, keys, open), new RegExp(`${expected}$`));
      });
});

describe("the policies of keys alone", () => {
  const isAboutKeys = ([who, , resource]: Row): boolean =>
    resource.includes(":kms:") && who !== "partner" && CALLER[who] !== ON_HOST;
  for (const [topic, rows] of Object.entries(ROWS))
    for (const [at, [who, action, resource, keys, expected]] of rows.filter(isAboutKeys).entries())
      it(`${topic} ${at}: let ${who} ${expected === "allow" ? "" : "not "}${action} ${resource}`, () => {
        const everything = withEverything(realistic, arnOf(who));
        assert.match(ask(who, action, resource, keys, everything), new RegExp(`${expected}$`));
      });
});
