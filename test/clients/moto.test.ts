/** Hosts of moto, whose S3 and KMS were not written by us. */
import assert from "node:assert/strict";
import { KMS } from "@aws-sdk/client-kms";
import { S3 } from "@aws-sdk/client-s3";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parseKmsKeyArn } from "../../agent/core/names.ts";
import { tarOf } from "../support/host.ts";
import { type Outcome, runClient, temporaryFolder } from "../support/judge.ts";
import { startMoto, withoutMoto } from "../support/moto.ts";
import { root } from "../support/root.ts";
import { sealEnvelope, sealKms } from "../support/sealing.ts";

const BUCKET = "acme-secrets";
const VALUE = "hunter2\n";

describe("postern fetch from moto", { skip: withoutMoto }, () => {
  it("brings plain, kms and envelope groups and a bundle, byte for byte", async (t) => {
    const { publish, fetch, read } = await hostFor(t);
    await publish();
    const { code, stderr } = await fetch();
    assert.equal(code, 0, stderr);
    for (const name of ["plain/a", "plain/b/c", "web/a", "app/a", "db/a", "db/b/c"])
      assert.equal(read(name), VALUE, name);
  });

  it("sees what changed and what went, and that nothing did", async (t) => {
    const { s3, publish, fetch, read } = await hostFor(t);
    await publish();
    await fetch();
    assert.deepEqual(changedIn(await fetch()), []);
    await s3.putObject({ Bucket: BUCKET, Key: "plain/a", Body: "new" });
    await s3.deleteObject({ Bucket: BUCKET, Key: "plain/b/c" });
    assert.deepEqual(changedIn(await fetch()), ["plain"]);
    assert.equal(read("plain/a"), "new");
    assert.throws(() => read("plain/b/c"), { code: "ENOENT" });
  });

  it("refuses what was moved to another key, and keeps the last good files", async (t) => {
    const { s3, publish, fetch, read } = await hostFor(t);
    await publish();
    await fetch();
    for (const group of ["web", "app"])
      await s3.copyObject({
        Bucket: BUCKET,
        Key: `${group}/moved`,
        CopySource: `${BUCKET}/${group}/a`,
      });
    const { code, stderr } = await fetch();
    assert.equal(code, 70, stderr);
    for (const group of ["web", "app"]) assert.equal(read(`${group}/a`), VALUE);
  });
});

interface MotoHost {
  readonly s3: S3;
  /** Every group, with the same value in every secret. */
  readonly publish: () => Promise<void>;
  readonly fetch: () => Promise<Outcome>;
  readonly read: (secret: string) => string;
}

/** An empty bucket and a key in a moto of its own, and a host that is pointed at them. */
async function hostFor(t: TestContext): Promise<MotoHost> {
  const { endpoint, region, account, credentials, stop } = await startMoto();
  t.after(stop);
  const s3 = new S3({ endpoint: endpoint.href, region, credentials, forcePathStyle: true });
  const client = new KMS({ endpoint: endpoint.href, region, credentials });
  t.after(() => [s3, client].forEach((made) => made.destroy()));
  await s3.createBucket({ Bucket: BUCKET });
  const { KeyMetadata } = await client.createKey({});
  const key = parseKmsKeyArn(KeyMetadata?.Arn ?? "");

  const home = temporaryFolder(t);
  const sealed = (mode: string) => ({ mode, keys: [key] });
  const config = {
    version: 1,
    bucket: BUCKET,
    bucket_owner: account,
    region,
    credentials: "environment",
    endpoints: { s3: endpoint.origin, kms: endpoint.origin, path_style: true },
    paths: { run: join(home, "run"), state: join(home, "state") },
    defaults: { settle: "0s" },
    groups: {
      plain: { prefix: "plain/" },
      web: { prefix: "web/", decrypt: sealed("kms") },
      app: { prefix: "app/", decrypt: sealed("envelope") },
      db: { bundle: "db.bundle", decrypt: sealed("envelope") },
    },
  };
  writeFileSync(join(home, "postern.yaml"), JSON.stringify(config), { mode: 0o600 });

  const put = (Key: string, Body: string | Buffer): Promise<unknown> =>
    s3.putObject({ Bucket: BUCKET, Key, Body });
  const seal = (group: string, more: Readonly<Record<string, string>>) => ({
    keys: [key],
    context: { "postern:group": group, "postern:bucket": BUCKET, ...more },
  });
  const server = { client: () => client };
  return {
    s3,
    publish: async () => {
      const files = { a: VALUE, "b/c": VALUE };
      const archive = await tarOf([{ name: "a" }, { name: "b/c" }], files);
      await put("plain/a", VALUE);
      await put("plain/b/c", VALUE);
      await put("web/a", await sealKms(server, VALUE, seal("web", { "postern:key": "web/a" })));
      await put(
        "app/a",
        await sealEnvelope(server, VALUE, seal("app", { "postern:key": "app/a" })),
      );
      await put(
        "db.bundle",
        await sealEnvelope(server, archive, seal("db", { "postern:revision": "1" })),
      );
    },
    fetch: () =>
      runClient(join(root, "bin", "postern"), ["fetch", "--config", "postern.yaml"], home, {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      }),
    read: (secret) => readFileSync(join(home, "run", "secrets", secret), "utf8"),
  };
}

/** The groups that a fetch says it changed. */
function changedIn({ code, stdout, stderr }: Outcome): readonly string[] {
  assert.equal(code, 0, stderr);
  return [...stdout.matchAll(/^(\w+) +changed /gm)].map(([, group = ""]) => group);
}
