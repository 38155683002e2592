import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultKeyPolicy } from "../../agent/sandbox/attached.ts";
import type { Principal } from "../../agent/sandbox/authorise.ts";
import { createAuthoriser } from "../../agent/sandbox/documents.ts";
import { identitiesOf, type Grants } from "../../agent/sandbox/grants.ts";

const KEY = "arn:aws:kms:us-east-1:111122223333:key/1";
const BUCKET = "arn:aws:s3:::b-1";
const account = "111122223333";
const role = (name: string): Principal => ({
  kind: "role",
  arn: `arn:aws:iam::${account}:role/${name}`,
  account,
  name,
  sessionArn: `arn:aws:sts::${account}:assumed-role/${name}/i-1`,
});
const user = (name: string): Principal => ({
  kind: "user",
  arn: `arn:aws:iam::${account}:user/${name}`,
  account,
  name,
});

const granted: Grants = {
  grants: [
    { role: "web", readPrefixes: ["web/"], writePrefixes: ["web/out/"] },
    { role: "all", readPrefixes: [""], writePrefixes: [] },
    { role: "blind", readPrefixes: ["web/"], writePrefixes: [], list: false },
    { role: "odd", readPrefixes: ["a*${aws:userid}/"], writePrefixes: [] },
  ],
  keys: [
    { role: "web", key: KEY, actions: ["kms:Decrypt"], context: { app: "web" } },
    { role: "odd", key: "*", actions: ["kms:*"], context: { app: "${aws:userid}" } },
  ],
  actions: [
    {
      principal: "publish",
      actions: ["s3:PutObject", "kms:Encrypt"],
      resources: [`${BUCKET}/web/*`, `${BUCKET}/db.bundle`, KEY],
    },
    { principal: "web", actions: ["s3:PutObject"], resources: [`${BUCKET}/web/status`] },
    {
      principal: "publish",
      actions: ["s3:ListBucket", "s3:GetBucketVersioning"],
      resources: [BUCKET],
      prefixes: ["web/*", "db.bundle"],
    },
    { principal: "web", actions: ["kms:Encrypt"], resources: ["*"], context: { app: "api" } },
    { principal: "lister", actions: ["s3:ListBucketVersions"], resources: ["*"] },
  ],
  administrators: ["ci"],
};
const authoriser = createAuthoriser({
  account,
  identities: identitiesOf(granted, account, ["b-1", "b-2"]),
  endpoints: [],
});
/** As AWS gives it to a key: who may use it is for the identity policies to say. */
const { policy } = defaultKeyPolicy(account, KEY);

describe("what is granted", () => {
  const app = { "kms:EncryptionContext:app": ["web"] };
  const rows: readonly (readonly [
    principal: Principal,
    action: string,
    resource: string,
    context: Readonly<Record<string, readonly string[]>>,
    allowed: boolean,
  ])[] = [
    [role("web"), "s3:GetObject", `${BUCKET}/web/a`, {}, true],
    [role("web"), "s3:GetObjectVersion", `${BUCKET}/web/a`, {}, true],
    [role("web"), "s3:GetObject", `${BUCKET}/web`, {}, false],
    [role("web"), "s3:GetObject", `${BUCKET}/website/a`, {}, false],
    [role("web"), "s3:GetObject", `${BUCKET}/db/web/a`, {}, false],
    [role("web"), "s3:GetObject", `${BUCKET}/web/line\nfeed`, {}, true],
    [role("web"), "s3:GetObject", "arn:aws:s3:::b-2/web/a", {}, true],
    [role("web"), "s3:GetObject", "arn:aws:s3:::b-3/web/a", {}, false],
    [role("odd"), "s3:GetObject", `${BUCKET}/a*\${aws:userid}/x`, {}, true],
    [role("odd"), "s3:GetObject", `${BUCKET}/ab/x`, {}, false],
    [role("odd"), "s3:ListBucket", BUCKET, { "s3:prefix": ["a*${aws:userid}/"] }, true],
    [role("odd"), "s3:ListBucket", BUCKET, { "s3:prefix": ["ab/"] }, false],
    [role("odd"), "kms:Decrypt", KEY, { "kms:EncryptionContext:app": ["${aws:userid}"] }, true],
    [role("odd"), "kms:Decrypt", KEY, { "kms:EncryptionContext:app": ["x"] }, false],
    [role("web"), "s3:PutObject", `${BUCKET}/web/a`, {}, false],
    [role("web"), "s3:PutObject", `${BUCKET}/web/out/a`, {}, true],
    [role("web"), "s3:DeleteObject", `${BUCKET}/web/out/a`, {}, true],
    [role("web"), "s3:ListBucket", BUCKET, { "s3:prefix": ["web/"] }, true],
    [role("web"), "s3:ListBucket", BUCKET, { "s3:prefix": ["web/x"] }, true],
    [role("web"), "s3:ListBucket", BUCKET, { "s3:prefix": ["web"] }, false],
    [role("web"), "s3:ListBucket", BUCKET, { "s3:prefix": [""] }, false],
    [role("web"), "s3:ListBucket", BUCKET, {}, false],
    [role("all"), "s3:ListBucket", BUCKET, {}, true],
    [role("blind"), "s3:ListBucket", BUCKET, { "s3:prefix": ["web/"] }, false],
    [role("web"), "s3:GetBucketLocation", BUCKET, {}, true],
    [role("web"), "s3:PutBucketVersioning", BUCKET, {}, false],
    [role("web"), "s3:PutObjectAcl", `${BUCKET}/web/out/a`, {}, false],
    [role("other"), "s3:GetObject", `${BUCKET}/web/a`, {}, false],
    [role("ci"), "s3:GetObject", `${BUCKET}/web/a`, {}, false],
    [user("ci"), "s3:PutObject", `${BUCKET}/db/a`, {}, true],
    [user("web"), "s3:GetObject", `${BUCKET}/web/a`, {}, false],
    [{ kind: "anonymous" }, "s3:GetObject", `${BUCKET}/web/a`, {}, false],
    [role("web"), "kms:Decrypt", KEY, app, true],
    [role("web"), "kms:Decrypt", KEY, {}, false],
    [role("web"), "kms:Decrypt", `${KEY}0`, app, false],
    [role("web"), "kms:Encrypt", KEY, app, false],
    [role("all"), "kms:Decrypt", KEY, app, false],
    [user("publish"), "s3:PutObject", `${BUCKET}/web/a`, {}, true],
    [user("publish"), "s3:PutObject", `${BUCKET}/web/`, {}, true],
    [user("publish"), "s3:PutObject", `${BUCKET}/web`, {}, false],
    [user("publish"), "s3:PutObject", `${BUCKET}/db.bundle`, {}, true],
    [user("publish"), "s3:PutObject", `${BUCKET}/db.bundles`, {}, false],
    [user("publish"), "s3:PutObject", `${BUCKET}0/web/a`, {}, false],
    [user("publish"), "s3:PutObjectAcl", `${BUCKET}/web/a`, {}, false],
    [user("publish"), "s3:GetObject", `${BUCKET}/web/a`, {}, false],
    [user("publish"), "s3:DeleteObject", `${BUCKET}/web/a`, {}, false],
    [user("publish"), "kms:Encrypt", KEY, {}, true],
    [user("publish"), "kms:Encrypt", `${KEY}0`, {}, false],
    [user("publish"), "kms:Decrypt", KEY, {}, false],
    [user("publish"), "s3:ListBucket", BUCKET, { "s3:prefix": ["web/"] }, true],
    [user("publish"), "s3:ListBucket", BUCKET, { "s3:prefix": ["db.bundle"] }, true],
    [user("publish"), "s3:ListBucket", BUCKET, { "s3:prefix": ["db.bundle2"] }, false],
    [user("publish"), "s3:ListBucket", BUCKET, { "s3:prefix": [""] }, false],
    [user("publish"), "s3:ListBucket", BUCKET, {}, false],
    [user("publish"), "s3:ListBucketVersions", BUCKET, { "s3:prefix": ["web/"] }, false],
    [user("publish"), "s3:GetBucketVersioning", BUCKET, {}, true],
    [user("publish"), "s3:ListAllMyBuckets", "*", {}, false],
    [role("publish"), "s3:PutObject", `${BUCKET}/web/a`, {}, true],
    [role("web"), "s3:PutObject", `${BUCKET}/web/status`, {}, true],
    [role("web"), "kms:Encrypt", KEY, { "kms:EncryptionContext:app": ["api"] }, true],
    [role("web"), "kms:Decrypt", KEY, { "kms:EncryptionContext:app": ["api"] }, false],
    [role("lister"), "s3:ListBucketVersions", BUCKET, {}, true],
  ];
  for (const [principal, action, resource, context, allowed] of rows) {
    const who =
      principal.kind === "anonymous" ? "anonymous" : `${principal.kind} ${principal.name}`;
    it(`${allowed ? "allows" : "denies"} ${who} ${action} on ${JSON.stringify(resource)} ${JSON.stringify(context)}`, () => {
      const attached = action.startsWith("kms:") ? { policy, grants: [] } : undefined;
      const decision = authoriser.decide({ principal, action, resource, context, attached });
      assert.equal(decision.allowed, allowed);
    });
  }
});
