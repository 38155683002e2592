/** A deployment as AWS's command line would print it, and one to begin with. @module */
import type { ExportedFile } from "../../agent/audit/exported.ts";
import type { Deployment, IdentityDocuments } from "../../agent/policy/deployment.ts";

const A = "111122223333";
const role = (name: string): string => `arn:aws:iam::${A}:role/postern/${name}`;
export const KEY: string = `arn:aws:kms:us-east-1:${A}:key/11111111-1111-1111-1111-111111111111`;
export const BUCKET: string = "acme-secrets";
const bucket = `arn:aws:s3:::${BUCKET}`;

const document = (...statements: readonly Readonly<Record<string, unknown>>[]) => ({
  Version: "2012-10-17",
  Statement: statements,
});

const trust = (service: string) =>
  document({
    Sid: "Trust",
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
  });

const web: IdentityDocuments = {
  kind: "role",
  arn: role("web"),
  trust: trust("ec2.amazonaws.com"),
  maxSessionSeconds: 3600,
  hasInstanceProfile: true,
  policies: [
    {
      name: "postern",
      form: "inline",
      document: document(
        { Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: `${bucket}/web/*` },
        {
          Sid: "List",
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: bucket,
          Condition: { StringLike: { "s3:prefix": ["web/", "web/*"] } },
        },
        {
          Sid: "Decrypt",
          Effect: "Allow",
          Action: "kms:Decrypt",
          Resource: KEY,
          Condition: { StringLike: { "kms:EncryptionContext:aws:s3:arn": `${bucket}/web/*` } },
        },
      ),
    },
  ],
  foreignPolicies: ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
  boundary: undefined,
};

/** A group, its reader and its deployer, made by hand. */
export const SMALL: Deployment = {
  account: A,
  partition: "aws",
  buckets: [
    {
      name: BUCKET,
      region: "us-east-1",
      policy: document(
        {
          Sid: "DenyInsecure",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [bucket, `${bucket}/*`],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
        {
          Sid: "ClosedWorld",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: [bucket, `${bucket}/*`],
          Condition: { ArnNotEquals: { "aws:PrincipalArn": [role("web"), role("infra")] } },
        },
        {
          Sid: "DenyHistory",
          Effect: "Deny",
          Principal: "*",
          Action: ["s3:GetObjectVersion", "s3:ListBucketVersions"],
          Resource: [bucket, `${bucket}/*`],
          Condition: { ArnNotEquals: { "aws:PrincipalArn": role("infra") } },
        },
      ),
      settings: {
        publicAccessBlocked: true,
        ownership: "BucketOwnerEnforced",
        versioning: "Enabled",
        encryption: { algorithm: "aws:kms", key: KEY, bucketKey: false },
      },
    },
  ],
  keys: [
    {
      arn: KEY,
      policy: document(
        {
          Sid: "Administer",
          Effect: "Allow",
          Principal: { AWS: role("infra") },
          Action: ["kms:PutKeyPolicy", "kms:Describe*"],
          Resource: "*",
        },
        {
          Sid: "Use",
          Effect: "Allow",
          Principal: { AWS: role("web") },
          Action: "kms:Decrypt",
          Resource: "*",
          Condition: { StringEquals: { "kms:ViaService": "s3.us-east-1.amazonaws.com" } },
        },
      ),
      grants: [],
    },
  ],
  identities: [
    web,
    {
      kind: "role",
      arn: role("infra"),
      trust: document({
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${A}:user/alice` },
        Action: "sts:AssumeRole",
      }),
      maxSessionSeconds: 3600,
      hasInstanceProfile: false,
      policies: [
        {
          name: "postern",
          form: "inline",
          document: document({
            Effect: "Allow",
            Action: ["s3:PutBucketPolicy", "s3:GetObjectVersion"],
            Resource: [bucket, `${bucket}/*`],
          }),
        },
      ],
      foreignPolicies: [],
      boundary: undefined,
    },
  ],
  endpoints: [
    {
      id: "vpce-0123456789abcdef0",
      service: "s3",
      type: "gateway",
      region: "us-east-1",
      policy: document({
        Effect: "Allow",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucket, `${bucket}/*`],
      }),
    },
  ],
};

/** By how people export roles: the whole account at once, or role by role. */
export type Style = "account" | "single";

/** Every output, in the folders that the printed script makes. */
export function exportOf(deployment: Deployment, style: Style): readonly ExportedFile[] {
  const files: Record<string, unknown> = {};
  for (const one of deployment.buckets) Object.assign(files, bucketFiles(one));
  for (const { arn, policy, grants } of deployment.keys) {
    const folder = `keys/${arn.split(":")[3] ?? ""}/${nameOf(arn)}`;
    files[`${folder}/describe-key.json`] = { KeyMetadata: { KeyId: nameOf(arn), Arn: arn } };
    files[`${folder}/get-key-policy.json`] = {
      Policy: JSON.stringify(policy),
      PolicyName: "default",
    };
    files[`${folder}/list-grants.json`] = { Grants: grants };
  }
  for (const one of deployment.identities) Object.assign(files, identityFiles(one, style));
  if (style === "account")
    files["iam/get-account-authorization-details.json"] = accountFile(deployment.identities);
  for (const { id, service, type, region, policy } of deployment.endpoints)
    files[`endpoints/${id}/describe-vpc-endpoints.json`] = {
      VpcEndpoints: [
        {
          VpcEndpointId: id,
          VpcEndpointType: type === "gateway" ? "Gateway" : "Interface",
          ServiceName: `com.amazonaws.${region}.${service}`,
          PolicyDocument: JSON.stringify(policy),
        },
      ],
    };
  return Object.entries(files).map(([path, value]) => ({ path, text: JSON.stringify(value) }));
}

function bucketFiles({ name, region, policy, settings }: Deployment["buckets"][number]) {
  const { publicAccessBlocked: blocked, ownership, versioning, encryption } = settings;
  const four = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
  ];
  const files = {
    "get-bucket-location": { LocationConstraint: region === "us-east-1" ? null : region },
    "get-bucket-policy":
      policy === undefined ? { Absent: "NoSuchBucketPolicy" } : { Policy: JSON.stringify(policy) },
    "get-public-access-block": {
      PublicAccessBlockConfiguration: Object.fromEntries(
        four.map((one) => [one, blocked ?? false]),
      ),
    },
    "get-bucket-ownership-controls":
      ownership === undefined
        ? { Absent: "OwnershipControlsNotFoundError" }
        : { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } },
    "get-bucket-versioning": versioning === undefined ? {} : { Status: versioning },
    "get-bucket-encryption":
      encryption === undefined
        ? { Absent: "ServerSideEncryptionConfigurationNotFoundError" }
        : {
            ServerSideEncryptionConfiguration: {
              Rules: [
                {
                  ApplyServerSideEncryptionByDefault: {
                    SSEAlgorithm: encryption.algorithm,
                    KMSMasterKeyID: encryption.key,
                  },
                  BucketKeyEnabled: encryption.bucketKey,
                },
              ],
            },
          },
  };
  return Object.fromEntries(
    Object.entries(files).map(([call, value]) => [`buckets/${name}/${call}.json`, value]),
  );
}

function identityFiles(one: IdentityDocuments, style: Style): Readonly<Record<string, unknown>> {
  const name = nameOf(one.arn);
  if (one.kind !== "role") return {};
  const folder = `roles/${name}`;
  const role = {
    [`${folder}/get-role.json`]: {
      Role: {
        Arn: one.arn,
        RoleName: name,
        AssumeRolePolicyDocument: one.trust ?? trust("ec2.amazonaws.com"),
        MaxSessionDuration: one.maxSessionSeconds,
        ...boundaryOf(one),
      },
    },
  };
  if (style === "account") return role;
  const inline = one.policies.filter(({ form }) => form === "inline");
  return {
    ...role,
    [`${folder}/list-role-policies.json`]: { PolicyNames: inline.map((policy) => policy.name) },
    ...Object.fromEntries(
      inline.map((policy) => [
        `${folder}/${policy.name}.json`,
        // as the API itself answers
        {
          RoleName: name,
          PolicyName: policy.name,
          PolicyDocument: encodeURIComponent(JSON.stringify(policy.document)),
        },
      ]),
    ),
    [`${folder}/list-attached-role-policies.json`]: { AttachedPolicies: attachedOf(one) },
    [`${folder}/list-instance-profiles-for-role.json`]: {
      InstanceProfiles: one.hasInstanceProfile
        ? [{ InstanceProfileName: name, Roles: [{ Arn: one.arn, RoleName: name }] }]
        : [],
    },
    ...Object.fromEntries(
      managedOf(one).flatMap(({ arn, document: text }) => [
        [`policies/${nameOf(arn)}/get-policy.json`, { Policy: { Arn: arn } }],
        [
          `policies/${nameOf(arn)}/get-policy-version.json`,
          { PolicyVersion: { Document: text, IsDefaultVersion: true, VersionId: "v1" } },
        ],
      ]),
    ),
  };
}

function accountFile(identities: readonly IdentityDocuments[]): unknown {
  const inlineOf = (one: IdentityDocuments) =>
    one.policies
      .filter(({ form }) => form === "inline")
      .map((policy) => ({ PolicyName: policy.name, PolicyDocument: policy.document }));
  const own = (one: IdentityDocuments) => ({
    // a permission set has a role in each account that it is provisioned in
    Arn: one.arn.replaceAll("?", "0"),
    AttachedManagedPolicies: attachedOf(one),
    ...boundaryOf(one),
  });
  return {
    RoleDetailList: identities
      .filter(({ kind }) => kind !== "user")
      .map((one) => ({
        ...own(one),
        AssumeRolePolicyDocument: one.trust ?? trust("ec2.amazonaws.com"),
        RolePolicyList: inlineOf(one),
        InstanceProfileList: one.hasInstanceProfile
          ? [{ InstanceProfileName: nameOf(one.arn) }]
          : [],
      })),
    UserDetailList: identities
      .filter(({ kind }) => kind === "user")
      .map((one) => ({ ...own(one), UserPolicyList: inlineOf(one), GroupList: [] })),
    GroupDetailList: [],
    Policies: identities.flatMap(managedOf).map(({ arn, document: text }) => ({
      Arn: arn,
      PolicyVersionList: [{ Document: text, IsDefaultVersion: true, VersionId: "v1" }],
    })),
  };
}

function managedOf(one: IdentityDocuments) {
  const boundary = one.boundary === undefined ? [] : [{ arn: boundaryArn, document: one.boundary }];
  return [
    ...one.policies
      .filter(({ form }) => form === "managed")
      .map((policy) => ({
        arn: `arn:aws:iam::${A}:policy/${policy.name}`,
        document: policy.document,
      })),
    ...boundary,
  ];
}

const boundaryArn = `arn:aws:iam::${A}:policy/boundary`;

function boundaryOf({ boundary }: IdentityDocuments) {
  return boundary === undefined
    ? {}
    : { PermissionsBoundary: { PermissionsBoundaryArn: boundaryArn } };
}

function attachedOf(one: IdentityDocuments) {
  const own = one.policies
    .filter(({ form }) => form === "managed")
    .map(({ name }) => `arn:aws:iam::${A}:policy/${name}`);
  return [...own, ...one.foreignPolicies].map((arn) => ({
    PolicyName: nameOf(arn),
    PolicyArn: arn,
  }));
}

function nameOf(arn: string): string {
  return arn.split("/").at(-1) ?? "";
}
