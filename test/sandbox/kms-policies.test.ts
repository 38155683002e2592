import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  ListKeyPoliciesCommand,
  ListKeysCommand,
  PutKeyPolicyCommand,
} from "@aws-sdk/client-kms";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { kmsClient } from "../support/kms.ts";
import { errorOf, sandboxFor } from "../support/sandbox.ts";

const account = "111122223333";
const Plaintext = Buffer.from("x");
const MALFORMED = "MalformedPolicyDocumentException";
const statement = (more: object): object => ({
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${account}:role/web` },
  Action: "kms:Decrypt",
  Resource: "*",
  ...more,
});
const administer = statement({
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: ["kms:PutKeyPolicy", "kms:GetKeyPolicy", "kms:DescribeKey"],
});
const textOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

async function keyFor(t: TestContext) {
  const keyGrants = [{ role: "web", key: "*", actions: ["kms:*"] }];
  const sandbox = await sandboxFor(t, { keyGrants });
  const { arn: KeyId } = sandbox.keys.create({ region: sandbox.region });
  const owner = kmsClient(t, sandbox);
  const web = kmsClient(t, sandbox, sandbox.credentials.issue("web"));
  return { sandbox, KeyId, owner, web };
}

describe("a key's policy", () => {
  it("leaves a new key to the account's own policies", async (t) => {
    const { owner, web, KeyId } = await keyFor(t);
    const { Policy = "", PolicyName } = await owner.send(new GetKeyPolicyCommand({ KeyId }));
    assert.equal(PolicyName, "default");
    const [only] = (JSON.parse(Policy) as { Statement: unknown[] }).Statement;
    assert.deepEqual(only, {
      Sid: "Enable IAM User Permissions",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "kms:*",
      Resource: "*",
    });
    assert.equal(await errorOf(web.send(new EncryptCommand({ KeyId, Plaintext }))), "none");
    const names = await owner.send(new ListKeyPoliciesCommand({ KeyId }));
    assert.deepEqual([names.PolicyNames, names.Truncated], [["default"], false]);
  });

  it("opens the key for whom it names and nobody else, whatever their own policies allow", async (t) => {
    const { owner, web, sandbox, KeyId } = await keyFor(t);
    const EncryptionContext = { "postern:group": "web" };
    const sealed = await owner.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
    const { CiphertextBlob } = sealed;
    const Policy = textOf(
      administer,
      statement({
        Principal: { AWS: `arn:aws:iam::${account}:role/plain` },
        Condition: { StringEquals: { "kms:EncryptionContext:postern:group": "web" } },
      }),
    );
    await owner.send(new PutKeyPolicyCommand({ KeyId, Policy }));
    assert.equal((await owner.send(new GetKeyPolicyCommand({ KeyId }))).Policy, Policy);
    const decrypt = new DecryptCommand({ CiphertextBlob, EncryptionContext });
    for (const client of [owner, web])
      await assert.rejects(
        client.send(decrypt),
        /is not authorized to perform: kms:Decrypt .* because no resource-based policy allows the kms:Decrypt action/,
      );
    const plain = kmsClient(t, sandbox, sandbox.credentials.issue("plain"));
    assert.equal(await errorOf(plain.send(decrypt)), "none");
  });

  it("comes with the key that is made with one", async (t) => {
    const { owner } = await keyFor(t);
    const Policy = textOf(administer);
    const { KeyMetadata } = await owner.send(new CreateKeyCommand({ Policy }));
    const KeyId = KeyMetadata?.KeyId;
    assert.equal((await owner.send(new GetKeyPolicyCommand({ KeyId }))).Policy, Policy);
    const encrypt = new EncryptCommand({ KeyId, Plaintext });
    assert.equal(await errorOf(owner.send(encrypt)), "AccessDeniedException");
  });

  it("must let its author change it again, unless the author says otherwise", async (t) => {
    const { owner, KeyId } = await keyFor(t);
    const Policy = textOf(statement({}));
    const put = new PutKeyPolicyCommand({ KeyId, Policy });
    await assert.rejects(
      owner.send(put),
      (error: Error) =>
        error.name === MALFORMED &&
        error.message ===
          "The new key policy will not allow you to update the key policy in the future.",
    );
    assert.equal(await errorOf(owner.send(new CreateKeyCommand({ Policy }))), MALFORMED);
    assert.equal((await owner.send(new ListKeysCommand({}))).Keys?.length, 1);
    const bypass = { BypassPolicyLockoutSafetyCheck: true };
    await owner.send(new PutKeyPolicyCommand({ KeyId, Policy, ...bypass }));
    assert.equal(await errorOf(owner.send(put)), "AccessDeniedException");
    assert.equal(await errorOf(owner.send(new CreateKeyCommand({ Policy, ...bypass }))), "none");
  });

  const refused: readonly (readonly [why: string, change: object, error: string])[] = [
    ["no JSON", { Policy: "x" }, MALFORMED],
    ["a statement about nobody", { Policy: textOf({ Effect: "Allow", Action: "*" }) }, MALFORMED],
    ["another name", { PolicyName: "other" }, "NotFoundException"],
    [
      "more than fits",
      { Policy: `${textOf(administer)}${" ".repeat(32_768)}` },
      "LimitExceededException",
    ],
    ["an alias for a key", { KeyId: "alias/a" }, "NotFoundException"],
  ];
  for (const [why, change, error] of refused)
    it(`is refused: ${why}`, async (t) => {
      const { owner, KeyId } = await keyFor(t);
      const put = new PutKeyPolicyCommand({ KeyId, Policy: textOf(administer), ...change });
      assert.equal(await errorOf(owner.send(put)), error);
      const described = owner.send(new DescribeKeyCommand({ KeyId }));
      assert.equal(await errorOf(described), "none");
    });
});
