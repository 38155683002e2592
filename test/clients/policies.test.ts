/** A deployment put in place by the AWS CLI, as a security team does it, and a host that it stops. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BUCKET, DEPLOYMENT } from "../support/deployment.ts";
import { awsEnvironment, runClient, temporaryFolder, unlessFound } from "../support/judge.ts";
import { sandboxFor } from "../support/sandbox.ts";

describe("policies that the AWS CLI puts", { skip: unlessFound("aws") }, () => {
  it("stop a host that its own policies let in, and are read as they were put", async (t) => {
    const sandbox = await sandboxFor(t, {
      bucket: BUCKET,
      region: "eu-central-1",
      grants: [{ role: "web", readPrefixes: [""], writePrefixes: [] }],
      keyGrants: [{ role: "web", key: "*", actions: ["kms:*"] }],
    });
    const home = temporaryFolder(t);
    const run = async (signer: Parameters<typeof awsEnvironment>[1], ...words: string[]) =>
      runClient("aws", words, home, awsEnvironment(sandbox, signer));
    const asOwner = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(undefined, ...words);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await sandbox.put("db/a", Buffer.from("value"));
    const web = sandbox.credentials.issue("web");
    const read = ["s3", "cp", `s3://${BUCKET}/db/a`, "-"];
    assert.equal((await run(web, ...read)).stdout, "value");

    const policy = JSON.stringify(DEPLOYMENT.buckets[0]?.policy);
    writeFileSync(join(home, "bucket.json"), policy);
    const onBucket = ["--bucket", BUCKET];
    await asOwner("s3api", "put-bucket-policy", ...onBucket, "--policy", "file://bucket.json");
    const kept = await asOwner("s3api", "get-bucket-policy", ...onBucket, "--output", "text");
    assert.equal(kept.trim(), policy);
    const denied = await run(web, "s3api", "get-object", ...onBucket, "--key", "db/a", "out");
    assert.match(
      denied.stderr,
      /\(AccessDenied\).*s3:GetObject on resource: .* with an explicit deny in a resource-based policy/,
    );
    await asOwner("s3api", "delete-bucket-policy", ...onBucket);
    assert.equal((await run(web, ...read)).stdout, "value");

    writeFileSync(join(home, "key.json"), JSON.stringify(DEPLOYMENT.keys[0]?.policy));
    const making = ["kms", "create-key", "--policy", "file://key.json"];
    const refused = await run(undefined, ...making);
    assert.match(refused.stderr, /\(MalformedPolicyDocumentException\)/);
    const query = ["--query", "KeyMetadata.KeyId", "--output", "text"];
    const bypass = "--bypass-policy-lockout-safety-check";
    const id = (await asOwner(...making, bypass, ...query)).trim();
    const stopped = await run(web, "kms", "describe-key", "--key-id", id);
    assert.match(stopped.stderr, /\(AccessDeniedException\).*no resource-based policy allows/);
  });
});
