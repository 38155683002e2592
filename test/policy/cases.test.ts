import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wordOf } from "../../agent/policy/expectation.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { type PolicyCase, policyTopics } from "../support/policy-cases.ts";

const topics = policyTopics();

function decide({ scenario }: PolicyCase): ReturnType<typeof simulate> {
  const [parsed] = parseScenarios(scenario, "case");
  assert.ok(parsed !== undefined);
  return simulate(parsed, "case");
}

describe("the evaluator", () => {
  for (const { name: topic, cases } of topics)
    describe(`decides ${topic} as AWS documents it`, () => {
      for (const one of cases)
        it(one.name, () => {
          if (one.error === undefined) {
            const { verdict, asExpected } = decide(one);
            assert.ok("expect" in one.scenario, "expected an expectation");
            const came = `${wordOf(verdict)} by ${verdict.layer}: ${verdict.why}`;
            assert.ok(asExpected, `${JSON.stringify(one.scenario["expect"])}, came ${came}`);
          } else
            assert.throws(
              () => decide(one),
              (error: unknown) =>
                error instanceof PosternError &&
                error.code === "BadData" &&
                [error.message, ...error.issues].some((line) => line.includes(one.error ?? "")),
            );
        });
    });
});

describe("the decision cases", () => {
  const all = topics.flatMap(({ cases }) => cases);

  it("each name the page of AWS that they come from", () => {
    for (const { name, source } of all)
      assert.match(source, /^https:\/\/docs\.aws\.amazon\.com\/.+\.html$/, name);
  });

  it("are at least 400, and no two of a topic have one name", () => {
    assert.ok(all.length >= 400, String(all.length));
    for (const { name: topic, cases } of topics)
      assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length, topic);
  });

  it("hold allows, denies and refusals", () => {
    const kinds = all.map((one) =>
      one.error === undefined ? wordOf(decide(one).verdict) : "refused",
    );
    for (const kind of ["allow", "explicit deny", "implicit deny", "refused"])
      assert.ok(kinds.filter((each) => each === kind).length > 40, kind);
  });
});
