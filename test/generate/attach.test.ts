import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { attach, type Holder } from "../../agent/generate/attach.ts";
import { type Draft, sizeOf } from "../../agent/generate/draft.ts";

/** A statement of about that many characters. */
function statement(sid: string, size: number): Draft {
  const resource = `arn:aws:s3:::acme-secrets/${sid}/${"x".repeat(size - 121 - sid.length)}`;
  return {
    statement: { Sid: sid, Effect: "Allow", Action: "s3:GetObject", Resource: resource },
    from: [["groups", sid]],
  };
}

const some = (amount: number, size: number): readonly Draft[] =>
  Array.from({ length: amount }, (_, at) => statement(`Read${at}`, size));

const role: Holder = { name: "web", kind: "role", isShared: false, attached: 0 };

describe("the statements of an identity", () => {
  it("are one inline policy where they fit", () => {
    const [only, ...more] = attach(role, some(10, 1000));
    assert.equal(more.length, 0);
    assert.equal(only?.policy.form, "inline");
    assert.equal(only.policy.name, "postern");
    assert.equal(only.origins.length, 10);
  });

  it("are managed policies that each fit where they do not, in their order", () => {
    const attached = attach(role, some(20, 1000));
    assert.deepEqual(
      attached.map(({ policy }) => policy.name),
      ["postern-web-1", "postern-web-2", "postern-web-3", "postern-web-4"],
    );
    for (const { policy } of attached) {
      assert.equal(policy.form, "managed");
      assert.ok(sizeOf(policy.document) <= 6144);
    }
    assert.deepEqual(
      attached.flatMap(({ origins }) => origins.map(({ sid }) => sid)),
      some(20, 1000).map((one) => one.statement["Sid"]),
    );
  });

  it("are managed where others keep policies of unknown size", () => {
    const [only] = attach({ ...role, isShared: true }, some(1, 500));
    assert.deepEqual([only?.policy.name, only?.policy.form], ["postern-web", "managed"]);
  });

  it("are fewer where they would be too many, and allow the same", () => {
    const open = (at: number): Draft => {
      const [seal] = some(1, 1000);
      const Resource = `arn:aws:kms:us-east-1:111122223333:key/${at}`;
      const Condition = { StringEquals: { "kms:EncryptionContext:app": "x".repeat(1000 + at) } };
      const Sid = `Open${at}`;
      const statement = { ...seal?.statement, Sid, Action: "kms:Decrypt", Resource, Condition };
      return { statement, from: [["groups", Sid]] };
    };
    const seal = ({ statement, from }: Draft): Draft => ({
      statement: { ...statement, Sid: `Seal${String(statement["Sid"])}`, Action: "kms:Encrypt" },
      from,
    });
    const opens = Array.from({ length: 30 }, (_, at) => open(at));
    const attached = attach(role, [...opens, ...opens.map(seal)]);
    assert.ok(attached.length <= 10, `${attached.length} policies`);
    const statements = attached.flatMap(({ policy }) => policy.document["Statement"] as unknown[]);
    assert.equal(statements.length, 30);
    for (const one of statements as readonly { readonly Action: unknown }[])
      assert.deepEqual(one.Action, ["kms:Decrypt", "kms:Encrypt"]);
    assert.equal(attached[0]?.origins[0]?.from.length, 2);
  });

  it("have less room inline at a user", () => {
    const forms = (kind: Holder["kind"]): readonly string[] =>
      attach({ ...role, kind }, some(3, 1000)).map(({ policy }) => policy.form);
    assert.deepEqual(forms("role"), ["inline"]);
    assert.deepEqual(forms("user"), ["managed"]);
  });

  it("are none where there is nothing to grant", () => {
    assert.deepEqual(attach(role, []), []);
  });

  const refusals: readonly (readonly [string, Holder, readonly Draft[], RegExp])[] = [
    [
      "more than ten managed policies, and what is beyond",
      role,
      some(21, 3200),
      /at most 10 managed policies .* got 21; what does not fit: Read10, Read11, .*Read20$/,
    ],
    [
      "more than are left beside others",
      { ...role, attached: 8 },
      some(5, 3200),
      /at most 2 managed policies .* got 5; what does not fit: Read2, Read3, Read4$/,
    ],
    [
      "a statement that fits nowhere",
      role,
      [...some(1, 7000), ...some(1, 7000)],
      /more in statement "Read0" alone/,
    ],
  ];
  for (const [why, holder, drafts, expected] of refusals)
    it(`refuses ${why}`, () => {
      assert.throws(
        () => attach(holder, drafts),
        (error: unknown) =>
          error instanceof PosternError &&
          error.code === "TooLarge" &&
          expected.test(error.message),
      );
    });
});
