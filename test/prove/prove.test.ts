import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { type ProofReport, proveMap } from "../../agent/prove/prove.ts";
import {
  changed,
  DB_KEY,
  type Place,
  PROVED,
  PROVED_MAP,
  type StatementJson,
  WEB_KEY,
} from "../support/proved-deployment.ts";

const map = parseMap(PROVED_MAP, "map.yaml");

const failing = ({ results }: ProofReport): readonly string[] =>
  results.filter(({ outcome }) => outcome.kind !== "proved").map((one) => one.obligation.id);

const without =
  (...names: readonly string[]) =>
  (statement: StatementJson): StatementJson => {
    const condition = Object.entries(statement["Condition"] ?? {});
    return {
      ...statement,
      Condition: Object.fromEntries(condition.filter(([operator]) => !names.includes(operator))),
    };
  };

const set =
  (more: object) =>
  (statement: StatementJson): StatementJson => ({ ...statement, ...more });

const GONE = (): undefined => undefined;

const B = "arn:aws:s3:::acme-secrets";
const [WEB, DATABASE, CI, INFRA] = ["postern/web", "postern/database", "postern/ci", "infra"].map(
  (name) => `arn:aws:iam::111122223333:role/${name}`,
);

const ROLE = "arn:aws:iam::111122223333:role";
const INSIDERS = [WEB, DATABASE, CI, INFRA, `${ROLE}/postern/emergency`];

type Row = readonly [
  why: string,
  place: Place,
  sid: string,
  change: (statement: StatementJson) => StatementJson | undefined,
  fails: string,
];

const OTHERS: Row[] = [
  [
    "plain HTTP",
    "acme-secrets",
    "DenyInsecureTransport",
    GONE,
    "web/fetch denied: guard alone: without TLS",
  ],
  ["TLS 1.1", "acme-secrets", "DenyOldTls", GONE, "web/fetch denied: guard alone: old TLS"],
  [
    "TLS 1.1, by a lower threshold",
    "acme-secrets",
    "DenyOldTls",
    set({ Condition: { NumericLessThan: { "s3:TlsVersion": "1.1" } } }),
    "web/fetch denied: guard alone: old TLS",
  ],
  [
    "presigned URLs",
    "acme-secrets",
    "DenyPresigned",
    GONE,
    "web/fetch denied: guard alone: presigned",
  ],
  [
    "other organisations",
    "acme-secrets",
    "DenyOutsideOrg",
    GONE,
    "ci/put denied: guard alone: outside the organisation",
  ],
  [
    "other networks, though another guard stops some",
    "acme-secrets",
    "DenyOutsideNetworkOfWeb",
    GONE,
    "web/fetch denied: guard alone: outside its network",
  ],
  [
    "IMDSv1",
    `${WEB} postern`,
    "ImdsV2",
    GONE,
    "web/fetch denied: guard alone: credentials of IMDSv1",
  ],
  [
    "a stolen credential in another VPC",
    `${WEB} postern`,
    "SameVpc",
    GONE,
    "web/fetch denied: guard alone: stolen credentials: another VPC",
  ],
  [
    "a stolen credential at KMS",
    `${DATABASE} postern`,
    "SameVpc",
    set({ Action: "s3:*" }),
    "database/kms:Decrypt denied: guard alone: stolen credentials: another VPC",
  ],
  [
    "an object without encryption",
    "acme-secrets",
    "WebEncryption",
    GONE,
    "ci/put/web denied: guard alone: another encryption",
  ],
  [
    "an object under the key of AWS",
    "acme-secrets",
    "WebEncryptionKey",
    set({
      Condition: {
        ArnNotEquals: { "s3:x-amz-server-side-encryption-aws-kms-key-id": WEB_KEY },
        Null: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "false" },
      },
    }),
    "ci/put/web denied: guard alone: another key",
  ],
  [
    "a key of the customer's",
    "acme-secrets",
    "NoCustomerKeys",
    set({ Resource: `${B}/web/*` }),
    "ci/put/db denied: guard alone: a key of the customer's",
  ],
];

const ROWS: readonly Row[] = [
  ...OTHERS,
  [
    "reading another group, by the bucket",
    "acme-secrets",
    "ReadDb",
    GONE,
    "web/fetch/db denied: bucket policy alone",
  ],
  [
    "reading another group, by the role",
    `${DATABASE} postern`,
    "Read",
    set({ Resource: [`${B}/db.bundle`, `${B}/motd/*`, `${B}/web/x`] }),
    "database/fetch/web denied: identity alone",
  ],
  [
    "a prefix without its slash",
    `${WEB} postern`,
    "Read",
    set({ Resource: [`${B}/web*`, `${B}/motd/*`] }),
    "web/fetch/no group's denied: identity alone",
  ],
  [
    "a bundle with a wildcard",
    `${DATABASE} postern`,
    "Read",
    set({ Resource: [`${B}/db.bundle*`, `${B}/motd/*`] }),
    "database/fetch/no group's denied: identity alone",
  ],
  [
    "a listing of everything",
    `${WEB} postern`,
    "List",
    without("StringLike"),
    "web/list/anything else denied: identity alone",
  ],
  [
    "a listing of everything without a prefix",
    "acme-secrets",
    "ListOfWeb",
    (statement) => ({
      ...statement,
      Condition: {
        ...(statement["Condition"] as object),
        Null: { "s3:prefix": "false" },
      },
    }),
    "web/list/anything else denied: bucket policy alone",
  ],
  [
    "old versions",
    "acme-secrets",
    "DenyHistory",
    GONE,
    "infra/fetch old versions of/web denied: bucket policy alone",
  ],
  [
    "keys of no group",
    "acme-secrets",
    "DenyNoGroup",
    GONE,
    "web/fetch/no group's denied: bucket policy alone",
  ],
  [
    "a reader that writes",
    "acme-secrets",
    "Write",
    set({ Condition: { ArnNotEquals: { "aws:PrincipalArn": [CI, WEB] } } }),
    "web/put/web denied: bucket policy alone",
  ],
  [
    "a pattern of roles instead of their ARNs",
    "acme-secrets",
    "ReadMotd",
    set({ Condition: { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/*" } } }),
    "infra/open/motd denied: bucket policy alone",
  ],
  [
    "a replication that nobody is given",
    "acme-secrets",
    "DenyAllElse",
    set({ Condition: { ArnNotEquals: { "aws:PrincipalArn": [CI, INFRA] } } }),
    "ci/s3:ReplicateObject denied: bucket policy alone",
  ],
  [
    "break-glass without its exemption",
    "acme-secrets",
    "DenyAllElse",
    set({ Condition: { ArnNotEquals: { "aws:PrincipalArn": INFRA } } }),
    "emergency/s3:PutBucketPolicy allowed: whole",
  ],
  [
    "a deployer without its exemption",
    "acme-secrets",
    "ClosedWorld",
    set({ Condition: { ArnNotEquals: { "aws:PrincipalArn": [WEB, DATABASE, CI] } } }),
    "infra/s3:PutBucketPolicy allowed: whole",
  ],
  [
    "a key policy that leaves all to the account",
    WEB_KEY,
    "Administration",
    set({ Principal: { AWS: "111122223333" }, Action: "kms:*" }),
    "database/kms:Decrypt of 11111111-1111-1111-1111-111111111111 beyond its groups denied: key policy alone",
  ],
  [
    "the same for strangers",
    WEB_KEY,
    "Administration",
    set({ Principal: { AWS: "111122223333" }, Action: "kms:*" }),
    "any other role/kms:PutKeyPolicy of 11111111-1111-1111-1111-111111111111 denied: key policy alone",
  ],
  [
    "a key that is used directly",
    WEB_KEY,
    "Open",
    without("StringEquals"),
    "web/kms:Decrypt of 11111111-1111-1111-1111-111111111111 beyond its groups denied: key policy alone",
  ],
  [
    "a context without a revision",
    DB_KEY,
    "Open",
    without("Null"),
    "database/kms:Decrypt of 22222222-2222-2222-2222-222222222222 beyond its groups denied: key policy alone",
  ],
  [
    "a context with further names",
    `${DATABASE} postern`,
    "Decrypt",
    without("ForAllValues:StringEquals"),
    "database/kms:Decrypt of 22222222-2222-2222-2222-222222222222 beyond its groups denied: identity alone",
  ],
  [
    "a principal too many on a key",
    DB_KEY,
    "Seal",
    set({ Principal: { AWS: [CI, WEB] } }),
    "web/kms:GenerateDataKey of 22222222-2222-2222-2222-222222222222 beyond its groups denied: key policy alone",
  ],
  [
    "a reader that the key does not know",
    DB_KEY,
    "Open",
    set({ Principal: { AWS: CI } }),
    "database/open/db allowed: whole",
  ],
  [
    "a signed envelope",
    DB_KEY,
    "Open",
    (statement) =>
      JSON.parse(
        JSON.stringify(statement).replace('"aws-crypto-public-key"', '"another"'),
      ) as StatementJson,
    "database/open/db allowed: whole",
  ],
  [
    "a role that the map does not know, by its name",
    "acme-secrets",
    "ClosedWorld",
    set({ Condition: { ArnNotEquals: { "aws:PrincipalArn": [...INSIDERS, `${ROLE}/mole`] } } }),
    "any other role/s3:GetBucketVersioning denied: bucket policy alone",
  ],
  [
    "a user that the map does not know, by its name",
    "acme-secrets",
    "ClosedWorld",
    set({
      Condition: {
        ArnNotEquals: {
          "aws:PrincipalArn": [...INSIDERS, "arn:aws:iam::111122223333:user/mole"],
        },
      },
    }),
    "any other user/s3:GetBucketVersioning denied: bucket policy alone",
  ],
  [
    "a role that a key's policy names and the map does not",
    DB_KEY,
    "Open",
    set({ Principal: { AWS: [DATABASE, CI, `${ROLE}/mole`] }, Condition: {} }),
    "role/mole/kms:Decrypt of 22222222-2222-2222-2222-222222222222 denied: key policy alone",
  ],
  [
    "an account that a key's policy names",
    DB_KEY,
    "Open",
    set({ Principal: { AWS: [DATABASE, CI, "444455556666"] } }),
    "account 444455556666/kms:Decrypt of 22222222-2222-2222-2222-222222222222 denied: key policy alone",
  ],
  [
    "a service that a key's policy names",
    DB_KEY,
    "Open",
    set({ Principal: { AWS: [DATABASE, CI], Service: "secretsmanager.amazonaws.com" } }),
    "secretsmanager.amazonaws.com/kms:Decrypt of 22222222-2222-2222-2222-222222222222 denied: key policy alone",
  ],
  [
    "a role that a trust policy names and the map does not",
    `${WEB} trust`,
    "Assume",
    set({ Principal: { Service: "ec2.amazonaws.com", AWS: `${ROLE}/mole` } }),
    "web/assumed by role/mole denied: whole",
  ],
  [
    "an identity provider that a trust policy names",
    `${CI} trust`,
    "Assume",
    (statement) => ({
      ...statement,
      Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/oidc.example" },
      Condition: {},
    }),
    "ci/assumed by arn:aws:iam::111122223333:oidc-provider/oidc.example denied: whole",
  ],
  [
    "another service's role",
    `${WEB} trust`,
    "Assume",
    set({ Principal: { Service: ["ec2.amazonaws.com", "lambda.amazonaws.com"] } }),
    "web/assumed by lambda.amazonaws.com denied: whole",
  ],
  [
    "any repository's token",
    `${CI} trust`,
    "Assume",
    (statement) =>
      JSON.parse(
        JSON.stringify(statement)
          .replace("StringEquals", "StringLike")
          .replace("acme/secrets:ref:refs/heads/main", "acme/*"),
      ) as StatementJson,
    "ci/assumed by another subject denied: whole",
  ],
  [
    "break-glass by MFA of yesterday",
    "arn:aws:iam::111122223333:role/postern/emergency trust",
    "Assume",
    without("NumericLessThan"),
    "emergency/assumed by arn:aws:iam::111122223333:user/alice with MFA of an hour ago denied: whole",
  ],
  [
    "who comes from a provider of SAML",
    `${WEB} trust`,
    "Assume",
    set({
      Principal: { Federated: "arn:aws:iam::111122223333:saml-provider/corp" },
      Action: "sts:AssumeRoleWithSAML",
    }),
    "web/assumed by arn:aws:iam::111122223333:saml-provider/corp by SAML denied: whole",
  ],
  [
    "a session of another account by a name of ours",
    `${WEB} trust`,
    "Assume",
    set({
      Principal: {
        Service: "ec2.amazonaws.com",
        AWS: "arn:aws:sts::999988887777:assumed-role/database/x",
      },
    }),
    "web/assumed by arn:aws:sts::999988887777:assumed-role/database/x denied: whole",
  ],
  [
    "break-glass without MFA",
    "arn:aws:iam::111122223333:role/postern/emergency trust",
    "Assume",
    without("Bool", "NumericLessThan"),
    "emergency/assumed by arn:aws:iam::111122223333:user/alice without MFA denied: whole",
  ],
  [
    "a role that is passed to any service",
    `${INFRA} postern`,
    "PassRole",
    without("StringEquals"),
    "infra/iam:PassRole of web denied: identity alone",
  ],
  [
    "a host that lets itself into break-glass",
    `${WEB} postern`,
    "Read",
    set({ Action: "iam:UpdateAssumeRolePolicy", Resource: `${ROLE}/postern/emergency` }),
    "web/iam:UpdateAssumeRolePolicy of anybody of the map denied: identity alone",
  ],
  [
    "tags on objects, by all who have every right",
    "acme-secrets",
    "DenyAllElse",
    (statement) => ({
      ...statement,
      NotAction: [...(statement["NotAction"] as readonly string[]), "s3:PutObjectTagging"],
    }),
    "web/s3:PutObjectTagging denied: bucket policy alone",
  ],
  [
    "a way out through the endpoint",
    "vpce-0123456789abcdef0",
    "Own",
    set({ Resource: "*", Condition: {} }),
    "vpce-0123456789abcdef0/s3:PutObject of another account denied: endpoint policy alone",
  ],
  [
    "a bucket of somebody's that an endpoint names",
    "vpce-0123456789abcdef0",
    "Own",
    set({ Resource: [B, `${B}/*`, "arn:aws:s3:::drop-box/*"], Condition: {} }),
    "vpce-0123456789abcdef0/bucket drop-box denied: endpoint policy alone",
  ],
  [
    "an endpoint that lets nobody through",
    "vpce-0123456789abcdef0",
    "Own",
    set({ Action: "s3:PutObject" }),
    "web/open/web allowed: whole",
  ],
];

describe("a proof", () => {
  it("asks for whom a grant names", () => {
    const grant = {
      GrantId: "1",
      GranteePrincipal: `${ROLE}/mole`,
      Operations: ["Decrypt"],
    };
    const service = {
      GrantId: "2",
      GranteeServicePrincipal: "lambda.amazonaws.com",
      Operations: ["Decrypt"],
    };
    const grants = [grant, service];
    const keys = PROVED.keys.map((one) => (one.arn === DB_KEY ? { ...one, grants } : one));
    const fails =
      "role/mole/kms:Decrypt of 22222222-2222-2222-2222-222222222222 denied: key policy alone";
    const open = failing(proveMap(map, { ...PROVED, keys }));
    assert.ok(open.includes(fails));
    assert.ok(open.includes(fails.replace("role/mole", "lambda.amazonaws.com")));
  });

  it("asks for whoever another account has, by whatever name", () => {
    const mole = "arn:aws:iam::444455556666:role/mole";
    const spared = changed(
      PROVED,
      "acme-secrets",
      "ClosedWorld",
      set({ Condition: { ArnNotEquals: { "aws:PrincipalArn": [...INSIDERS, mole] } } }),
    );
    const open = changed(spared, "acme-secrets", "RemoveNoMotd", (statement) => ({
      ...statement,
      Effect: "Allow",
      Principal: { AWS: "*" },
      Action: "s3:GetBucketVersioning",
      Resource: B,
      Condition: { StringLike: { "aws:PrincipalArn": "*:role/mole" } },
    }));
    const fails = "any other account/s3:GetBucketVersioning denied: bucket policy alone";
    assert.ok(failing(proveMap(map, open)).includes(fails));
  });

  it("takes the id of a role that is gone for nobody", () => {
    const gone = changed(PROVED, DB_KEY, "Open", (statement) => ({
      ...statement,
      Principal: { AWS: [DATABASE, CI, "AROAEXAMPLEEXAMPLE12"] },
    }));
    assert.deepEqual(failing(proveMap(map, gone)), []);
  });

  it("says that it did not look at a session that documents name", () => {
    const session = "arn:aws:sts::111122223333:assumed-role/database/somebody";
    const open = changed(
      PROVED,
      DB_KEY,
      "Open",
      set({ Principal: { AWS: [DATABASE, CI, session] } }),
    );
    assert.deepEqual(proveMap(map, open).gaps, [`what the session ${session} alone is given`]);
  });

  it("holds for documents that do what the map says", () => {
    const report = proveMap(map, PROVED);
    assert.deepEqual(failing(report), []);
    assert.deepEqual(report.settings, []);
    assert.deepEqual(report.gaps, []);
    assert.ok(report.results.length > 1000);
    const ids = report.results.map((one) => one.obligation.id);
    assert.equal(new Set(ids).size, ids.length, "each obligation has an id of its own");
  });

  for (const [why, place, sid, change, fails] of ROWS)
    it(`fails for ${why}`, () => {
      const report = proveMap(map, changed(PROVED, place, sid, change));
      assert.ok(failing(report).includes(fails), failing(report).slice(0, 20).join("\n"));
    });

  it("shows a request that is decided otherwise, and the line of the map", () => {
    const { results } = proveMap(map, changed(PROVED, "acme-secrets", "ReadDb", GONE));
    const found = results.find(
      ({ obligation }) => obligation.id === "web/fetch/db denied: bucket policy alone",
    );
    assert.equal(found?.outcome.kind, "fails");
    const [request] = found.outcome.requests;
    assert.equal(request?.resource?.text, `${B}/db.bundle`);
    assert.equal(found.outcome.verdicts[0]?.decision, "allow");
    assert.equal(PROVED_MAP.split("\n")[found.obligation.line - 1], "  db:");
  });

  it("tells of settings that are no policy", () => {
    const [bucket] = PROVED.buckets;
    assert.ok(bucket !== undefined);
    const settings = { ...bucket.settings, versioning: "Suspended" } as const;
    const broken: Deployment = { ...PROVED, buckets: [{ ...bucket, settings }] };
    assert.deepEqual(
      proveMap(map, broken).settings.map((one) => one.message),
      ["expected versioning Enabled"],
    );
  });
});
