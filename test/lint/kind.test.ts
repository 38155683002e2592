import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recognise } from "../../agent/lint/kind.ts";

const bucket = "arn:aws:s3:::acme-secrets";

describe("the kind of a document is recognised", () => {
  const rows: readonly (readonly [why: string, statement: object, kind: string])[] = [
    ["without Principal", { Action: "s3:GetObject", Resource: "*" }, "identity"],
    ["without Resource", { Principal: "*", Action: "sts:AssumeRole" }, "trust"],
    [
      "by one bucket",
      { Principal: "*", Action: "s3:*", Resource: [bucket, `${bucket}/*`] },
      "bucket",
    ],
    [
      "by NotPrincipal and NotAction",
      { NotPrincipal: "*", NotAction: "s3:*", NotResource: bucket },
      "bucket",
    ],
    [
      "by actions of KMS",
      { Principal: "*", Effect: "Deny", Action: "kms:*", Resource: "*" },
      "key",
    ],
    [
      "by several buckets",
      { Principal: "*", Action: "s3:GetObject", Resource: [`${bucket}/*`, "arn:aws:s3:::other/*"] },
      "endpoint",
    ],
  ];
  for (const [why, statement, kind] of rows)
    it(`${why}: ${kind}`, () => {
      assert.equal(recognise({ Statement: statement }).kind, kind);
      assert.equal(recognise({ Statement: [statement] }).kind, kind);
    });

  it("with what else it may be, where nothing tells", () => {
    const { alternatives } = recognise({
      Statement: { Principal: "*", Action: "*", Resource: "*" },
    });
    assert.deepEqual(alternatives, ["key", "rcp"]);
  });

  it("of what is no document: identity, which has no elements that others lack", () => {
    assert.equal(recognise("text").kind, "identity");
  });
});
