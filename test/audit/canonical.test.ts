import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalStatements, departedPrincipals } from "../../agent/audit/canonical.ts";
import { diffStatements } from "../../agent/audit/statement-diff.ts";
import { choices, documents, type Json, mutations, reworded } from "../support/policy-rewrites.ts";

const allow: Json = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const documentOf = (...statements: readonly Json[]): Json => ({
  Version: "2012-10-17",
  Statement: statements,
});
const withCondition = (operator: string, keys: Json): Json =>
  documentOf({ ...allow, Condition: { [operator]: keys } });

const SAME: readonly (readonly [why: string, one: Json, other: Json])[] = [
  ["a statement or a list of it", documentOf(allow), { Version: "2012-10-17", Statement: allow }],
  ["an Id", documentOf(allow), { ...documentOf(allow), Id: "Policy1" }],
  ["Sids", documentOf(allow), documentOf({ ...allow, Sid: "Read" })],
  ["a statement given twice", documentOf(allow), documentOf(allow, { ...allow, Sid: "Again" })],
  ["the case of actions", documentOf(allow), documentOf({ ...allow, Action: "S3:getobject" })],
  [
    "an account and its root",
    documentOf({ ...allow, Principal: { AWS: "111122223333" } }),
    documentOf({ ...allow, Principal: { AWS: ["arn:aws:iam::111122223333:root"] } }),
  ],
  [
    "anybody by itself or as AWS",
    documentOf({ ...allow, Principal: "*" }),
    documentOf({ ...allow, Principal: { AWS: "*" } }),
  ],
  [
    "a boolean and its text",
    withCondition("Bool", { "aws:SecureTransport": true }),
    withCondition("Bool", { "aws:SecureTransport": ["TRUE"] }),
  ],
  [
    "the case of condition keys",
    withCondition("StringEquals", { "aws:SourceVpce": "a" }),
    withCondition("StringEquals", { "AWS:sourcevpce": "a" }),
  ],
  [
    "an address and its range",
    withCondition("IpAddress", { "aws:SourceIp": "10.0.0.7" }),
    withCondition("IpAddress", { "aws:SourceIp": "10.0.0.7/32" }),
  ],
  [
    "bits beyond a range",
    withCondition("IpAddress", { "aws:SourceIp": "10.1.2.3/8" }),
    withCondition("IpAddress", { "aws:SourceIp": "10.0.0.0/8" }),
  ],
  ["no condition", documentOf(allow), documentOf({ ...allow, Condition: {} })],
  ["versions, without variables", documentOf(allow), { Statement: allow }],
];

const OTHER: readonly (readonly [why: string, one: Json, other: Json])[] = [
  [
    "the case of resources",
    documentOf({ ...allow, Resource: "arn:aws:s3:::b/Web" }),
    documentOf({ ...allow, Resource: "arn:aws:s3:::b/web" }),
  ],
  [
    "the case of values",
    withCondition("StringEquals", { "aws:SourceVpce": "a" }),
    withCondition("StringEquals", { "aws:SourceVpce": "A" }),
  ],
  [
    "versions, with variables",
    documentOf({ ...allow, Resource: "arn:aws:s3:::b/${aws:username}" }),
    { Statement: { ...allow, Resource: "arn:aws:s3:::b/${aws:username}" } },
  ],
  [
    "one key in two operators",
    withCondition("StringLike", { "aws:SourceVpce": "a" }),
    withCondition("StringEquals", { "aws:SourceVpce": "a" }),
  ],
  [
    "a key given twice in other cases, which must both hold",
    withCondition("StringEquals", { "aws:a": "x", "AWS:A": "y" }),
    withCondition("StringEquals", { "aws:a": ["x", "y"] }),
  ],
  [
    "a role and the id of one that is gone",
    documentOf({ ...allow, Principal: { AWS: "arn:aws:iam::111122223333:role/web" } }),
    documentOf({ ...allow, Principal: { AWS: "AROAEXAMPLEEXAMPLE123" } }),
  ],
];

const textOf = (document: Json): string =>
  canonicalStatements(document)
    .map(({ text }) => text)
    .join("\n");

describe("a canonical document", () => {
  for (const [why, one, other] of SAME)
    it(`does not tell apart ${why}`, () => {
      assert.equal(textOf(one), textOf(other));
      assert.deepEqual(diffStatements(one, other), []);
    });
  for (const [why, one, other] of OTHER)
    it(`tells apart ${why}`, () => {
      assert.notEqual(textOf(one), textOf(other));
      assert.equal(diffStatements(one, other).length, 1);
    });

  it("is the same in whatever words", () => {
    fc.assert(
      fc.property(documents, choices, (document, choose) => {
        const other = reworded(document, choose);
        assert.equal(textOf(other), textOf(document), JSON.stringify(other));
      }),
      { numRuns: 500 },
    );
  });

  it("is another after any change to one statement", () => {
    fc.assert(
      fc.property(documents, choices, (document, choose) => {
        for (const [what, mutant] of mutations(document)) {
          assert.notEqual(textOf(reworded(mutant, choose)), textOf(document), what);
          assert.ok(diffStatements(document, reworded(mutant, choose)).length > 0, what);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("names the ids of roles and users that are gone", () => {
    const AWS = ["AROAEXAMPLEEXAMPLE123", "arn:aws:iam::111122223333:role/web"];
    const document = documentOf(
      { ...allow, Principal: { AWS } },
      { ...allow, Effect: "Deny", Principal: { AWS: "AIDAEXAMPLEEXAMPLE123" } },
    );
    assert.deepEqual(
      new Set(departedPrincipals(document)),
      new Set(["AIDAEXAMPLEEXAMPLE123", "AROAEXAMPLEEXAMPLE123"]),
    );
  });
});

describe("a difference of documents", () => {
  const read: Json = {
    ...allow,
    Sid: "Read",
    Condition: { StringEquals: { "aws:SourceVpce": "a" } },
  };
  const cases: readonly (readonly [
    why: string,
    one: Json | undefined,
    other: Json | undefined,
    expected: readonly unknown[],
  ])[] = [
    [
      "shows what a statement has more and less, as it was written",
      documentOf(read),
      documentOf({ ...read, Action: ["s3:GetObject", "s3:PutObject"], Condition: {} }),
      ["changed Action:-+s3:PutObject Condition.StringEquals.aws:SourceVpce:-a+"],
    ],
    [
      "takes statements of one Sid for the same",
      documentOf(read),
      documentOf({
        ...allow,
        Sid: "Read",
        Effect: "Deny",
        Action: "s3:Put*",
        Resource: "arn:aws:s3:::b",
      }),
      [
        "changed Effect:-Allow+Deny Action:-s3:GetObject+s3:Put* Resource:-*+arn:aws:s3:::b Condition.StringEquals.aws:SourceVpce:-a+",
      ],
    ],
    [
      "does not take for the same what has little in common",
      documentOf(allow),
      documentOf({ Effect: "Deny", Action: "kms:*", Resource: "arn:aws:s3:::b" }),
      ["missing", "extra"],
    ],
    [
      "leaves a Sid's statement to those of that Sid",
      documentOf({ ...allow, Action: "s3:a" }, { ...allow, Sid: "B", Action: "s3:b" }),
      documentOf({ ...allow, Sid: "B", Action: "s3:c" }),
      ["missing", "changed Action:-s3:b+s3:c"],
    ],
    [
      "takes a document that is not there for an empty one",
      undefined,
      documentOf(allow),
      ["extra"],
    ],
    ["takes a document that went for an empty one", documentOf(allow), undefined, ["missing"]],
  ];
  for (const [why, one, other, expected] of cases)
    it(why, () => {
      const found = diffStatements(one, other).map((change) =>
        change.kind === "changed"
          ? `changed ${change.parts
              .map(({ label, missing, extra }) => `${label}:-${missing.join()}+${extra.join()}`)
              .toSorted(byElement)
              .join(" ")}`
          : change.kind,
      );
      assert.deepEqual(found, expected);
    });
});

const ELEMENTS = ["Effect", "Action", "Resource", "Condition"];

function byElement(one: string, other: string): number {
  const placeOf = (text: string): number =>
    ELEMENTS.findIndex((element) => text.startsWith(element));
  return placeOf(one) - placeOf(other);
}
