import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { fromInstanceMetadata } from "@aws-sdk/credential-providers";
import { parse } from "yaml";
import { loadConfig, runningUser } from "../../agent/config/load.ts";
import { startProcess, type SandboxProcess } from "../support/sandbox-process.ts";

interface Line {
  readonly env: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly role: string;
  readonly kms_key: string;
  readonly groups: readonly string[];
  readonly publisher: { readonly access_key_id: string; readonly secret_access_key: string };
}

let folder: string;
let running: SandboxProcess | undefined;
beforeEach(async () => {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  folder = await mkdtemp(join(tmpdir(), "postern-sandbox-"));
  for (const group of ["web", "db"]) await mkdir(join(folder, "seed", group), { recursive: true });
  await writeFile(join(folder, "seed/web/db_password"), "hunter2");
  await writeFile(join(folder, "seed/db/password"), "sesame");
});
afterEach(async () => {
  running?.signal("SIGKILL");
  running = undefined;
  await rm(folder, { recursive: true });
});

async function start(...args: readonly string[]): Promise<SandboxProcess> {
  running = await startProcess(...args);
  return running;
}

/** The clients of a host in the sandbox. */
async function hostOf(line: Line): Promise<{ readonly s3: S3Client; readonly kms: KMSClient }> {
  const { env, region } = line;
  process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  const credentials = await fromInstanceMetadata({ ec2MetadataV1Disabled: true })().finally(() => {
    delete process.env["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
  });
  return {
    s3: new S3Client({
      region,
      credentials,
      endpoint: env["AWS_ENDPOINT_URL_S3"] ?? "",
      maxAttempts: 1,
    }),
    kms: new KMSClient({
      region,
      credentials,
      endpoint: env["AWS_ENDPOINT_URL_KMS"] ?? "",
      maxAttempts: 1,
    }),
  };
}

async function read({ s3 }: { readonly s3: S3Client }, Bucket: string, Key: string) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToString();
}

describe("postern sandbox", () => {
  it("says in one line of JSON where everything is, serves the folder live, and ends on SIGTERM", async () => {
    const { said, signal, ended } = await start("--seed", join(folder, "seed"), "--json");
    const line = JSON.parse(said) as Line;
    assert.deepEqual(Object.keys(line.env), [
      "AWS_ENDPOINT_URL_S3",
      "AWS_ENDPOINT_URL_KMS",
      "AWS_EC2_METADATA_SERVICE_ENDPOINT",
      "AWS_REGION",
      "AWS_DEFAULT_REGION",
    ]);
    const { bucket, region, account, role, groups } = line;
    assert.deepEqual(
      { bucket, region, account, role, groups },
      {
        bucket: "postern-sandbox",
        region: "us-east-1",
        account: "111122223333",
        role: "postern-sandbox",
        groups: ["db", "web"],
      },
    );
    const host = await hostOf(line);
    assert.equal(await read(host, bucket, "web/db_password"), "hunter2");
    await writeFile(join(folder, "seed/web/db_password"), "rotated");
    assert.equal(await read(host, bucket, "web/db_password"), "rotated");
    await host.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "web/new", Body: "put" }));
    assert.equal(await read(host, bucket, "web/new"), "put");
    const sealed = await host.kms.send(
      new EncryptCommand({ KeyId: line.kms_key, Plaintext: Buffer.from("x") }),
    );
    assert.equal(sealed.KeyId, line.kms_key);
    signal("SIGTERM");
    assert.deepEqual(await ended, { code: 0, stdout: said, stderr: "" });
  });

  it("lets a restricted role read its groups, and neither others nor write", async () => {
    const args = ["--seed", join(folder, "seed"), "--json", "--role", "front=web"];
    const line = JSON.parse((await start(...args)).said) as Line;
    assert.deepEqual([line.role, line.groups], ["front", ["web"]]);
    const host = await hostOf(line);
    assert.equal(await read(host, line.bucket, "web/db_password"), "hunter2");
    const denied = { name: "AccessDenied" };
    await assert.rejects(read(host, line.bucket, "db/password"), denied);
    const put = { Bucket: line.bucket, Key: "web/new", Body: "x" };
    await assert.rejects(host.s3.send(new PutObjectCommand(put)), denied);
    const seal = new EncryptCommand({ KeyId: line.kms_key, Plaintext: Buffer.from("x") });
    await assert.rejects(host.kms.send(seal), { name: "AccessDeniedException" });
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = line.publisher;
    const publisher = new S3Client({
      region: line.region,
      endpoint: line.env["AWS_ENDPOINT_URL_S3"] ?? "",
      credentials: { accessKeyId, secretAccessKey },
    });
    await publisher.send(new PutObjectCommand(put));
    assert.equal(await read(host, line.bucket, "web/new"), "x");
  });

  it("ends with its standard input when it is told to", async () => {
    const { said, closeInput, ended } = await start("--json", "--until-eof");
    assert.equal(said.split("\n").length, 2);
    closeInput();
    assert.equal((await ended).code, 0);
  });

  it("ends on ctrl-c though its standard input stays open", async () => {
    const { signal, ended } = await start("--json", "--until-eof");
    signal("SIGINT");
    assert.equal((await ended).code, 0);
  });

  it("prints lines that a shell reads, and says on stderr what it does not serve", async () => {
    await writeFile(join(folder, "seed/README"), "");
    const { said, signal, ended } = await start(
      "--seed",
      join(folder, "seed"),
      "--region",
      "eu-west-1",
    );
    const script = `${said}\nprintf '%s\\n' "$AWS_ENDPOINT_URL_S3" "$AWS_ENDPOINT_URL_KMS" "$AWS_EC2_METADATA_SERVICE_ENDPOINT" "$AWS_REGION"`;
    const printed = execFileSync("sh", ["-euc", script], { encoding: "utf8", env: {} });
    assert.match(printed, /^(http:\/\/127\.0\.0\.1:\d+\n){3}eu-west-1\n$/);
    signal("SIGTERM");
    assert.equal(
      (await ended).stderr,
      'postern: not served: "README": expected a folder a group, and files in the folders only\n',
    );
  });

  it("writes a config for the running user, again and again, but over nobody else's file", async () => {
    const config = join(folder, "postern.yaml");
    for (const bucket of ["first", "second"]) {
      const args = [
        "--seed",
        join(folder, "seed"),
        "--json",
        "--bucket",
        bucket,
        "--write-config",
        config,
      ];
      const { said, signal, ended } = await start(...args);
      const { env } = JSON.parse(said) as Line;
      assert.deepEqual(parse(await readFile(config, "utf8")), {
        version: 1,
        bucket,
        bucket_owner: "111122223333",
        region: "us-east-1",
        endpoints: {
          s3: env["AWS_ENDPOINT_URL_S3"],
          kms: env["AWS_ENDPOINT_URL_KMS"],
          imds: env["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
          path_style: true,
        },
        paths: { run: join(folder, "run"), state: join(folder, "state") },
        defaults: { settle: "0s" },
        groups: { db: { prefix: "db/" }, web: { prefix: "web/" } },
      });
      assert.equal((await stat(config)).mode & 0o777, 0o600);
      const loaded = await loadConfig({ file: config, ...runningUser() });
      assert.equal(loaded.groups.length, 2);
      signal("SIGTERM");
      await ended;
    }
    await writeFile(config, "version: 1\n");
    const { ended } = await start("--write-config", config);
    assert.deepEqual(await ended, {
      code: 73,
      stdout: "",
      stderr: `postern: ${JSON.stringify(config)} is not a sandbox's config\npostern: hint: name a file that does not exist\n`,
    });
    assert.equal(await readFile(config, "utf8"), "version: 1\n");
  });

  it("says that a port is taken, and ends", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, stderr } = await (await start("--port-imds", String(port))).ended;
    other.close();
    assert.equal(code, 69);
    assert.match(
      stderr,
      new RegExp(`^postern: cannot listen on 127\\.0\\.0\\.1:${port}: EADDRINUSE\n`),
    );
  });

  const rows: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    [
      "a missing folder",
      ["--seed", "/nonexistent/seed"],
      66,
      /^postern: the seed folder "\/nonexistent\/seed" does not exist\n/,
    ],
    [
      "a folder that is a file",
      ["--seed", "/dev/null"],
      65,
      /^postern: the seed folder "\/dev\/null" is no folder\n/,
    ],
    [
      "a region that is none",
      ["--region", "here"],
      64,
      /^postern: --region: invalid region "here": expected /,
    ],
    [
      "an account that is none",
      ["--account", "1"],
      64,
      /^postern: --account: invalid account id "1": expected 12 digits\n/,
    ],
    [
      "a bucket that is none",
      ["--bucket", "A"],
      64,
      /^postern: --bucket: invalid bucket name "A": /,
    ],
    [
      "a role that is none",
      ["--role", "a b"],
      64,
      /^postern: --role: invalid role "a b": expected NAME or NAME=GROUP,…\n/,
    ],
    ["a role of no group", ["--role", "web="], 64, /^postern: --role: invalid group name "": /],
    [
      "a port that is none",
      ["--port-s3", "65536"],
      64,
      /^postern: --port-s3: invalid port "65536": expected 0 to 65535\n/,
    ],
    [
      "a latency without its unit",
      ["--latency", "20"],
      64,
      /^postern: --latency: invalid duration "20": expected a duration such as /,
    ],
    [
      "credentials that end at once",
      ["--credentials-lifetime", "999ms"],
      64,
      /^postern: --credentials-lifetime: invalid duration "999ms": expected 1s to 1d\n/,
    ],
    [
      "a config where none can be",
      ["--write-config", "/dev/null/x"],
      73,
      /^postern: cannot write "\/dev\/null\/x": ENOTDIR\n$/,
    ],
  ];
  for (const [why, args, code, stderr] of rows)
    it(`refuses ${why}`, async () => {
      const ended = await (await start(...args)).ended;
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, stderr);
      assert.equal(ended.stdout, "");
    });
});
