import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeSection, encodeTotals, wrap } from "../../agent/cli/doctor-words.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { failed, ok, type Section, skipped, warning } from "../../agent/doctor/finding.ts";

const ARN = `"arn:aws:s3:::acme-secrets/${"long/".repeat(20)}"`;
const issues = ['"a//b": expected no empty segment', '"c\\u0000": expected no control character'];
const SECTION: Section = {
  title: "group web",
  findings: [
    ok("list", "2 objects, 69 bytes"),
    warning("names", "left out", "rename it"),
    failed("names", new PosternError("BadName", "2 objects cannot be stored", { issues })),
    failed("get", new PosternError("Denied", "denied"), `add s3:GetObject on ${ARN} to role "web"`),
    skipped("decrypt", "an object"),
  ],
};

describe("doctor's words", () => {
  it("are a line a finding, what to change below it, and no wider than 80 columns", () => {
    assert.equal(
      encodeSection(SECTION, false),
      [
        "group web",
        "ok   list: 2 objects, 69 bytes",
        "warn names: left out",
        "     fix: rename it",
        "FAIL names: 2 objects cannot be stored",
        `     - ${issues[0]}`,
        `     - ${issues[1]}`,
        "FAIL get: denied",
        "     fix: add s3:GetObject on",
        `          ${ARN}`,
        '          to role "web"',
        "skip decrypt: needs an object",
        "",
        "",
      ].join("\n"),
    );
  });

  it("say the same with colours", () => {
    const coloured = encodeSection(SECTION, true);
    assert.ok(coloured.includes("\u001B[31mFAIL\u001B[39m get: denied"));
    // oxlint-disable-next-line no-control-regex -- what colours are made of
    assert.equal(coloured.replaceAll(/\u001B\[\d+m/g, ""), encodeSection(SECTION, false));
  });

  it("count what was found", () => {
    assert.equal(encodeTotals([SECTION]), "2 failed, 1 warning, 1 ok, 1 skipped");
  });

  it("lose no word in wrapping, and stay within 80 columns but for a longer word", () => {
    const word = fc.stringMatching(/^[a-z"/:.]{1,90}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.nat(12), (words, indent) => {
        const lines = wrap(words.join(" "), indent);
        assert.deepEqual(lines.join(" ").split(/ +/).filter(Boolean), words);
        for (const line of lines)
          assert.ok(line.length <= 80 || !line.trimStart().includes(" "), line);
      }),
    );
  });
});
