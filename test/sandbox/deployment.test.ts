import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { AuthorisationRequest } from "../../agent/sandbox/authorise.ts";
import type { Network } from "../../agent/sandbox/request-context.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import {
  ACCOUNT,
  BUCKET,
  DEPLOYMENT,
  documentOf,
  KEY,
  REGION,
  VPC,
  VPCE,
} from "../support/deployment.ts";
import { errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const inside: Network = { vpc: VPC, vpce: VPCE };

/** With an object in each group, under the deployment's key. */
async function deployed(t: TestContext, network: Network = inside): Promise<Sandbox> {
  const sandbox = await sandboxFor(t, { deployment: DEPLOYMENT, network });
  const encryption = { kind: "aws:kms", keyArn: KEY, bucketKey: false } as const;
  for (const key of ["web/a", "db/a"]) await sandbox.put(key, Buffer.from("value"), { encryption });
  return sandbox;
}

/** On an instance of that role: the credentials are the metadata service's. */
async function onHost(t: TestContext, sandbox: Sandbox, role: string): Promise<S3Client> {
  const url = await sandbox.addInstance(role);
  const before = process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = url.href;
  const { accessKeyId, secretAccessKey, sessionToken = "" } = await fromInstanceMetadata()();
  if (before === undefined) delete process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  else process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = before;
  return s3Client(t, sandbox, { accessKeyId, secretAccessKey, sessionToken });
}

const SHARED_KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";

/** A key and a role are of both buckets. */
const SEVERAL = `version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
further_buckets: { acme-secrets-2: {} }
keys: { one: "${SHARED_KEY}" }
principals:
  web: { kind: ec2 }
  both: { kind: ec2 }
  infra: { kind: existing, role: infra }
groups:
  web: { prefix: web/, sse: { type: kms, key: one, header: required }, readers: [web, both] }
  pay:
    bucket: acme-secrets-2
    prefix: pay/
    sse: { type: kms, key: one, header: required }
    readers: [both]
deployers: [infra]
break_glass: [infra]
`;

const get = (Key: string): GetObjectCommand => new GetObjectCommand({ Bucket: BUCKET, Key });

describe("a deployment in a sandbox", () => {
  it("says where everything is, and is in place", async (t) => {
    const sandbox = await deployed(t, {});
    const { account, region, bucket, role } = sandbox;
    assert.deepEqual(
      { account, region, bucket, role },
      {
        account: ACCOUNT,
        region: REGION,
        bucket: BUCKET,
        role: "web",
      },
    );
    const owner = s3Client(t, sandbox);
    const { Policy = "" } = await owner.send(new GetBucketPolicyCommand({ Bucket: BUCKET }));
    assert.deepEqual(JSON.parse(Policy), DEPLOYMENT.buckets[0]?.policy);
    const encryption = await owner.send(new GetBucketEncryptionCommand({ Bucket: BUCKET }));
    const [rule] = encryption.ServerSideEncryptionConfiguration?.Rules ?? [];
    assert.equal(rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID, KEY);
    assert.equal(sandbox.buckets.get(BUCKET)?.versioning(), "Enabled");
  });

  it("lets a host read its own group, through its endpoint and the key, and no other", async (t) => {
    const sandbox = await deployed(t);
    const web = await onHost(t, sandbox, "web");
    assert.equal(await (await web.send(get("web/a"))).Body?.transformToString(), "value");
    const list = new ListObjectsV2Command({ Bucket: BUCKET, Prefix: "web/" });
    assert.equal((await web.send(list)).KeyCount, 1);
    await assert.rejects(web.send(get("db/a")), /with an explicit deny in a resource-based policy/);
    const denial = sandbox.log.entries().at(-1)?.denial;
    assert.deepEqual(denial, {
      layer: "resource",
      explicit: true,
      statement: { policy: BUCKET, index: 2, sid: "Closeddb" },
    });
  });

  it("lets a host read its groups in several buckets, each in its own alone", async (t) => {
    const [first, second] = ["acme-secrets", "acme-secrets-2"];
    const deployment = generateDeployment(parseMap(SEVERAL, "several.yaml"));
    const sandbox = await sandboxFor(t, { deployment, bucket: second });
    const encryption = { kind: "aws:kms", keyArn: SHARED_KEY, bucketKey: false } as const;
    await sandbox.put("pay/a", Buffer.from("value"), { encryption });
    const reading = (
      client: S3Client,
      Bucket: string | undefined,
    ): Promise<GetObjectCommandOutput> =>
      client.send(new GetObjectCommand({ Bucket, Key: "pay/a" }));
    const both = await onHost(t, sandbox, "both");
    assert.equal(await (await reading(both, second)).Body?.transformToString(), "value");
    await assert.rejects(reading(both, first), /no identity-based policy|explicit deny/);
    const web = await onHost(t, sandbox, "web");
    await assert.rejects(reading(web, second), /with an explicit deny in a resource-based policy/);
    assert.equal(sandbox.log.entries().at(-1)?.denial?.statement?.sid, "ClosedWorld");
  });

  it("stops who has every right, by bucket and by key", async (t) => {
    const sandbox = await deployed(t, {});
    const owner = s3Client(t, sandbox);
    await assert.rejects(owner.send(get("db/a")), /explicit deny in a resource-based policy/);
    const encryption = { kind: "aws:kms", keyArn: KEY, bucketKey: false } as const;
    await sandbox.put("other/a", Buffer.from("value"), { encryption });
    await assert.rejects(
      owner.send(get("other/a")),
      /kms:Decrypt on resource: .* because no resource-based policy allows the kms:Decrypt action/,
    );
  });

  const elsewhere: readonly (readonly [why: string, network: Network, message: RegExp])[] = [
    ["from outside", {}, /explicit deny in an identity-based policy/],
    ["from a public address", { sourceIp: "203.0.113.7" }, /explicit deny in an identity-based/],
    ["from another address", { ...inside, vpcSourceIp: "10.0.0.11" }, /explicit deny in an iden/],
  ];
  for (const [why, network, message] of elsewhere)
    it(`stops a host's credentials ${why}`, async (t) => {
      const sandbox = await deployed(t, network);
      const web = await onHost(t, sandbox, "web");
      await assert.rejects(web.send(get("web/a")), message);
    });

  it("lets nothing through an endpoint but what its policy allows", async (t) => {
    const sandbox = await deployed(t);
    const owner = s3Client(t, sandbox);
    const policy = new GetBucketPolicyCommand({ Bucket: BUCKET });
    await assert.rejects(
      owner.send(policy),
      /because no VPC endpoint policy allows the s3:GetBucketPolicy action/,
    );
  });

  it("knows users by their path, and what a write asks for", async (t) => {
    const sandbox = await deployed(t, {});
    const writer = s3Client(t, sandbox, sandbox.credentials.addUser("writer"));
    const put = { Bucket: BUCKET, Key: "web/b", Body: "x" };
    assert.equal(await errorOf(writer.send(new PutObjectCommand(put))), "AccessDenied");
    const created = new PutObjectCommand({ ...put, IfNoneMatch: "*" });
    assert.equal((await writer.send(created)).SSEKMSKeyId, KEY);
  });

  const wrong: readonly (readonly [why: string, options: SandboxOptions, message: RegExp])[] = [
    ["another account", { account: "999999999999" }, /account: expected 999999999999, got/],
    ["another region", { region: "us-east-1" }, /region: expected us-east-1, got "eu-central-1"/],
    ["another bucket", { bucket: "other" }, /bucket: expected other, got "acme-secrets"/],
    ["a role that no host has", { role: "api" }, /role: expected api, got "web", "db"/],
    [
      "a document that is none",
      {
        deployment: {
          ...DEPLOYMENT,
          buckets: DEPLOYMENT.buckets.map((one) => ({ ...one, policy: documentOf({}) })),
        },
      },
      /acme-secrets: Statement\[0\]/,
    ],
  ];
  for (const [why, options, message] of wrong)
    it(`is refused for ${why}`, async () => {
      await assert.rejects(startSandbox({ deployment: DEPLOYMENT, ...options }), message);
    });
});

describe("the context of a request", () => {
  it("has what AWS says of an instance, its network, and what it asks", async (t) => {
    const sandbox = await deployed(t);
    const asked: AuthorisationRequest[] = [];
    const web = await onHost(t, sandbox, "web");
    sandbox.setAuthoriser({
      decide(request) {
        asked.push(request);
        return { allowed: true };
      },
    });
    await web.send(get("web/a"));
    const [read, decrypt] = asked.map(({ context }) =>
      Object.fromEntries(Object.entries(context).map(([key, values]) => [key, values.join()])),
    );
    assert.ok(read !== undefined && decrypt !== undefined);
    const instance = read["ec2:SourceInstanceARN"] ?? "";
    assert.match(instance, /^arn:aws:ec2:eu-central-1:111122223333:instance\/i-[0-9a-f]{17}$/);
    const caller = {
      "aws:PrincipalArn": `arn:aws:iam::${ACCOUNT}:role/postern/web`,
      "aws:PrincipalAccount": ACCOUNT,
      "aws:userid": `AROA38A71CBDA245EB011:${instance.split("/")[1]}`,
      "aws:MultiFactorAuthPresent": "false",
      "ec2:RoleDelivery": "2.0",
      "ec2:SourceInstanceARN": instance,
      "aws:Ec2InstanceSourceVpc": VPC,
      "aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.10",
      "aws:SecureTransport": "true",
      "aws:CurrentTime": read["aws:CurrentTime"],
      "aws:EpochTime": read["aws:EpochTime"],
      "aws:RequestedRegion": REGION,
      "aws:ResourceAccount": ACCOUNT,
    };
    assert.deepEqual(read, {
      ...caller,
      "aws:SourceVpc": VPC,
      "aws:SourceVpce": VPCE,
      "aws:VpcSourceIp": "10.0.0.10",
      "s3:ResourceAccount": ACCOUNT,
      "s3:TlsVersion": "1.3",
      "s3:authType": "REST-HEADER",
      "s3:signatureversion": "AWS4-HMAC-SHA256",
      "s3:x-amz-content-sha256": read["s3:x-amz-content-sha256"],
    });
    assert.deepEqual(decrypt, {
      ...caller,
      "aws:ViaAWSService": "true",
      "kms:ViaService": "s3.eu-central-1.amazonaws.com",
      "kms:CallerAccount": ACCOUNT,
      "kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
      "kms:EncryptionContext:aws:s3:arn": `arn:aws:s3:::${BUCKET}/web/a`,
      "kms:EncryptionContextKeys": "aws:s3:arn",
      "kms:KeyOrigin": "AWS_KMS",
      "kms:KeySpec": "SYMMETRIC_DEFAULT",
      "kms:KeyUsage": "ENCRYPT_DECRYPT",
      "kms:MultiRegion": "false",
    });
  });
});
