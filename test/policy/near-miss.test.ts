import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callerOfArn } from "../../agent/policy/caller.ts";
import { contextOf } from "../../agent/policy/context.ts";
import { parsePolicy } from "../../agent/policy/document.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import { missesOf, nearMisses } from "../../agent/policy/near-miss.ts";
import { type Asked, askedOf } from "../../agent/policy/statement.ts";

const account = "111122223333";

function asked(context: Readonly<Record<string, readonly string[]>> = {}): Asked {
  const caller = callerOfArn(`arn:aws:iam::${account}:role/web`);
  assert.ok(caller !== undefined);
  return askedOf(
    {
      caller,
      action: "s3:GetObject",
      resource: parseArn("arn:aws:s3:::b/web/x"),
      resourceAccount: account,
      context: contextOf(context),
    },
    {},
  );
}

const base = {
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${account}:role/web` },
  Action: "s3:GetObject",
  Resource: "arn:aws:s3:::b/web/*",
};

const policyOf = (...statements: readonly object[]) =>
  parsePolicy({ Version: "2012-10-17", Statement: statements }, "resource", "bucket");

describe("what a statement misses", () => {
  const rows: readonly (readonly [why: string, change: object, misses: readonly unknown[]])[] = [
    ["nothing", {}, []],
    [
      "the principal",
      { Principal: { AWS: `arn:aws:iam::${account}:role/db` } },
      [{ element: "principal" }],
    ],
    ["the action", { Action: "s3:PutObject" }, [{ element: "action" }]],
    ["all but the action", { Action: undefined, NotAction: "s3:Get*" }, [{ element: "action" }]],
    ["the resource", { Resource: "arn:aws:s3:::b/db/*" }, [{ element: "resource" }]],
    [
      "all but the resource",
      { Resource: undefined, NotResource: "arn:aws:s3:::b/*" },
      [{ element: "resource" }],
    ],
    [
      "a key that the request lacks",
      { Condition: { StringEquals: { "aws:SourceVpc": "vpc-1" } } },
      [
        {
          element: "condition",
          operator: "StringEquals",
          key: "aws:SourceVpc",
          expected: ["vpc-1"],
          given: [],
        },
      ],
    ],
    [
      "a value that is another, by the operator's whole name",
      { Condition: { "ForAnyValue:StringEqualsIfExists": { "aws:SourceVpce": ["a", "b"] } } },
      [
        {
          element: "condition",
          operator: "ForAnyValue:StringEqualsIfExists",
          key: "aws:SourceVpce",
          expected: ["a", "b"],
          given: ["vpce-1"],
        },
      ],
    ],
    [
      "several elements at once",
      { Action: "s3:PutObject", Resource: "arn:aws:s3:::b/db/*" },
      [{ element: "action" }, { element: "resource" }],
    ],
  ];
  for (const [why, change, misses] of rows)
    it(`is ${why}`, () => {
      const [statement] = policyOf({ ...base, ...change }).statements;
      assert.ok(statement !== undefined);
      assert.deepEqual(missesOf(statement, asked({ "aws:SourceVpce": ["vpce-1"] })), misses);
    });
});

describe("near misses", () => {
  const policy = policyOf(
    { ...base, Sid: "OtherAction", Action: "s3:PutObject" },
    { ...base, Sid: "Two", Resource: "arn:aws:s3:::b/db/*", Principal: { AWS: "444455556666" } },
    { ...base, Sid: "One", Resource: "arn:aws:s3:::b/db/*" },
    { ...base, Sid: "Fits" },
    { ...base, Sid: "Denies", Effect: "Deny", Resource: "arn:aws:s3:::b/db/*" },
  );

  it("come nearest first, those about another action last, and none that fits", () => {
    const sids = nearMisses([policy, undefined], "Allow", asked()).map(
      ({ statement }) => statement.sid,
    );
    assert.deepEqual(sids, ["One", "Two", "OtherAction"]);
  });

  it("are of one effect", () => {
    const sids = nearMisses([policy], "Deny", asked()).map(({ statement }) => statement.sid);
    assert.deepEqual(sids, ["Denies"]);
  });
});
