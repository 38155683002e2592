import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { AuthorisationRequest } from "../../agent/sandbox/authorise.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { ask, codeIn, errorOf, s3Client, sandboxFor } from "../support/sandbox.ts";

const Bucket = "postern-sandbox";

/** What a key holds before the request. */
type State = "nothing" | "an object" | "a delete marker";
const STATES: readonly State[] = ["nothing", "an object", "a delete marker"];

interface Arranged {
  readonly sandbox: Sandbox;
  readonly client: S3Client;
  /** Of the object that is there, or was. */
  readonly etag: string;
  /** Versions of the key "a". */
  readonly count: () => number;
}

async function arrange(t: TestContext, state: State): Promise<Arranged> {
  const sandbox = await sandboxFor(t);
  const { etag } = await sandbox.put(state === "nothing" ? "other" : "a", Buffer.from("value"));
  if (state === "a delete marker") sandbox.remove("a");
  await sandbox.put("source", Buffer.from("new"));
  const count = (): number => sandbox.buckets.get(Bucket)?.versions("a").length ?? 0;
  return { sandbox, client: s3Client(t, sandbox), etag, count };
}

interface Conditions {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

const WRITES = {
  PutObject: (conditions: Conditions) =>
    new PutObjectCommand({ Bucket, Key: "a", Body: "new", ...conditions }),
  CopyObject: (conditions: Conditions) =>
    new CopyObjectCommand({ Bucket, Key: "a", CopySource: `${Bucket}/source`, ...conditions }),
};

describe("a conditional write", () => {
  const rows: readonly (readonly [
    conditions: (etag: string) => Conditions,
    answers: Readonly<Record<State, string>>,
  ])[] = [
    [
      () => ({ IfNoneMatch: "*" }),
      { nothing: "none", "an object": "PreconditionFailed", "a delete marker": "none" },
    ],
    [
      (IfMatch) => ({ IfMatch }),
      { nothing: "NoSuchKey", "an object": "none", "a delete marker": "NoSuchKey" },
    ],
    [
      () => ({ IfMatch: '"other"' }),
      { nothing: "NoSuchKey", "an object": "PreconditionFailed", "a delete marker": "NoSuchKey" },
    ],
    [
      (IfNoneMatch) => ({ IfNoneMatch }),
      {
        nothing: "NotImplemented",
        "an object": "NotImplemented",
        "a delete marker": "NotImplemented",
      },
    ],
  ];
  for (const [name, write] of Object.entries(WRITES))
    for (const [conditions, answers] of rows)
      for (const state of STATES)
        it(`of ${name} with ${JSON.stringify(conditions("ETAG"))} over ${state} answers ${answers[state]}`, async (t) => {
          const { client, etag, count } = await arrange(t, state);
          const before = count();
          const command = write(conditions(etag)) as PutObjectCommand;
          assert.equal(await errorOf(client.send(command)), answers[state]);
          assert.equal(count(), answers[state] === "none" ? before + 1 : before);
        });

  it("goes to one of many writers at once", async (t) => {
    const { client, count } = await arrange(t, "nothing");
    const writes = Array.from({ length: 8 }, (_, at) =>
      at % 2 === 0
        ? WRITES.PutObject({ IfNoneMatch: "*" })
        : WRITES.CopyObject({ IfNoneMatch: "*" }),
    );
    const errors = await Promise.all(
      writes.map((command) => errorOf(client.send(command as PutObjectCommand))),
    );
    assert.deepEqual(errors.toSorted(), [...Array<string>(7).fill("PreconditionFailed"), "none"]);
    assert.equal(count(), 1);
  });
});

describe("a copy's source", () => {
  const [past, future] = [new Date(0), new Date(Date.UTC(2199, 0, 1))];
  const rows: readonly (readonly [
    conditions: (etag: string) => Partial<CopyObjectCommand["input"]>,
    error: string,
  ])[] = [
    [(CopySourceIfMatch) => ({ CopySourceIfMatch }), "none"],
    [() => ({ CopySourceIfMatch: '"other"' }), "PreconditionFailed"],
    [(CopySourceIfNoneMatch) => ({ CopySourceIfNoneMatch }), "PreconditionFailed"],
    [() => ({ CopySourceIfNoneMatch: '"other"' }), "none"],
    [() => ({ CopySourceIfModifiedSince: past }), "none"],
    [() => ({ CopySourceIfModifiedSince: future }), "PreconditionFailed"],
    [() => ({ CopySourceIfUnmodifiedSince: past }), "PreconditionFailed"],
    [() => ({ CopySourceIfUnmodifiedSince: future }), "none"],
    // the ETag outweighs the date
    [(CopySourceIfMatch) => ({ CopySourceIfMatch, CopySourceIfUnmodifiedSince: past }), "none"],
    [
      (CopySourceIfNoneMatch) => ({ CopySourceIfNoneMatch, CopySourceIfModifiedSince: past }),
      "PreconditionFailed",
    ],
    // source and destination each have their own
    [(CopySourceIfMatch) => ({ CopySourceIfMatch, IfNoneMatch: "*" }), "none"],
    [(IfMatch) => ({ IfMatch }), "NoSuchKey"],
  ];
  for (const [conditions, error] of rows)
    it(`is judged by ${JSON.stringify(conditions("ETAG"))}: ${error}`, async (t) => {
      const { client, etag } = await arrange(t, "an object");
      const copy = { Bucket, Key: "copy", CopySource: `${Bucket}/a`, ...conditions(etag) };
      assert.equal(await errorOf(client.send(new CopyObjectCommand(copy))), error);
    });
});

describe("a conditional delete", () => {
  const rows: readonly (readonly [
    ifMatch: (etag: string) => string,
    answers: Readonly<Record<State, string>>,
  ])[] = [
    [(etag) => etag, { nothing: "NoSuchKey", "an object": "none", "a delete marker": "NoSuchKey" }],
    [
      (etag) => etag.replaceAll('"', ""),
      { nothing: "NoSuchKey", "an object": "none", "a delete marker": "NoSuchKey" },
    ],
    [() => "*", { nothing: "NoSuchKey", "an object": "none", "a delete marker": "NoSuchKey" }],
    [
      () => '"other"',
      { nothing: "NoSuchKey", "an object": "PreconditionFailed", "a delete marker": "NoSuchKey" },
    ],
  ];
  for (const [ifMatch, answers] of rows)
    for (const state of STATES)
      it(`with ${ifMatch('"ETAG"')} of ${state} answers ${answers[state]}, alone and among many`, async (t) => {
        const { client, etag, count } = await arrange(t, state);
        const before = count();
        const condition = ifMatch(etag);
        const object = { Key: "a", ETag: condition };
        const alone = new DeleteObjectCommand({ Bucket, Key: "a", IfMatch: condition });
        assert.equal(await errorOf(client.send(alone)), answers[state]);
        if (answers[state] === "none") {
          assert.equal(count(), before + 1);
          return;
        }
        const many = { Bucket, Delete: { Objects: [object, { Key: "other-key" }] } };
        const { Errors, Deleted } = await client.send(new DeleteObjectsCommand(many));
        assert.deepEqual(
          Errors?.map(({ Key, Code }) => [Key, Code]),
          [["a", answers[state]]],
        );
        assert.equal(Deleted?.length, 1);
        assert.equal(count(), before);
      });

  it("among many deletes what still is as it was", async (t) => {
    const { client, etag, count } = await arrange(t, "an object");
    const Delete = { Objects: [{ Key: "a", ETag: etag }] };
    const { Deleted } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }));
    assert.deepEqual([Deleted?.[0]?.DeleteMarker, count()], [true, 2]);
  });

  const refused: readonly (readonly [headers: Record<string, string>, query: string])[] = [
    [{ "if-match": "*" }, "?versionId=null"],
    [{ "if-none-match": "*" }, ""],
    [{ "x-amz-if-match-size": "5" }, ""],
    [{ "x-amz-if-match-last-modified-time": "Mon, 01 Jan 2001 00:00:00 GMT" }, ""],
  ];
  for (const [headers, query] of refused)
    it(`is not served with ${JSON.stringify(headers)}${query}, and deletes nothing`, async (t) => {
      const { sandbox, count } = await arrange(t, "an object");
      const got = await ask(sandbox, { method: "DELETE", path: `/${Bucket}/a${query}`, headers });
      assert.deepEqual([got.status, codeIn(got), count()], [501, "NotImplemented", 1]);
    });

  it("tells policies the ETag", async (t) => {
    const { sandbox, client, etag } = await arrange(t, "an object");
    const asked: AuthorisationRequest[] = [];
    sandbox.setAuthoriser({
      decide(request) {
        asked.push(request);
        return { allowed: true };
      },
    });
    await client.send(new DeleteObjectCommand({ Bucket, Key: "a", IfMatch: etag }));
    assert.deepEqual(
      asked.map(({ action, context }) => [action, context["s3:if-match"]]),
      [
        ["s3:DeleteObject", [etag]],
        ["s3:GetObject", undefined],
      ],
    );
  });
});

describe("another writer in the way", () => {
  const rows: readonly (readonly [
    what: string,
    command: (etag: string) => object,
    code: string,
  ])[] = [
    [
      "a write of what should be free",
      () => WRITES.CopyObject({ IfNoneMatch: "*" }),
      "PreconditionFailed",
    ],
    [
      "a conditional write",
      (IfMatch) => WRITES.PutObject({ IfMatch }),
      "ConditionalRequestConflict",
    ],
    [
      "a conditional copy",
      (IfMatch) => WRITES.CopyObject({ IfMatch }),
      "ConditionalRequestConflict",
    ],
    [
      "a conditional delete",
      (IfMatch) => new DeleteObjectCommand({ Bucket, Key: "a", IfMatch }),
      "ConditionalRequestConflict",
    ],
    ["a plain write", () => WRITES.PutObject({}), "none"],
    ["a plain delete", () => new DeleteObjectCommand({ Bucket, Key: "a" }), "none"],
  ];
  for (const [what, command, code] of rows)
    it(`answers ${what} ${code}`, async (t) => {
      const { sandbox, client, etag, count } = await arrange(t, "an object");
      sandbox.faults.add({ kind: "conflict", times: 1 });
      assert.equal(await errorOf(client.send(command(etag) as PutObjectCommand)), code);
      assert.equal(count(), code === "none" ? 2 : 1);
    });
});
