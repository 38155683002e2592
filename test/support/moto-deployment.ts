/** A deployment put into moto, as somebody who applies generated documents would. @module */
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { type BucketLocationConstraint, S3 } from "@aws-sdk/client-s3";
import type { TestContext } from "node:test";
import type {
  BucketDocuments,
  Deployment,
  IdentityDocuments,
  NamedPolicy,
} from "../../agent/policy/deployment.ts";
import { startMoto } from "./moto.ts";

export interface Cloud {
  readonly account: string;
  readonly iam: IAMClient;
  readonly s3: (region: string) => S3;
  readonly kms: (region: string) => KMS;
  /** A new key's ARN. */
  readonly makeKey: (region: string) => Promise<string>;
  /** A new endpoint's id. */
  readonly makeEndpoint: (
    region: string,
    service: "s3" | "kms",
    type: "Gateway" | "Interface",
  ) => Promise<string>;
  readonly ec2: (region: string, parameters: Readonly<Record<string, string>>) => Promise<string>;
  readonly deploy: (deployment: Deployment) => Promise<void>;
  /** By which a client finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on a client may what `policy` says of a user, and no more. */
  readonly enforce: (policy: object) => Promise<void>;
}

/** Empty; it stops after the test. */
export async function startCloud(t: TestContext): Promise<Cloud> {
  const { endpoint, region, account, credentials, stop } = await startMoto();
  t.after(stop);
  const where = { endpoint: endpoint.href, credentials };
  const s3 = (at: string): S3 => new S3({ ...where, region: at, forcePathStyle: true });
  const kms = (at: string): KMS => new KMS({ ...where, region: at });
  const iam = new IAMClient({ ...where, region });
  const ec2: Cloud["ec2"] = async (at, parameters) => {
    // moto looks at nothing of a signature but where it is for
    const scope = `Credential=AKIAIOSFODNN7EXAMPLE/20261125/${at}/ec2/aws4_request`;
    const answer = await fetch(endpoint, {
      method: "POST",
      headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0` },
      body: new URLSearchParams({ Version: "2016-11-15", ...parameters }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text;
  };
  const made = (text: string, name: string): string =>
    new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? "";
  const env: Record<string, string> = {
    AWS_ENDPOINT_URL: endpoint.origin,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const cloud: Cloud = {
    account,
    iam,
    s3,
    kms,
    ec2,
    makeKey: async (at) => (await kms(at).createKey({})).KeyMetadata?.Arn ?? "",
    makeEndpoint: async (at, service, type) => {
      const vpc = made(await ec2(at, { Action: "CreateVpc", CidrBlock: "10.0.0.0/16" }), "vpcId");
      const answer = await ec2(at, {
        Action: "CreateVpcEndpoint",
        VpcId: vpc,
        ServiceName: `com.amazonaws.${at}.${service}`,
        VpcEndpointType: type,
      });
      return made(answer, "vpcEndpointId");
    },
    deploy: async ({ buckets, keys, identities, endpoints }) => {
      for (const bucket of buckets) await deployBucket(bucket, s3(bucket.region));
      for (const { arn, policy } of keys)
        await kms(arn.split(":")[3] ?? "").putKeyPolicy({
          KeyId: arn,
          PolicyName: "default",
          Policy: JSON.stringify(policy),
          BypassPolicyLockoutSafetyCheck: true,
        });
      for (const one of identities)
        if (one.arn.split(":")[4] === account) await deployIdentity(one, iam);
      for (const { id, region: at, policy } of endpoints)
        await ec2(at, {
          Action: "ModifyVpcEndpoint",
          VpcEndpointId: id,
          PolicyDocument: JSON.stringify(policy),
        });
    },
    env,
    enforce: async (policy) => {
      const free = async (requests: number): Promise<unknown> =>
        fetch(new URL("/moto-api/reset-auth", endpoint), {
          method: "POST",
          body: String(requests),
        });
      await free(1000);
      const UserName = "who-asks";
      if (env["AWS_ACCESS_KEY_ID"] === credentials.accessKeyId) {
        await iam.send(new CreateUserCommand({ UserName }));
        const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
        env["AWS_ACCESS_KEY_ID"] = AccessKey?.AccessKeyId ?? "";
        env["AWS_SECRET_ACCESS_KEY"] = AccessKey?.SecretAccessKey ?? "";
      }
      const PolicyDocument = JSON.stringify(policy);
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "asking", PolicyDocument }));
      await free(0);
    },
  };
  t.after(() => iam.destroy());
  return cloud;
}

async function deployBucket(bucket: BucketDocuments, s3: S3): Promise<void> {
  const { name: Bucket, region, policy, settings } = bucket;
  const { ownership, versioning, encryption } = settings;
  await s3.createBucket({
    Bucket,
    ...(region !== "us-east-1" && {
      CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint },
    }),
  });
  await s3.putBucketPolicy({ Bucket, Policy: JSON.stringify(policy) });
  await s3.putPublicAccessBlock({
    Bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
  });
  await s3.putBucketOwnershipControls({
    Bucket,
    OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] },
  });
  await s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: versioning } });
  await s3.putBucketEncryption({
    Bucket,
    ServerSideEncryptionConfiguration: {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: {
            SSEAlgorithm: encryption?.algorithm,
            KMSMasterKeyID: encryption?.key,
          },
          BucketKeyEnabled: encryption?.bucketKey,
        },
      ],
    },
  });
  s3.destroy();
}

/** Those that were there before get a trust policy of their own. */
const SOME_TRUST = {
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { Service: "ec2.amazonaws.com" },
    Action: "sts:AssumeRole",
  },
};

async function deployIdentity(one: IdentityDocuments, iam: IAMClient): Promise<void> {
  // of a permission set, the role that this account has of it
  const [, path = "/", name = ""] =
    /:(?:role|user)(\/.*?)([^/]+)$/.exec(one.arn.replaceAll("?", "0")) ?? [];
  if (one.kind === "user") await iam.send(new CreateUserCommand({ UserName: name, Path: path }));
  else
    await iam.send(
      new CreateRoleCommand({
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: JSON.stringify(one.trust ?? SOME_TRUST),
        MaxSessionDuration: one.maxSessionSeconds,
      }),
    );
  if (one.hasInstanceProfile) {
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
    await iam.send(
      new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }),
    );
  }
  for (const policy of one.policies)
    await (policy.form === "inline" ? putInline : attachNew)(one, name, policy, iam);
  for (const arn of one.foreignPolicies) await attach(one, name, arn, iam);
}

async function putInline(
  { kind }: IdentityDocuments,
  name: string,
  policy: NamedPolicy,
  iam: IAMClient,
): Promise<void> {
  const put = { PolicyName: policy.name, PolicyDocument: JSON.stringify(policy.document) };
  await (kind === "user"
    ? iam.send(new PutUserPolicyCommand({ UserName: name, ...put }))
    : iam.send(new PutRolePolicyCommand({ RoleName: name, ...put })));
}

async function attachNew(
  one: IdentityDocuments,
  name: string,
  { name: PolicyName, document }: NamedPolicy,
  iam: IAMClient,
): Promise<void> {
  const made = await iam.send(
    new CreatePolicyCommand({
      PolicyName,
      Path: "/postern/",
      PolicyDocument: JSON.stringify(document),
    }),
  );
  await attach(one, name, made.Policy?.Arn ?? "", iam);
}

async function attach(
  { kind }: IdentityDocuments,
  name: string,
  PolicyArn: string,
  iam: IAMClient,
): Promise<void> {
  await (kind === "user"
    ? iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn }))
    : iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn })));
}
