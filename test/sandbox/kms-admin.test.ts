import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
  paginateListAliases,
  paginateListKeys,
} from "@aws-sdk/client-kms";
import { kmsFor, refusalOf } from "../support/kms.ts";

const region = "us-east-1";

describe("the operations of KMS that make and name keys", () => {
  it("takes a key through its states, and says of each why it cannot be used", async (t) => {
    const { kms } = await kmsFor(t);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "states" }));
    const KeyId = KeyMetadata?.KeyId ?? "";
    const arn = KeyMetadata?.Arn;
    const use = () => kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
    const state = async () =>
      (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;
    assert.equal(await state(), "Enabled");
    await kms.send(new DisableKeyCommand({ KeyId }));
    assert.equal(await state(), "Disabled");
    assert.deepEqual(await refusalOf(use()), ["DisabledException", `${arn} is disabled.`]);
    await kms.send(new EnableKeyCommand({ KeyId }));
    await use();
    const scheduled = await kms.send(
      new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }),
    );
    assert.equal(scheduled.KeyState, "PendingDeletion");
    assert.ok(scheduled.DeletionDate instanceof Date);
    assert.deepEqual(await refusalOf(use()), [
      "KMSInvalidStateException",
      `${arn} is pending deletion.`,
    ]);
    assert.equal(
      (await refusalOf(kms.send(new EnableKeyCommand({ KeyId }))))[0],
      "KMSInvalidStateException",
    );
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    assert.equal(await state(), "Disabled");
    assert.equal(
      (await refusalOf(kms.send(new CancelKeyDeletionCommand({ KeyId }))))[0],
      "KMSInvalidStateException",
    );
  });

  it("knows keys by aliases, until they are deleted", async (t) => {
    const { key, kms } = await kmsFor(t);
    const AliasName = "alias/team/web";
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key.id }));
    const again = kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key.id }));
    assert.equal((await refusalOf(again))[0], "AlreadyExistsException");
    const described = await kms.send(new DescribeKeyCommand({ KeyId: AliasName }));
    assert.equal(described.KeyMetadata?.Arn, key.arn);
    assert.deepEqual(await refusalOf(kms.send(new DisableKeyCommand({ KeyId: AliasName }))), [
      "NotFoundException",
      `Invalid keyId '${AliasName}'`,
    ]);
    await kms.send(new DeleteAliasCommand({ AliasName }));
    assert.deepEqual(await refusalOf(kms.send(new DescribeKeyCommand({ KeyId: AliasName }))), [
      "NotFoundException",
      `Alias arn:aws:kms:us-east-1:111122223333:${AliasName} is not found.`,
    ]);
  });

  it("points an alias to another key, for who may do so on the alias and on both keys", async (t) => {
    const { sandbox, key, kms } = await kmsFor(t);
    const other = sandbox.keys.create({ region });
    const AliasName = "alias/team/web";
    const update = (name: string) =>
      kms.send(new UpdateAliasCommand({ AliasName: name, TargetKeyId: other.id }));
    assert.equal((await refusalOf(update(AliasName)))[0], "NotFoundException");
    assert.equal((await refusalOf(update("alias/aws/s3")))[0], "NotAuthorizedException");
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key.id }));
    const asked: string[] = [];
    sandbox.setAuthoriser({
      decide: ({ action, resource }) => {
        if (action === "kms:UpdateAlias") asked.push(resource);
        return { allowed: true };
      },
    });
    await update(AliasName);
    const alias = `arn:aws:kms:us-east-1:111122223333:${AliasName}`;
    assert.deepEqual(asked.toSorted(), [alias, key.arn, other.arn].toSorted());
    const described = await kms.send(new DescribeKeyCommand({ KeyId: AliasName }));
    assert.equal(described.KeyMetadata?.Arn, other.arn);
  });

  it("lists every key and alias once, in pages", async (t) => {
    const { sandbox, kms } = await kmsFor(t);
    for (const name of ["alias/a", "alias/b", "alias/c"])
      sandbox.keys.setAlias(sandbox.keys.create({ region }), name);
    const aliases: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListAliases({ client: kms, pageSize: 2 }, {})) {
      pages += 1;
      aliases.push(...(page.Aliases ?? []).map(({ AliasName }) => AliasName));
    }
    assert.deepEqual(aliases, ["alias/a", "alias/b", "alias/c"]);
    assert.equal(pages, 2);
    const arns: (string | undefined)[] = [];
    for await (const page of paginateListKeys({ client: kms, pageSize: 2 }, {}))
      arns.push(...(page.Keys ?? []).map(({ KeyArn }) => KeyArn));
    assert.deepEqual(
      arns,
      sandbox.keys.list(region).map(({ arn }) => arn),
    );
  });
});
