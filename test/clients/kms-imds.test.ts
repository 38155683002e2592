/** The sandbox's KMS and IMDS before their judges: clients that were written for the real ones. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import {
  awsEnvironment,
  runClient,
  temporaryFolder,
  unlessFound,
  type Outcome,
} from "../support/judge.ts";
import { root } from "../support/root.ts";
import { sandboxFor } from "../support/sandbox.ts";

/** A sandbox whose host may do everything, and a client on that host: without keys of its own. */
async function hostFor(t: TestContext, client: string) {
  const sandbox = await sandboxFor(t, {
    role: "web",
    grants: [{ role: "web", readPrefixes: [""], writePrefixes: [""] }],
    keyGrants: [{ role: "web", key: "*", actions: ["kms:*"] }],
  });
  const home = temporaryFolder(t);
  const env = keyless(sandbox);
  const run = (...args: readonly string[]): Promise<Outcome> => runClient(client, args, home, env);
  return { sandbox, home, run };
}

function keyless(sandbox: Sandbox): Readonly<Record<string, string>> {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  const env = Object.entries(awsEnvironment(sandbox)).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(env), AWS_EC2_METADATA_V1_DISABLED: "true" };
}

describe("the AWS CLI on a host of the sandbox", { skip: unlessFound("aws") }, () => {
  it("is let in as the host's role, and learns why when it is not", async (t) => {
    const { sandbox, run } = await hostFor(t, "aws");
    await sandbox.put("web/a", Buffer.from("x"));
    assert.match((await run("s3", "ls", `s3://${sandbox.bucket}/web/`)).stdout, /\ba\n$/);
    const asked = sandbox.log.entries();
    assert.deepEqual(
      asked
        .filter(({ service }) => service === "imds")
        .map(({ operation, status }) => [operation, status]),
      [
        ["GetToken", 200],
        ["GetMetadata", 200],
        ["GetMetadata", 200],
      ],
    );
    assert.match(asked.at(-1)?.principal ?? "", /assumed-role\/web\/i-[0-9a-f]{17}$/);
    sandbox.setAuthoriser({
      decide: () => ({ allowed: false, explicit: false, layer: "identity" }),
    });
    const denied = await run("kms", "list-keys");
    assert.notEqual(denied.code, 0);
    assert.match(
      denied.stderr,
      /\(AccessDeniedException\).* is not authorized to perform: kms:ListKeys /,
    );
  });

  it("opens what it sealed, under the same context alone", async (t) => {
    const { sandbox, home, run } = await hostFor(t, "aws");
    const { id } = sandbox.keys.create({ region: sandbox.region });
    writeFileSync(join(home, "plain"), "hunter2");
    const context = ["--encryption-context", "app=web,stage=live"];
    const form = ["--output", "text", "--query"];
    const sealing = ["--key-id", id, "--plaintext", "fileb://plain", ...context];
    const sealed = await run("kms", "encrypt", ...sealing, ...form, "CiphertextBlob");
    assert.equal(sealed.code, 0, sealed.stderr);
    writeFileSync(join(home, "sealed"), Buffer.from(sealed.stdout, "base64"));
    const opening = ["kms", "decrypt", "--ciphertext-blob", "fileb://sealed", ...form, "Plaintext"];
    const opened = await run(...opening, ...context);
    assert.equal(Buffer.from(opened.stdout, "base64").toString(), "hunter2");
    const refused = await run(...opening, "--encryption-context", "app=web");
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /\(InvalidCiphertextException\)/);
  });
});

describe("boto3 on a host of the sandbox", { skip: unlessFound("python3", "aws") }, () => {
  it("gets the real services' answers", async (t) => {
    const { sandbox, run } = await hostFor(t, "python3");
    const [key, other] = [1, 2].map(() => sandbox.keys.create({ region: sandbox.region }).arn);
    const script = join(root, "test", "clients", "boto3_kms_tour.py");
    const { code, stdout, stderr } = await run(
      script,
      key ?? "",
      other ?? "",
      sandbox.endpoints.imds.href,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\d+ checks\n$/);
  });
});
