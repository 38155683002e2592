import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lintDocuments } from "../../agent/lint/lint.ts";
import type { Finding } from "../../agent/lint/rule.ts";
import { RULES } from "../../agent/lint/rules.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { filesOf, knownOf, type LintCase, lintTopics } from "../support/lint-cases.ts";

const topics = lintTopics();
const rules = new Map(RULES.map((rule) => [rule.id, rule]));
const ofRules = topics.filter(({ name }) => rules.has(name));

function judge(one: LintCase): readonly Finding[] {
  return lintDocuments(filesOf(one), knownOf(one));
}

function toldOf(findings: readonly Finding[]): string {
  return findings.map(({ rule, place, message }) => `${rule} ${place.path}: ${message}`).join("\n");
}

/** As `postern policy simulate` would, from nothing but the witness. */
function assertConfirmed({ rule, witness }: Finding): void {
  if (witness === undefined) return;
  const [scenario] = parseScenarios(JSON.parse(JSON.stringify(witness)), rule);
  assert.ok(scenario !== undefined);
  const { asExpected, verdict } = simulate(scenario, rule);
  assert.ok(asExpected, `${rule}: expected ${witness.expect}, the evaluator says ${verdict.why}`);
}

describe("every lint rule", () => {
  it("has a failing and a passing case", () => {
    for (const { id } of RULES) {
      const topic = topics.find(({ name }) => name === id);
      assert.ok(topic !== undefined && topic.fails.length > 0 && topic.passes.length > 0, id);
    }
  });

  it("has an id of its own in kebab-case, one sentence of why, and a page of AWS's", () => {
    assert.equal(rules.size, RULES.length);
    for (const { id, why, page } of RULES) {
      assert.match(id, /^[a-z]+(-[a-z]+)+$/);
      assert.match(why, /^[A-Z"].*\.$/, id);
      assert.match(page, /^https:\/\/docs\.aws\.amazon\.com\/.+\.html(#[\w-]+)?$/, id);
    }
  });
});

for (const { name, fails, passes } of ofRules)
  describe(`the rule ${name}`, () => {
    for (const one of fails)
      it(`fires on ${one.why}`, () => {
        const findings = judge(one);
        const own = findings.filter(({ rule }) => rule === name);
        assert.ok(own.length > 0, `nothing but\n${toldOf(findings)}`);
        if (one.at !== undefined)
          assert.deepEqual(
            own.map(({ place }) => `${place.file} ${place.path}`),
            one.at,
          );
        for (const finding of findings) {
          assert.equal(
            finding.witness !== undefined,
            rules.get(finding.rule)?.witness,
            finding.rule,
          );
          assertConfirmed(finding);
        }
      });
    for (const one of passes)
      it(`leaves alone ${one.why}`, () => {
        const findings = judge(one);
        assert.ok(!findings.some(({ rule }) => rule === name), toldOf(findings));
        const found = [...new Set(findings.map(({ rule }) => rule))].sort();
        assert.deepEqual(found, [...(one.also ?? [])].sort(), toldOf(findings));
        for (const finding of findings) assertConfirmed(finding);
      });
  });

for (const { name, passes } of topics.filter((topic) => !rules.has(topic.name)))
  describe(`the rules, on ${name}`, () => {
    for (const one of passes)
      it(`leave alone ${one.why}`, () => {
        const findings = judge(one);
        const found = [...new Set(findings.map(({ rule }) => rule))].sort();
        assert.deepEqual(found, [...(one.also ?? [])].sort(), toldOf(findings));
      });
  });
