/** What a publisher asks of S3, asked of the sandbox by the AWS CLI. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { awsEnvironment, runClient, temporaryFolder, unlessFound } from "../support/judge.ts";
import { sandboxFor } from "../support/sandbox.ts";

interface Cli {
  readonly sandbox: Sandbox;
  /** Runs the CLI, insists that it succeeds, and answers what it printed. */
  readonly run: (...args: readonly string[]) => Promise<string>;
  /** Runs the CLI, insists that it fails, and answers what it complained of. */
  readonly errorOf: (...args: readonly string[]) => Promise<string>;
}

async function cliFor(t: TestContext): Promise<Cli> {
  const sandbox = await sandboxFor(t);
  const home = temporaryFolder(t);
  const run = (args: readonly string[]) => runClient("aws", args, home, awsEnvironment(sandbox));
  return {
    sandbox,
    run: async (...args) => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      return stdout;
    },
    errorOf: async (...args) => {
      const { code, stderr } = await run(args);
      assert.notEqual(code, 0, args.join(" "));
      return stderr;
    },
  };
}

describe("the AWS CLI of a publisher", () => {
  const options = { skip: unlessFound("aws") };

  it("deletes what is still as it was, and is told when it is not", options, async (t) => {
    const { sandbox, run, errorOf } = await cliFor(t);
    const { etag } = await sandbox.put("a", Buffer.from("old"));
    const remove = ["s3api", "delete-object", "--bucket", "postern-sandbox", "--key", "a"];
    const refused = (ifMatch: string): Promise<string> => errorOf(...remove, "--if-match", ifMatch);
    const { etag: newer } = await sandbox.put("a", Buffer.from("new"));
    assert.match(await refused(etag), /\(PreconditionFailed\)/);
    await run(...remove, "--if-match", newer);
    assert.match(await refused(newer), /\(NoSuchKey\)/);
    assert.match(await refused("*"), /\(NoSuchKey\)/);
  });

  it("reads and changes what a bucket is set to", options, async (t) => {
    const { sandbox, run, errorOf } = await cliFor(t);
    const at = ["--bucket", "postern-sandbox"];
    const get = async (what: string, query: string): Promise<unknown> =>
      JSON.parse(await run("s3api", `get-${what}`, ...at, "--query", query, "--output", "json"));
    const missing = (what: string): Promise<string> => errorOf("s3api", `get-${what}`, ...at);
    const blocked = "PublicAccessBlockConfiguration.[BlockPublicAcls,RestrictPublicBuckets]";
    assert.deepEqual(await get("public-access-block", blocked), [true, true]);
    const some = "BlockPublicAcls=true,RestrictPublicBuckets=false";
    const block = ["--public-access-block-configuration", some];
    await run("s3api", "put-public-access-block", ...at, ...block);
    assert.deepEqual(await get("public-access-block", blocked), [true, false]);
    await run("s3api", "delete-public-access-block", ...at);
    assert.match(await missing("public-access-block"), /NoSuchPublicAccessBlockConfiguration/);
    const owner = "OwnershipControls.Rules[].ObjectOwnership";
    assert.deepEqual(await get("bucket-ownership-controls", owner), ["BucketOwnerEnforced"]);
    assert.match(await missing("bucket-policy-status"), /NoSuchBucketPolicy/);
    const key = sandbox.keys.create({ region: sandbox.region });
    const ByDefault = { SSEAlgorithm: "aws:kms", KMSMasterKeyID: key.arn };
    const Rules = [{ ApplyServerSideEncryptionByDefault: ByDefault, BucketKeyEnabled: true }];
    const configuration = ["--server-side-encryption-configuration", JSON.stringify({ Rules })];
    await run("s3api", "put-bucket-encryption", ...at, ...configuration);
    const rules = "ServerSideEncryptionConfiguration.Rules";
    assert.deepEqual(await get("bucket-encryption", rules), Rules);
    await run("s3api", "put-object", ...at, "--key", "plain");
    const stored = sandbox.buckets.get("postern-sandbox")?.current("plain");
    assert.deepEqual(stored?.kind === "object" ? stored.encryption : undefined, {
      kind: "aws:kms",
      keyArn: key.arn,
      bucketKey: true,
    });
  });
});
