/** The sandbox's S3 before its judges: clients that were written for the real one. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import {
  awsEnvironment,
  runClient,
  temporaryFolder,
  unlessFound,
  unlessImports,
  type Outcome,
} from "../support/judge.ts";
import { sandboxFor } from "../support/sandbox.ts";
import { exchange } from "../support/wire.ts";

const BUCKET = "s3://postern-sandbox";
const MIB = 1024 * 1024;
const NAMES = ["plain", "with space+plus&amp.txt", "sub/ünï🙂", "sub/a%2Fb=c", "sub/deep/'(q)*!"];

interface Bench {
  readonly sandbox: Sandbox;
  readonly home: string;
  /** Runs the client and insists that it succeeds. */
  readonly run: (...args: readonly string[]) => Promise<string>;
}

type Prepare = (sandbox: Sandbox, home: string) => Readonly<Record<string, string>>;

/** A sandbox, a folder with a tree of awkward names and 20 MiB of noise, and a client that knows both. */
async function bench(t: TestContext, client: string, prepare: Prepare): Promise<Bench> {
  const sandbox = await sandboxFor(t);
  const home = temporaryFolder(t);
  for (const name of NAMES) {
    mkdirSync(join(home, "tree", name, ".."), { recursive: true });
    writeFileSync(join(home, "tree", name), `content of ${name}`);
  }
  writeFileSync(join(home, "big"), randomBytes(20 * MIB));
  const env = prepare(sandbox, home);
  return {
    sandbox,
    home,
    run: async (...args) => {
      const outcome = await runClient(client, args, home, env);
      assert.equal(outcome.code, 0, `${args.join(" ")}: ${outcome.stderr}${outcome.stdout}`);
      return outcome.stdout;
    },
  };
}

function assertSameTree(home: string, copy: string): void {
  for (const name of NAMES)
    assert.equal(readFileSync(join(home, copy, name), "utf8"), `content of ${name}`, name);
}

function assertSameBig(home: string, copy: string): void {
  assert.ok(readFileSync(join(home, "big")).equals(readFileSync(join(home, copy))));
}

function keysOf(sandbox: Sandbox, prefix: string): readonly string[] {
  const bucket = sandbox.buckets.get(sandbox.bucket);
  const keys = bucket?.keys().filter((key) => bucket.current(key)?.kind === "object") ?? [];
  return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

async function fetchUrl(sandbox: Sandbox, printed: string): Promise<string> {
  const { pathname, search } = new URL(printed.trim());
  return (await exchange(sandbox.endpoints.s3, { path: `${pathname}${search}` })).text;
}

describe("the AWS CLI", () => {
  const options = { skip: unlessFound("aws") };
  const aws: Prepare = (sandbox, home) => {
    // left alone, this CLI presigns with the Signature Version 2 that most regions no longer take
    mkdirSync(join(home, ".aws"));
    writeFileSync(join(home, ".aws", "config"), "[default]\ns3 =\n  signature_version = s3v4\n");
    return awsEnvironment(sandbox);
  };

  it("copies, lists, syncs, moves and removes", options, async (t) => {
    const { sandbox, home, run } = await bench(t, "aws", aws);
    assert.match(await run("s3", "ls"), /postern-sandbox/);
    await run("s3", "sync", "tree", `${BUCKET}/t/`);
    assert.deepEqual(keysOf(sandbox, "t/").toSorted(), NAMES.toSorted());
    assert.match(await run("s3", "ls", "--recursive", `${BUCKET}/t/`), /sub\/ünï🙂/);
    await run("s3", "sync", `${BUCKET}/t/`, "back");
    assertSameTree(home, "back");
    assert.equal(await run("s3", "cp", `${BUCKET}/t/plain`, "-"), "content of plain");
    await run("s3", "mv", `${BUCKET}/t/plain`, `${BUCKET}/t/moved`);
    await run("s3", "rm", "--recursive", `${BUCKET}/t/sub/`);
    assert.deepEqual(keysOf(sandbox, "t/"), ["moved", "with space+plus&amp.txt"]);
  });

  it("sends and fetches 20 MiB in parts", options, async (t) => {
    const { sandbox, home, run } = await bench(t, "aws", aws);
    await run("s3", "cp", "big", `${BUCKET}/big`, "--no-progress");
    await run("s3", "cp", `${BUCKET}/big`, "big2", "--no-progress");
    assertSameBig(home, "big2");
    const operations = sandbox.log.entries().map(({ operation }) => operation);
    assert.equal(operations.filter((operation) => operation === "UploadPart").length, 3);
  });

  it("presigns what curl can fetch", options, async (t) => {
    const { sandbox, run } = await bench(t, "aws", aws);
    await sandbox.put("a b", Buffer.from("value"));
    const url = await run("s3", "presign", `${BUCKET}/a b`);
    assert.equal(await fetchUrl(sandbox, url), "value");
  });

  it("sees versions, and restores one", options, async (t) => {
    const { sandbox, run } = await bench(t, "aws", aws);
    const { versionId } = await sandbox.put("a", Buffer.from("old"));
    await sandbox.put("a", Buffer.from("new"));
    const at = ["--bucket", "postern-sandbox"];
    const ids = ["--query", "Versions[].VersionId", "--output", "json"];
    const listed = await run("s3api", "list-object-versions", ...at, ...ids);
    assert.equal((JSON.parse(listed) as string[])[1], versionId);
    const source = `postern-sandbox/a?versionId=${versionId}`;
    await run("s3api", "copy-object", ...at, "--key", "a", "--copy-source", source);
    assert.equal(await run("s3", "cp", `${BUCKET}/a`, "-"), "old");
    await run("s3api", "delete-object", ...at, "--key", "a", "--version-id", versionId);
    assert.equal(sandbox.buckets.get("postern-sandbox")?.versions("a").length, 2);
  });

  const refusals: readonly (readonly [
    why: string,
    env: (sandbox: Sandbox) => Readonly<Record<string, string>>,
    code: RegExp,
  ])[] = [
    [
      "a wrong secret",
      (sandbox) => ({ ...awsEnvironment(sandbox), AWS_SECRET_ACCESS_KEY: "wrong" }),
      /SignatureDoesNotMatch/,
    ],
    [
      "a missing token",
      (sandbox) => {
        const { accessKeyId, secretAccessKey } = sandbox.credentials.issue("web");
        return awsEnvironment(sandbox, { accessKeyId, secretAccessKey });
      },
      /InvalidAccessKeyId/,
    ],
    [
      "a role without rights",
      (sandbox) => awsEnvironment(sandbox, sandbox.credentials.issue("web")),
      /AccessDenied/,
    ],
    [
      "a skewed clock",
      (sandbox) => {
        sandbox.faults.add({ kind: "clock-skew", ms: 20 * 60_000 });
        return awsEnvironment(sandbox);
      },
      /RequestTimeTooSkewed/,
    ],
  ];
  for (const [why, env, code] of refusals)
    it(`understands ${why}`, options, async (t) => {
      const sandbox = await sandboxFor(t);
      const home = temporaryFolder(t);
      const list = ["s3api", "list-objects-v2", "--bucket", "postern-sandbox"];
      const outcome: Outcome = await runClient("aws", list, home, env(sandbox));
      assert.notEqual(outcome.code, 0);
      assert.match(outcome.stderr, code);
    });
});

describe("boto3", () => {
  const options = { skip: unlessImports("boto3") };
  it("passes a tour of the operations", options, async (t) => {
    const sandbox = await sandboxFor(t);
    const script = join(import.meta.dirname, "..", "..", "..", "test", "clients", "boto3_tour.py");
    const env = { ...awsEnvironment(sandbox), PYTHONDONTWRITEBYTECODE: "1" };
    const outcome = await runClient("python3", [script], temporaryFolder(t), env);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stdout, /^\d+ checks passed$/m);
  });
});

describe("rclone", () => {
  const options = { skip: unlessFound("rclone") };
  const rclone: Prepare = ({ endpoints, publisher, region }) => ({
    RCLONE_CONFIG: "/dev/null",
    RCLONE_CONFIG_BOX_TYPE: "s3",
    RCLONE_CONFIG_BOX_PROVIDER: "Other",
    RCLONE_CONFIG_BOX_ACCESS_KEY_ID: publisher.accessKeyId,
    RCLONE_CONFIG_BOX_SECRET_ACCESS_KEY: publisher.secretAccessKey,
    RCLONE_CONFIG_BOX_ENDPOINT: endpoints.s3.origin,
    RCLONE_CONFIG_BOX_REGION: region,
    // left alone, this rclone asks for "private": a bucket whose owner owns everything takes no ACLs
    RCLONE_CONFIG_BOX_ACL: "bucket-owner-full-control",
    RCLONE_CONFIG_BOX_LIST_VERSION: "2",
    RCLONE_CONFIG_BOX_LIST_URL_ENCODE: "true",
    RCLONE_CONFIG_BOX_UPLOAD_CUTOFF: "5M",
    RCLONE_CONFIG_BOX_CHUNK_SIZE: "5M",
  });
  const at = "box:postern-sandbox";

  it("copies, checks, syncs, moves and purges", options, async (t) => {
    const { sandbox, home, run } = await bench(t, "rclone", rclone);
    await run("sync", "tree", `${at}/t`);
    await run("check", "--download", "tree", `${at}/t`);
    await run("copy", `${at}/t`, "back");
    assertSameTree(home, "back");
    assert.equal(await run("cat", `${at}/t/plain`), "content of plain");
    await run("moveto", `${at}/t/plain`, `${at}/t/moved`);
    assert.equal(await run("lsf", "--files-only", `${at}/t`), "moved\nwith space+plus&amp.txt\n");
    await run("purge", `${at}/t`);
    assert.deepEqual(keysOf(sandbox, ""), []);
  });

  it("sends and fetches 20 MiB in parts", options, async (t) => {
    const { home, run } = await bench(t, "rclone", rclone);
    await run("copyto", "big", `${at}/big`);
    await run("copyto", `${at}/big`, "big2");
    assertSameBig(home, "big2");
  });

  it("presigns what curl can fetch", options, async (t) => {
    const { sandbox, run } = await bench(t, "rclone", rclone);
    await sandbox.put("a b", Buffer.from("value"));
    assert.equal(await fetchUrl(sandbox, await run("link", `${at}/a b`)), "value");
  });
});

describe("s3cmd", () => {
  const options = { skip: unlessFound("s3cmd") };
  const s3cmd: Prepare = ({ endpoints, publisher }, home) => {
    const { host } = endpoints.s3;
    const lines = [
      "[default]",
      `access_key = ${publisher.accessKeyId}`,
      `secret_key = ${publisher.secretAccessKey}`,
      `host_base = ${host}`,
      `host_bucket = ${host}/%(bucket)`,
      "use_https = False",
    ];
    writeFileSync(join(home, ".s3cfg"), lines.join("\n"));
    return {};
  };

  it("copies, lists, syncs, moves and deletes", options, async (t) => {
    const { sandbox, home, run } = await bench(t, "s3cmd", s3cmd);
    assert.match(await run("ls"), /postern-sandbox/);
    await run("sync", "tree/", `${BUCKET}/t/`);
    assert.deepEqual(keysOf(sandbox, "t/").toSorted(), NAMES.toSorted());
    mkdirSync(join(home, "back"));
    await run("sync", `${BUCKET}/t/`, "back/");
    assertSameTree(home, "back");
    await run("mv", `${BUCKET}/t/plain`, `${BUCKET}/t/moved`);
    assert.match(await run("info", `${BUCKET}/t/moved`), /SSE: +AES256/);
    await run("del", "--recursive", "--force", `${BUCKET}/t/sub/`);
    assert.deepEqual(keysOf(sandbox, "t/"), ["moved", "with space+plus&amp.txt"]);
  });

  it("sends and fetches 20 MiB in parts", options, async (t) => {
    const { home, run } = await bench(t, "s3cmd", s3cmd);
    await run("put", "--multipart-chunk-size-mb=5", "big", `${BUCKET}/big`);
    await run("get", `${BUCKET}/big`, "big2");
    assertSameBig(home, "big2");
  });
});
