import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { afterEach, before, describe, it } from "node:test";
import { parseNetwork } from "../../agent/cli/sandbox-network.ts";
import { deploymentFiles } from "../../agent/generate/files.ts";
import type { Network } from "../../agent/sandbox/request-context.ts";
import { ACCOUNT, BUCKET, DEPLOYMENT, KEY, REGION, VPC, VPCE } from "../support/deployment.ts";
import { startProcess, type SandboxProcess } from "../support/sandbox-process.ts";
import { tempDir } from "../support/temp.ts";

interface Line {
  readonly env: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly role: string;
  readonly kms_key: string;
  readonly publishers: Readonly<
    Record<string, { readonly access_key_id: string; readonly secret_access_key: string }>
  >;
}

const folder = tempDir();
const policies = join(folder, "policies");
before(() => {
  for (const { path, text } of deploymentFiles(DEPLOYMENT)) {
    mkdirSync(dirname(join(policies, path)), { recursive: true });
    writeFileSync(join(policies, path), text);
  }
  for (const group of ["web", "db"]) {
    mkdirSync(join(folder, "seed", group), { recursive: true });
    writeFileSync(join(folder, "seed", group, "a"), group);
  }
});

let running: SandboxProcess | undefined;
afterEach(() => {
  running?.signal("SIGKILL");
  running = undefined;
});

async function start(...args: readonly string[]): Promise<SandboxProcess> {
  running = await startProcess("--policies", policies, "--json", ...args);
  return running;
}

async function lineOf(...args: readonly string[]): Promise<Line> {
  return JSON.parse((await start("--seed", join(folder, "seed"), ...args)).said) as Line;
}

/** What comes of a read by the host's role. */
async function readBy(line: Line, Key: string): Promise<string> {
  process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = line.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  const credentials = await fromInstanceMetadata({ ec2MetadataV1Disabled: true })().finally(() => {
    delete process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  });
  const client = clientOf(line, credentials);
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: line.bucket, Key }));
    return (await Body?.transformToString()) ?? "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    client.destroy();
  }
}

function clientOf(
  { env, region }: Line,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): S3Client {
  const endpoint = env["AWS_ENDPOINT_URL_S3"] ?? "";
  return new S3Client({ region, credentials, endpoint, forcePathStyle: true, maxAttempts: 1 });
}

describe("postern sandbox --policies", () => {
  it("is where the documents are, and lets them decide", async () => {
    const line = await lineOf();
    const { bucket, region, account, role, kms_key } = line;
    assert.deepEqual(
      [bucket, region, account, role, kms_key],
      [BUCKET, REGION, ACCOUNT, "web", KEY],
    );
    assert.equal(await readBy(line, "web/a"), "web");
    assert.match(await readBy(line, "db/a"), /explicit deny in a resource-based policy/);
  });

  it("has the host's role that --role names", async () => {
    const line = await lineOf("--role", "db");
    assert.equal(line.role, "db");
    assert.equal(await readBy(line, "db/a"), "db");
    assert.match(await readBy(line, "web/a"), /explicit deny in a resource-based policy/);
  });

  it("has requests come from where --network says", async () => {
    const line = await lineOf("--network", "public-ip=203.0.113.7");
    assert.match(await readBy(line, "web/a"), /explicit deny in an identity-based policy/);
  });

  it("has credentials of who is no host", async () => {
    const line = await lineOf("--network", "public-ip=203.0.113.7");
    const { writer } = line.publishers;
    assert.deepEqual(Object.keys(line.publishers), ["writer"]);
    assert.ok(writer !== undefined);
    const client = clientOf(line, {
      accessKeyId: writer.access_key_id,
      secretAccessKey: writer.secret_access_key,
    });
    const put = { Bucket: line.bucket, Key: "web/b", Body: "x", IfNoneMatch: "*" };
    await client.send(new PutObjectCommand(put));
    await assert.rejects(
      client.send(new PutObjectCommand({ ...put, Key: "db/b" })),
      /because no identity-based policy allows the s3:PutObject action/,
    );
    client.destroy();
  });

  const refused: readonly (readonly [
    why: string,
    args: readonly string[],
    code: number,
    message: RegExp,
  ])[] = [
    ["another bucket", ["--bucket", "other-one"], 64, /bucket: expected other-one, got "acme-sec/],
    ["another account", ["--account", "999999999999"], 64, /account: expected 999999999999, got/],
    ["another region", ["--region", "us-east-1"], 64, /region: expected us-east-1, got "eu-cent/],
    ["a role that is no host's", ["--role", "api"], 64, /role: expected api, got "web", "db"/],
    ["rights beside the policies'", ["--role", "web=db"], 64, /expected no rights beside theirs/],
    ["publishers beside the policies'", ["--publisher", "a=write:web"], 64, /no rights beside/],
    ["no such folder", ["--policies", join(folder, "none")], 66, /cannot read the policies in/],
    ["a folder of something else", ["--policies", join(folder, "seed")], 65, /index\.json/],
    ["an odd network", ["--network", "vpc=x"], 64, /invalid network "vpc=x": expected vpce=/],
    ["an odd organisation", ["--org", "acme"], 64, /invalid organisation "acme"/],
  ];
  for (const [why, args, code, message] of refused)
    it(`refuses ${why}`, async () => {
      const ended = await (await start(...args)).ended;
      assert.match(ended.stderr, message);
      assert.equal(ended.code, code);
      assert.equal(ended.stdout, "");
    });
});

describe("a network", () => {
  const rows: readonly (readonly [text: string, network: Network])[] = [
    [`vpce=${VPCE},vpc=${VPC},ip=10.0.0.5`, { vpce: VPCE, vpc: VPC, vpcSourceIp: "10.0.0.5" }],
    [`kms-vpce=${VPCE}`, { kmsVpce: VPCE }],
    ["public-ip=2001:db8::1", { sourceIp: "2001:db8::1" }],
  ];
  for (const [text, network] of rows)
    it(`is read: ${text}`, () => {
      assert.deepEqual(parseNetwork(text), network);
    });
});
