import {
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "postern-sandbox";
const ARN = `arn:aws:s3:::${Bucket}`;
const ROLE = "arn:aws:iam::111122223333:role/web";

const textOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

const denyDb = {
  Sid: "ClosedDb",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: `${ARN}/db/*`,
  Condition: { ArnNotEquals: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/db" } },
};
const anyoneReads = {
  Effect: "Allow",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: `${ARN}/web/*`,
};

/** A sandbox whose role "web" may read everything, as far as its own policies go. */
async function bucketFor(t: TestContext) {
  const grants = [{ role: "web", readPrefixes: [""], writePrefixes: [] }];
  const sandbox = await sandboxFor(t, { grants });
  await sandbox.put("web/a", Buffer.from("value"));
  await sandbox.put("db/a", Buffer.from("value"));
  const web = s3Client(t, sandbox, sandbox.credentials.issue("web"));
  return { sandbox, owner: s3Client(t, sandbox), web };
}

describe("a bucket's policy", () => {
  it("is kept as it was put, and taken away", async (t) => {
    const { owner } = await bucketFor(t);
    const get = new GetBucketPolicyCommand({ Bucket });
    assert.equal(await errorOf(owner.send(get)), "NoSuchBucketPolicy");
    const Policy = `${textOf(denyDb)}\n`;
    const put = await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    assert.equal(put.$metadata.httpStatusCode, 204);
    assert.equal((await owner.send(get)).Policy, Policy);
    const status = await owner.send(new GetBucketPolicyStatusCommand({ Bucket }));
    assert.equal(status.PolicyStatus?.IsPublic, false);
    for (const _ of ["there", "gone"]) {
      const removed = await owner.send(new DeleteBucketPolicyCommand({ Bucket }));
      assert.equal(removed.$metadata.httpStatusCode, 204);
    }
    assert.equal(await errorOf(owner.send(get)), "NoSuchBucketPolicy");
  });

  it("stops a role that its own policies let in, and says so as S3 does", async (t) => {
    const { sandbox, owner, web } = await bucketFor(t);
    const read = (Key: string) => web.send(new GetObjectCommand({ Bucket, Key }));
    assert.equal(await errorOf(read("db/a")), "none");
    await owner.send(new PutBucketPolicyCommand({ Bucket, Policy: textOf(denyDb) }));
    assert.equal(await errorOf(read("db/a")), "AccessDenied");
    assert.equal(await errorOf(read("web/a")), "none");
    const got = await ask(sandbox, { path: `/${Bucket}/db/a` }, sandbox.credentials.issue("web"));
    assert.match(
      got.text,
      /is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::postern-sandbox\/db\/a&quot; with an explicit deny in a resource-based policy/,
    );
    await owner.send(new DeleteBucketPolicyCommand({ Bucket }));
    assert.equal(await errorOf(read("db/a")), "none");
  });

  it("lets in who has no policies of its own", async (t) => {
    const { sandbox, owner } = await bucketFor(t);
    const other = s3Client(t, sandbox, sandbox.credentials.issue("other"));
    const get = new GetObjectCommand({ Bucket, Key: "web/a" });
    assert.equal(await errorOf(other.send(get)), "AccessDenied");
    const Principal = { AWS: "arn:aws:iam::111122223333:role/other" };
    const Policy = textOf({ ...anyoneReads, Principal });
    await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    assert.equal(await errorOf(other.send(get)), "none");
  });

  it("is public only where public policies are not blocked", async (t) => {
    const { sandbox, owner } = await bucketFor(t);
    const put = new PutBucketPolicyCommand({ Bucket, Policy: textOf(anyoneReads) });
    await assert.rejects(owner.send(put), /prevented by the BlockPublicPolicy setting/);
    await owner.send(new DeletePublicAccessBlockCommand({ Bucket }));
    await owner.send(put);
    const status = await owner.send(new GetBucketPolicyStatusCommand({ Bucket }));
    assert.equal(status.PolicyStatus?.IsPublic, true);
    const got = await fetch(new URL(`/${Bucket}/web/a`, sandbox.endpoints.s3));
    assert.equal(await got.text(), "value");
  });

  const refused: readonly (readonly [why: string, policy: string, message: RegExp])[] = [
    ["no JSON", "x", /first byte must be '\{'/],
    ["a list", "[]", /first byte must be '\{'/],
    ["white space before it", ` ${textOf(denyDb)}`, /first byte must be '\{'/],
    ["no statement", '{"Version":"2012-10-17"}', /invalid Json/],
    ["a statement about nobody", textOf({ ...denyDb, Principal: undefined }), /invalid Json/],
    ["another bucket", textOf({ ...denyDb, Resource: `${ARN}0/*` }), /invalid resource/],
    ["every bucket", textOf({ ...denyDb, Resource: "*" }), /invalid resource/],
    [
      "more than fits",
      textOf({ ...denyDb, Resource: Array(600).fill(`${ARN}/${"x".repeat(20)}`) }),
      /maximum allowed document size/,
    ],
  ];
  for (const [why, Policy, message] of refused)
    it(`is refused: ${why}`, async (t) => {
      const { owner } = await bucketFor(t);
      await assert.rejects(
        owner.send(new PutBucketPolicyCommand({ Bucket, Policy })),
        (error: Error) => error.name === "MalformedPolicy" && message.test(error.message),
      );
      const get = new GetBucketPolicyCommand({ Bucket });
      assert.equal(await errorOf(owner.send(get)), "NoSuchBucketPolicy");
    });

  it("is read and changed by those alone who may", async (t) => {
    const { sandbox, owner, web } = await bucketFor(t);
    const put = new PutBucketPolicyCommand({ Bucket, Policy: textOf(denyDb) });
    await owner.send(put);
    const commands = [
      put,
      new GetBucketPolicyCommand({ Bucket }),
      new DeleteBucketPolicyCommand({ Bucket }),
    ];
    for (const command of commands)
      assert.equal(await errorOf(web.send(command as GetBucketPolicyCommand)), "AccessDenied");
    const actions = ["s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"];
    sandbox.grant({ principal: "web", actions, resources: [ARN] });
    for (const command of commands)
      assert.equal(await errorOf(web.send(command as GetBucketPolicyCommand)), "none");
  });

  it("can forbid its own change, also to an administrator", async (t) => {
    const { sandbox } = await bucketFor(t);
    const locked = {
      ...denyDb,
      Action: "s3:*BucketPolicy",
      Resource: ARN,
      Condition: { ArnNotEquals: { "aws:PrincipalArn": ROLE } },
    };
    const sent = { method: "PUT", path: `/${Bucket}?policy`, body: textOf(locked) };
    assert.equal((await ask(sandbox, sent)).status, 204);
    const got = await ask(sandbox, { method: "DELETE", path: `/${Bucket}?policy` });
    assert.equal(codeIn(got), "AccessDenied");
  });
});
