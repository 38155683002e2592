import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { AuthorisationRequest } from "../../agent/sandbox/authorise.ts";
import { createCredentials } from "../../agent/sandbox/credentials.ts";
import { createS3 } from "../../agent/sandbox/s3.ts";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";
import { exchange, signed, wireRequest, type Got, type Sent } from "../support/wire.ts";

const Bucket = "postern-sandbox";
const web = { role: "web", readPrefixes: ["web/"], writePrefixes: [] };
const blind = { ...web, role: "blind", list: false };
const writer = { role: "writer", readPrefixes: [], writePrefixes: ["web/"] };

async function hosts(t: TestContext): Promise<Sandbox> {
  const sandbox = await sandboxFor(t, { grants: [web, blind, writer] });
  await sandbox.put("web/a", Buffer.from("value"));
  await sandbox.put("db/a", Buffer.from("value"));
  return sandbox;
}

describe("a role", () => {
  const Key = "web/a";
  const rows: readonly (readonly [why: string, role: string, command: object, error: string])[] = [
    ["reads its own group", "web", new GetObjectCommand({ Bucket, Key }), "none"],
    ["reads no other", "web", new GetObjectCommand({ Bucket, Key: "db/a" }), "AccessDenied"],
    ["lists its own group", "web", new ListObjectsV2Command({ Bucket, Prefix: "web/" }), "none"],
    ["lists no other", "web", new ListObjectsV2Command({ Bucket, Prefix: "db/" }), "AccessDenied"],
    [
      "lists no sibling",
      "web",
      new ListObjectsV2Command({ Bucket, Prefix: "web" }),
      "AccessDenied",
    ],
    ["lists not the whole", "web", new ListObjectsV2Command({ Bucket }), "AccessDenied"],
    ["learns what is missing", "web", new GetObjectCommand({ Bucket, Key: "web/x" }), "NoSuchKey"],
    [
      "learns nothing of what is missing elsewhere",
      "web",
      new GetObjectCommand({ Bucket, Key: "db/x" }),
      "AccessDenied",
    ],
    [
      "without the right to list cannot tell missing from denied",
      "blind",
      new GetObjectCommand({ Bucket, Key: "web/x" }),
      "AccessDenied",
    ],
    ["may not write", "web", new PutObjectCommand({ Bucket, Key, Body: "" }), "AccessDenied"],
    ["may not delete", "web", new DeleteObjectCommand({ Bucket, Key }), "AccessDenied"],
    ["heads no bucket by a prefix's grant", "web", new HeadBucketCommand({ Bucket }), "403"],
    ["lists no buckets", "web", new ListBucketsCommand({}), "AccessDenied"],
    ["may write unseen", "writer", new PutObjectCommand({ Bucket, Key, Body: "" }), "none"],
    [
      "needs to read what it replaces by If-Match",
      "writer",
      new PutObjectCommand({ Bucket, Key, Body: "", IfMatch: '"x"' }),
      "AccessDenied",
    ],
    [
      "needs to read what it deletes by an ETag",
      "writer",
      new DeleteObjectCommand({ Bucket, Key, IfMatch: '"x"' }),
      "AccessDenied",
    ],
    [
      "needs not to delete what is there",
      "writer",
      new DeleteObjectCommand({ Bucket, Key, IfMatch: "*" }),
      "none",
    ],
    [
      "needs not to create",
      "writer",
      new PutObjectCommand({ Bucket, Key: "web/new", Body: "", IfNoneMatch: "*" }),
      "none",
    ],
    [
      "needs the right to delete all the same",
      "web",
      new DeleteObjectCommand({ Bucket, Key, IfMatch: "*" }),
      "AccessDenied",
    ],
    [
      "copies only what it may read",
      "writer",
      new CopyObjectCommand({ Bucket, Key: "web/b", CopySource: `${Bucket}/web/a` }),
      "AccessDenied",
    ],
  ];
  for (const [why, role, command, error] of rows)
    it(why, async (t) => {
      const sandbox = await hosts(t);
      const client = s3Client(t, sandbox, sandbox.credentials.issue(role));
      const name = await errorOf(client.send(command as GetObjectCommand));
      // HEAD has no body to carry a code: the SDK names the status
      assert.equal(error === "403" && name !== "none" ? "403" : name, error);
    });

  it("is told which key of many it may not delete", async (t) => {
    const sandbox = await hosts(t);
    const client = s3Client(t, sandbox, sandbox.credentials.issue("writer"));
    const Delete = { Objects: [{ Key: "web/a" }, { Key: "db/a" }] };
    const result = await client.send(new DeleteObjectsCommand({ Bucket, Delete }));
    assert.deepEqual(
      result.Errors?.map(({ Key, Code }) => [Key, Code]),
      [["db/a", "AccessDenied"]],
    );
    assert.equal(sandbox.buckets.get(Bucket)?.current("db/a")?.kind, "object");
  });

  it("is named with the action and the resource in the refusal", async (t) => {
    const sandbox = await hosts(t);
    const got = await ask(sandbox, { path: `/${Bucket}/db/a` }, sandbox.credentials.issue("web"));
    assert.match(
      got.text,
      /User: arn:aws:sts::111122223333:assumed-role\/web\/sandbox is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::postern-sandbox\/db\/a&quot; because no identity-based policy allows the s3:GetObject action/,
    );
    assert.equal(got.headers["x-amz-request-id"], /<RequestId>(\w+)</.exec(got.text)?.[1]);
  });

  it("obeys the policies that are put in force under way", async (t) => {
    const sandbox = await hosts(t);
    const client = s3Client(t, sandbox, sandbox.credentials.issue("web"));
    const asked: AuthorisationRequest[] = [];
    sandbox.setAuthoriser({
      decide(request) {
        asked.push(request);
        return { allowed: false, explicit: true, layer: "resource" };
      },
    });
    const list = new ListObjectsV2Command({ Bucket, Prefix: "web/", Delimiter: "/" });
    assert.equal(await errorOf(client.send(list)), "AccessDenied");
    const [request] = asked;
    assert.equal(request?.action, "s3:ListBucket");
    assert.equal(request.resource, "arn:aws:s3:::postern-sandbox");
    assert.deepEqual(request.context["s3:prefix"], ["web/"]);
    assert.deepEqual(request.context["s3:delimiter"], ["/"]);
    assert.deepEqual(request.context["aws:PrincipalArn"], ["arn:aws:iam::111122223333:role/web"]);
  });
});

describe("a request that S3 does not let in", () => {
  const get: Sent = { path: `/${Bucket}/web/a` };
  const rows: readonly (readonly [
    why: string,
    send: (sandbox: Sandbox) => Promise<Got>,
    status: number,
    code: string,
  ])[] = [
    ["unsigned", (sandbox) => exchange(sandbox.endpoints.s3, get), 403, "AccessDenied"],
    [
      "wrong secret",
      (sandbox) => ask(sandbox, get, { ...sandbox.publisher, secretAccessKey: "wrong" }),
      403,
      "SignatureDoesNotMatch",
    ],
    [
      "skewed clock",
      async (sandbox) => {
        const at = new Date(Date.now() - 16 * 60_000);
        const { s3 } = sandbox.endpoints;
        return exchange(s3, await signed(s3, get, sandbox.publisher, { at }));
      },
      403,
      "RequestTimeTooSkewed",
    ],
    [
      "without its token",
      (sandbox) => {
        const { accessKeyId, secretAccessKey } = sandbox.credentials.issue("web");
        return ask(sandbox, get, { accessKeyId, secretAccessKey });
      },
      403,
      "InvalidAccessKeyId",
    ],
    [
      "another account's bucket expected",
      (sandbox) =>
        ask(sandbox, { ...get, headers: { "x-amz-expected-bucket-owner": "999999999999" } }),
      403,
      "AccessDenied",
    ],
    [
      "no such bucket",
      (sandbox) => ask(sandbox, { path: "/no-such-bucket/a" }),
      404,
      "NoSuchBucket",
    ],
    ["not UTF-8", (sandbox) => ask(sandbox, { path: `/${Bucket}/%FF` }), 400, "InvalidURI"],
    [
      "not served",
      (sandbox) => ask(sandbox, { path: `/${Bucket}?lifecycle=` }),
      501,
      "NotImplemented",
    ],
  ];
  for (const [why, send, status, code] of rows)
    it(`is told so: ${why}`, async (t) => {
      const got = await send(await hosts(t));
      assert.deepEqual([got.status, codeIn(got)], [status, code], got.text);
    });

  it("is told where a bucket of another region is", async (t) => {
    const sandbox = await hosts(t);
    sandbox.buckets.create("elsewhere", { region: "eu-west-1" });
    const got = await ask(sandbox, { path: "/elsewhere/a" });
    assert.deepEqual([got.status, codeIn(got)], [301, "PermanentRedirect"]);
    assert.equal(got.headers["x-amz-bucket-region"], "eu-west-1");
  });

  it("finds it there when the sandbox serves that region, and signs for it", async (t) => {
    const sandbox = await sandboxFor(t, { otherRegions: ["eu-west-1"] });
    sandbox.buckets.create("elsewhere", { region: "eu-west-1" });
    const { s3 } = sandbox.endpoints;
    const rows = [
      ["/elsewhere/a", "eu-west-1", "NoSuchKey"],
      ["/elsewhere/a", "us-east-1", "PermanentRedirect"],
      [`/${sandbox.bucket}/a`, "eu-west-1", "PermanentRedirect"],
    ] as const;
    for (const [path, region, code] of rows) {
      const sent = await signed(s3, { path }, sandbox.publisher, { region });
      assert.equal(codeIn(await exchange(s3, sent)), code, `${path} ${region}`);
    }
  });

  it("is told which region to sign for", async (t) => {
    const sandbox = await hosts(t);
    const { s3 } = sandbox.endpoints;
    const got = await exchange(
      s3,
      await signed(s3, get, sandbox.publisher, { region: "eu-west-1" }),
    );
    assert.deepEqual([got.status, codeIn(got)], [400, "AuthorizationHeaderMalformed"]);
    assert.match(got.text, /<Region>us-east-1<\/Region>/);
  });
});

describe("an object under a KMS key", () => {
  const arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
  const encrypted = { "x-amz-server-side-encryption": "aws:kms" };
  const named = { ...encrypted, "x-amz-server-side-encryption-aws-kms-key-id": "alias/app" };

  /** An S3 without sockets, over one key whose state the test sets. */
  function keyed(): {
    send(sent: Sent): Promise<{ status: number; code: string | undefined; headers: object }>;
    setState(state: string | undefined): void;
    asked: AuthorisationRequest[];
    forbid(action: string): void;
  } {
    let state: string | undefined = "Enabled";
    let forbidden = "";
    const asked: AuthorisationRequest[] = [];
    const account = "111122223333";
    const [clock, chance] = [systemClock, systemChance];
    const credentials = createCredentials({ account, clock, chance, lifetimeMs: 60_000 });
    const user = credentials.addUser("publisher");
    const authoriser = {
      decide(request: AuthorisationRequest) {
        asked.push(request);
        return request.action === forbidden
          ? ({ allowed: false, explicit: false, layer: "key" } as const)
          : ({ allowed: true } as const);
      },
    };
    const context = { region: "us-east-1", account, clock, chance, credentials };
    const attached = { policy: undefined, grants: [] };
    const describeKey = () =>
      state === undefined ? undefined : { arn, state, attached, conditions: {} };
    const s3 = createS3(
      { ...context, authoriser: () => authoriser },
      { keys: { describe: describeKey } },
    );
    s3.buckets.create("b-1");
    return {
      asked,
      setState: (next) => (state = next),
      forbid: (action) => (forbidden = action),
      async send(sent) {
        const request = await signed(new URL("http://127.0.0.1"), sent, user);
        const { method = "GET", headers = {}, body = "" } = request;
        const wire = wireRequest({ method, path: sent.path, headers, body });
        const moment = { now: Date.now(), requestId: "R" };
        const { response } = await s3.answer(wire, moment);
        const code = /<Code>([^<]+)/.exec(response.body.toString())?.[1];
        return { status: response.status, code, headers: response.headers };
      },
    };
  }

  it("has an ETag that is not its MD5, and names its key", async () => {
    const s3 = keyed();
    const put = await s3.send({ method: "PUT", path: "/b-1/a", headers: named, body: "value" });
    assert.deepEqual([put.status, put.code], [200, undefined]);
    const headers = put.headers as Record<string, string>;
    assert.equal(headers["x-amz-server-side-encryption-aws-kms-key-id"], arn);
    assert.match(headers["ETag"] ?? "", /^"[0-9a-f]{32}"$/);
    assert.notEqual(headers["ETag"], '"2063c1608d6e0baf80249c42e2be5804"');
  });

  it("is asked for with the right to decrypt through S3, bound to the object", async () => {
    const s3 = keyed();
    await s3.send({ method: "PUT", path: "/b-1/a", headers: named, body: "value" });
    assert.equal((await s3.send({ path: "/b-1/a" })).status, 200);
    const [write, read] = ["kms:GenerateDataKey", "kms:Decrypt"].map((action) =>
      s3.asked.find((request) => request.action === action),
    );
    for (const request of [write, read]) {
      assert.equal(request?.resource, arn);
      assert.deepEqual(request.context["kms:ViaService"], ["s3.us-east-1.amazonaws.com"]);
      assert.deepEqual(request.context["kms:EncryptionContext:aws:s3:arn"], ["arn:aws:s3:::b-1/a"]);
    }
    s3.forbid("kms:Decrypt");
    const denied = await s3.send({ path: "/b-1/a" });
    assert.deepEqual([denied.status, denied.code], [403, "AccessDenied"]);
    assert.equal((await s3.send({ method: "HEAD", path: "/b-1/a" })).status, 200);
  });

  it("is bound to the bucket alone when a bucket key serves", async () => {
    const s3 = keyed();
    const headers = { ...named, "x-amz-server-side-encryption-bucket-key-enabled": "true" };
    await s3.send({ method: "PUT", path: "/b-1/a", headers, body: "value" });
    const write = s3.asked.find(({ action }) => action === "kms:GenerateDataKey");
    assert.deepEqual(write?.context["kms:EncryptionContext:aws:s3:arn"], ["arn:aws:s3:::b-1"]);
  });

  const states: readonly (readonly [state: string | undefined, code: string])[] = [
    ["Disabled", "KMS.DisabledException"],
    ["PendingDeletion", "KMS.KMSInvalidStateException"],
    [undefined, "KMS.NotFoundException"],
  ];
  for (const [state, code] of states)
    it(`cannot be read while its key is ${state ?? "gone"}`, async () => {
      const s3 = keyed();
      await s3.send({ method: "PUT", path: "/b-1/a", headers: named, body: "value" });
      s3.setState(state);
      const read = await s3.send({ path: "/b-1/a" });
      assert.deepEqual([read.status, read.code], [400, code]);
      const write = await s3.send({ method: "PUT", path: "/b-1/a", headers: named, body: "v" });
      assert.deepEqual([write.status, write.code], [400, code]);
    });

  it("is everyone's in the account under the AWS managed key", async () => {
    const s3 = keyed();
    s3.forbid("kms:Decrypt");
    await s3.send({ method: "PUT", path: "/b-1/a", headers: encrypted, body: "value" });
    assert.equal((await s3.send({ path: "/b-1/a" })).status, 200);
  });
});

it("HEAD tells the same as GET, without a body", async (t) => {
  const sandbox = await hosts(t);
  const client = s3Client(t, sandbox);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: "web/a" }));
  const get = await client.send(new GetObjectCommand({ Bucket, Key: "web/a" }));
  assert.deepEqual(
    [head.ETag, head.ContentLength, head.VersionId],
    [get.ETag, get.ContentLength, get.VersionId],
  );
  const missing = await ask(sandbox, { method: "HEAD", path: `/${Bucket}/web/x` });
  assert.deepEqual([missing.status, missing.text], [404, ""]);
});
