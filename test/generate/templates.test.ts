import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { readTemplates, templateFolder } from "../../agent/generate/templates.ts";
import { root } from "../support/root.ts";
import {
  filled,
  scenarioOf,
  templateCases,
  type TemplateCase,
  templateFiles,
  type TemplateRequest,
} from "../support/template-cases.ts";
import { weakenings } from "../support/template-weakening.ts";

const cases = templateCases();

function decisionOn(one: TemplateCase, request: TemplateRequest): string {
  const [scenario] = parseScenarios([scenarioOf(one, request)], one.name);
  assert.ok(scenario !== undefined);
  const { verdict } = simulate(scenario, one.name);
  return `${verdict.decision} by ${verdict.layer}: ${verdict.why}`;
}

function decidesAll(one: TemplateCase): boolean {
  return (
    one.pass.every((request) => decisionOn(one, request).startsWith("allow")) &&
    one.fail.every((request) => decisionOn(one, request).startsWith("deny"))
  );
}

for (const one of cases)
  describe(`the template ${one.name}`, () => {
    for (const request of one.pass)
      it(`lets pass: ${request.why}`, () => {
        assert.match(decisionOn(one, request), /^allow/);
      });
    for (const request of one.fail)
      it(`stops: ${request.why}`, () => {
        assert.match(decisionOn(one, request), /^deny/);
      });
    it("has nothing that could be left out", () => {
      for (const { without, one: weaker } of weakenings(one))
        assert.ok(!decidesAll(weaker), `all is decided alike without ${without}`);
    });
    it("has requests of both kinds, and no placeholder left", () => {
      assert.ok(one.pass.length > 0 && one.fail.length > 0);
      assert.doesNotMatch(JSON.stringify(filled(one)), /\{\{/);
    });
  });

describe("the table of policy-templates", () => {
  const text = readFileSync(join(root, "policy-templates", "README.md"), "utf8");
  const told = [...text.matchAll(/^\| \[`([a-z/0-9-]+)`\]\(\1\.json\)/gm)].map(([, name]) =>
    String(name),
  );

  it("has each template once and no other", () => {
    assert.deepEqual(told.toSorted(), cases.map(({ name }) => name).toSorted());
  });

  it("says of each what it is for, when it is there and what it stops", () => {
    const rows = text.split("\n").filter((line) => line.startsWith("| [`"));
    for (const row of rows) assert.equal(row.split(/(?<!\\)\|/).length, 6, row);
  });
});

describe("the templates", () => {
  it("each have requests, and no requests are left over", () => {
    const names = templateFiles().map((path) => path.replace(/(\.requests)?\.json$/, ""));
    for (const name of new Set(names))
      assert.equal(names.filter((one) => one === name).length, 2, name);
  });

  it("are found beside the compiled program", () => {
    assert.equal(templateFolder(), join(root, "policy-templates"));
    const read = readTemplates();
    for (const { name, template } of cases) assert.deepEqual(read(name), template);
  });

  it("have Sids of letters and digits alone", () => {
    for (const one of cases) {
      const json = filled(one);
      const statement = json["Statement"] ?? [json];
      assert.ok(Array.isArray(statement));
      for (const { Sid } of statement as readonly { readonly Sid?: string }[])
        assert.match(String(Sid), /^[A-Za-z0-9]+$/, one.name);
    }
  });
});
