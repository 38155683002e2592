/** A small map and documents for it, written by hand so that what is decided of them can be told by reading. @module */
import { type AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment, IdentityDocuments, PolicyJson } from "../../agent/policy/deployment.ts";

const KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";

export const SMALL: string = `version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
keys: { main: "${KEY}" }
endpoints: { vpce-0123456789abcdef0: { service: s3 } }
principals:
  web: { kind: existing, role: web, network: { vpce: [vpce-0123456789abcdef0] } }
  ci: { kind: existing, role: ci }
  infra: { kind: existing, role: infra }
  emergency: { kind: existing, role: emergency }
groups:
  web: { prefix: web/, sse: { type: kms, key: main, header: required }, readers: [web], publishers: { ci: edit } }
  plain: { prefix: plain/, only: [motd], readers: [web], publishers: { ci: write } }
deployers: [infra]
break_glass: [emergency]
`;

export const smallMap: AccessMap = parseMap(SMALL, "small.yaml");

const BUCKET = "arn:aws:s3:::acme-secrets";
const roleArn = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;

interface Statement {
  readonly [element: string]: unknown;
}

export const documentOf = (...Statement: readonly Statement[]): PolicyJson => ({
  Version: "2012-10-17",
  Statement,
});

export const allow = (
  Action: readonly string[],
  Resource: string,
  more: Statement = {},
): Statement => ({
  Effect: "Allow",
  Action,
  Resource,
  ...more,
});

/** To all but these roles. */
const denyBut = (
  names: readonly string[],
  Action: readonly string[],
  Resource: string,
  condition: Readonly<Record<string, object>> = {},
): Statement => ({
  Effect: "Deny",
  Principal: "*",
  Action,
  Resource,
  Condition: { ArnNotEquals: { "aws:PrincipalArn": names.map(roleArn) }, ...condition },
});

export const identityOf = (
  name: string,
  ...statements: readonly Statement[]
): IdentityDocuments => ({
  kind: "role",
  arn: roleArn(name),
  trust: undefined,
  maxSessionSeconds: undefined,
  hasInstanceProfile: false,
  policies: [{ name: "postern", form: "inline", document: documentOf(...statements) }],
  foreignPolicies: [],
  boundary: undefined,
});

const listing = (prefix: string): Statement =>
  allow(["s3:ListBucket"], BUCKET, { Condition: { StringLike: { "s3:prefix": prefix } } });

/** Only S3 has a policy of its endpoint; key and bucket know every role. */
export const smallDeployment: Deployment = {
  account: "111122223333",
  partition: "aws",
  buckets: [
    {
      name: "acme-secrets",
      region: "us-east-1",
      policy: documentOf(
        denyBut(["web", "ci", "infra", "emergency"], ["s3:*"], `${BUCKET}*`),
        denyBut(["web", "ci", "emergency"], ["s3:GetObject", "s3:ListBucket"], `${BUCKET}*`),
        denyBut(["ci"], ["s3:PutObject"], `${BUCKET}/*`),
        denyBut(["ci"], ["s3:DeleteObject"], `${BUCKET}/web/*`),
        denyBut(["emergency"], ["s3:GetObjectVersion"], `${BUCKET}/*`),
      ),
      settings: {
        publicAccessBlocked: true,
        ownership: "BucketOwnerEnforced",
        versioning: "Enabled",
        encryption: undefined,
      },
    },
  ],
  keys: [
    {
      arn: KEY,
      policy: documentOf(
        allow(["kms:Decrypt"], "*", {
          Principal: { AWS: ["web", "ci", "emergency"].map(roleArn) },
        }),
        allow(["kms:GenerateDataKey"], "*", { Principal: { AWS: roleArn("ci") } }),
        allow(["kms:PutKeyPolicy"], "*", {
          Principal: { AWS: ["infra", "emergency"].map(roleArn) },
        }),
      ),
      grants: [],
    },
  ],
  identities: [
    identityOf(
      "web",
      allow(["s3:GetObject"], `${BUCKET}/*`),
      listing("web/*"),
      allow(["kms:Decrypt"], KEY),
    ),
    identityOf(
      "ci",
      allow(["s3:GetObject", "s3:PutObject"], `${BUCKET}/*`),
      allow(["s3:DeleteObject"], `${BUCKET}/web/*`),
      listing("web/*"),
      allow(["kms:Decrypt", "kms:GenerateDataKey"], KEY),
    ),
    identityOf("infra", allow(["s3:PutBucketPolicy"], BUCKET), allow(["kms:PutKeyPolicy"], KEY)),
    identityOf(
      "emergency",
      allow(["s3:GetObject", "s3:GetObjectVersion"], `${BUCKET}/*`),
      allow(["s3:ListBucket"], BUCKET),
      allow(["kms:Decrypt", "kms:PutKeyPolicy"], KEY),
    ),
  ],
  endpoints: [
    {
      id: "vpce-0123456789abcdef0",
      service: "s3",
      type: "gateway",
      region: "us-east-1",
      policy: documentOf(
        allow(["s3:GetObject", "s3:ListBucket"], `${BUCKET}*`, { Principal: "*" }),
      ),
    },
  ],
};
