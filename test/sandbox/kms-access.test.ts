import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecryptCommand, EncryptCommand, ReEncryptCommand } from "@aws-sdk/client-kms";
import type { AuthorisationRequest } from "../../agent/sandbox/authorise.ts";
import { kmsClient, kmsFor, refusalOf } from "../support/kms.ts";

const keyGrants = [
  { role: "web", key: "*", actions: ["kms:Decrypt"], context: { app: "web" } },
  { role: "web", key: "*", actions: ["kms:ReEncryptFrom"] },
];

describe("KMS's access to keys", () => {
  it("lets a role do what it was granted, with the context of the grant, and no more", async (t) => {
    const { sandbox, key, kms } = await kmsFor(t, { keyGrants });
    const role = sandbox.credentials.issue("web", "i-0abc");
    const web = kmsClient(t, sandbox, role);
    const seal = async (app: string) =>
      (
        await kms.send(
          new EncryptCommand({
            KeyId: key.id,
            Plaintext: Buffer.from("x"),
            EncryptionContext: { app },
          }),
        )
      ).CiphertextBlob;
    const CiphertextBlob = await seal("web");
    await web.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { app: "web" } }));
    const denial = (action: string) => [
      "AccessDeniedException",
      `User: arn:aws:sts::111122223333:assumed-role/web/i-0abc is not authorized to perform: ${action} on resource: ${key.arn} because no identity-based policy allows the ${action} action`,
    ];
    const other = { CiphertextBlob: await seal("db"), EncryptionContext: { app: "db" } };
    assert.deepEqual(await refusalOf(web.send(new DecryptCommand(other))), denial("kms:Decrypt"));
    const encrypt = new EncryptCommand({ KeyId: key.id, Plaintext: Buffer.from("x") });
    assert.deepEqual(await refusalOf(web.send(encrypt)), denial("kms:Encrypt"));
    const move = new ReEncryptCommand({
      CiphertextBlob,
      SourceEncryptionContext: { app: "web" },
      DestinationKeyId: key.id,
    });
    assert.deepEqual(await refusalOf(web.send(move)), denial("kms:ReEncryptTo"));
  });

  it("tells the authoriser the condition keys that policies test", async (t) => {
    const { sandbox, kms } = await kmsFor(t);
    const asked: AuthorisationRequest[] = [];
    sandbox.setAuthoriser({
      decide(request) {
        asked.push(request);
        return { allowed: true };
      },
    });
    const mrk = sandbox.keys.create({ region: sandbox.region, multiRegion: true });
    sandbox.keys.setAlias(mrk, "alias/web");
    const EncryptionContext = { "postern:group": "web", app: "a" };
    await kms.send(
      new EncryptCommand({ KeyId: "alias/web", Plaintext: Buffer.from("x"), EncryptionContext }),
    );
    await kms.send(new EncryptCommand({ KeyId: mrk.id, Plaintext: Buffer.from("x") }));
    const base = {
      "aws:CurrentTime": [],
      "aws:EpochTime": [],
      "aws:PrincipalAccount": ["111122223333"],
      "aws:PrincipalArn": ["arn:aws:iam::111122223333:user/publisher"],
      "aws:RequestedRegion": ["us-east-1"],
      "aws:ResourceAccount": ["111122223333"],
      "aws:SecureTransport": ["true"],
      "aws:SourceIp": ["127.0.0.1"],
      "aws:userid": ["AIDAB4F55D36F14989AF0"],
      "aws:username": ["publisher"],
      "kms:CallerAccount": ["111122223333"],
      "kms:EncryptionAlgorithm": ["SYMMETRIC_DEFAULT"],
      "kms:KeyOrigin": ["AWS_KMS"],
      "kms:KeySpec": ["SYMMETRIC_DEFAULT"],
      "kms:KeyUsage": ["ENCRYPT_DECRYPT"],
      "kms:MultiRegion": ["true"],
      "kms:MultiRegionKeyType": ["PRIMARY"],
      "kms:ResourceAliases": ["alias/web"],
    };
    assert.deepEqual(
      asked.map(({ action, resource, context }) => ({
        action,
        resource,
        // those that tell the time
        context: { ...context, "aws:CurrentTime": [], "aws:EpochTime": [] },
      })),
      [
        {
          action: "kms:Encrypt",
          resource: mrk.arn,
          context: {
            ...base,
            "kms:RequestAlias": ["alias/web"],
            "kms:EncryptionContextKeys": ["postern:group", "app"],
            "kms:EncryptionContext:postern:group": ["web"],
            "kms:EncryptionContext:app": ["a"],
          },
        },
        { action: "kms:Encrypt", resource: mrk.arn, context: base },
      ],
    );
  });
});
