import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { lintSets } from "../../agent/lint/files.ts";
import { parseMute, parseMutes } from "../../agent/lint/mute.ts";

const file = {
  name: "roles/audit.json",
  text: JSON.stringify(
    {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Audit",
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::secrets",
        },
        {
          Sid: "Db",
          Effect: "Allow",
          Action: "s3:GetObject",
          Resource: "arn:aws:s3:::secrets/db*",
        },
      ],
    },
    undefined,
    2,
  ),
};

function rulesWith(...mutes: readonly string[]): readonly string[] {
  return lintSets(
    [{ documents: [file] }],
    mutes.map((text) => parseMute(text)),
  ).findings.map(({ rule }) => rule);
}

describe("a mute", () => {
  const rows: readonly (readonly [mute: string, left: readonly string[]])[] = [
    ["list-without-prefix", ["prefix-without-slash"]],
    ["list-without-prefix:Audit", ["prefix-without-slash"]],
    ["list-without-prefix@roles/audit.json", ["prefix-without-slash"]],
    ["list-without-prefix:Audit@roles/audit.json", ["prefix-without-slash"]],
    ["list-without-prefix:Db", ["list-without-prefix", "prefix-without-slash", "unused-mute"]],
    [
      "list-without-prefix@roles/web.json",
      ["list-without-prefix", "prefix-without-slash", "unused-mute"],
    ],
    ["kms-unscoped", ["list-without-prefix", "prefix-without-slash", "unused-mute"]],
  ];
  for (const [mute, left] of rows)
    it(`${mute} leaves ${left.join(", ")}`, () => {
      assert.deepEqual(rulesWith(mute), left);
    });

  it("is counted, once for each finding", () => {
    const mutes = [parseMute("prefix-without-slash"), parseMute("list-without-prefix:Audit")];
    assert.deepEqual(lintSets([{ documents: [file] }], mutes), { findings: [], muted: 2 });
  });

  it("that is unused is told at its own line", () => {
    const mutes = parseMutes("# why\n\nkms-unscoped  # gone\n", "mutes");
    const unused = lintSets([{ documents: [file] }], mutes).findings.at(-1);
    assert.deepEqual(
      [unused?.rule, unused?.place.file, unused?.place.line],
      ["unused-mute", "mutes", 3],
    );
  });

  for (const [why, text, expected] of [
    ["a rule that there is not", "kms-unscope", /expected the id of a rule, got "kms-unscope"/],
    ["something else", "Kms Unscoped", /expected RULE, RULE:SID or RULE:SID@FILE/],
    ["a number from elsewhere", "E101", /expected RULE/],
  ] as const)
    it(`refuses ${why}, with its line`, () => {
      assert.throws(
        () => parseMutes(`\n${text}\n`, "mutes"),
        (error: unknown) =>
          error instanceof PosternError &&
          error.code === "BadData" &&
          error.message.startsWith("mutes:2: ") &&
          expected.test(error.message),
      );
    });
});
