import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PolicyFile } from "../../agent/lint/document.ts";
import { lintDocuments } from "../../agent/lint/lint.ts";
import { RULES } from "../../agent/lint/rules.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { policyTopics } from "../support/policy-cases.ts";

interface Documents {
  readonly identity?: readonly unknown[];
  readonly resource?: unknown;
  readonly boundary?: unknown;
  readonly session?: unknown;
  readonly endpoint?: unknown;
}

/** The documents of a decision case, those that are no policy among them. */
function filesOf({ identity = [], resource, ...others }: Documents): readonly PolicyFile[] {
  const file = (name: string, document: unknown, kind?: PolicyFile["kind"]): PolicyFile => ({
    name,
    text: JSON.stringify(document),
    kind,
  });
  const kinds = ["boundary", "session", "endpoint"] as const;
  return [
    ...identity.map((document, at) => file(`role-${at}.json`, document)),
    ...(resource === undefined ? [] : [file("resource.json", resource)]),
    ...kinds.flatMap((kind) =>
      others[kind] === undefined ? [] : [file(kind, others[kind], kind)],
    ),
  ];
}

describe("the documents of all decision cases", () => {
  const promised = new Map(RULES.map(({ id, witness }) => [id, witness]));
  const findings = policyTopics().flatMap(({ cases }) =>
    cases.flatMap(({ scenario }) =>
      lintDocuments(filesOf((scenario["policies"] ?? {}) as Documents)),
    ),
  );

  it("are judged by many rules", () => {
    assert.ok(new Set(findings.map(({ rule }) => rule)).size > 20);
  });

  it("give each finding the witness that its rule promises, as simulate decides it", () => {
    for (const { rule, witness } of findings) {
      assert.equal(witness !== undefined, promised.get(rule), rule);
      if (witness === undefined) continue;
      const [scenario] = parseScenarios(JSON.parse(JSON.stringify(witness)), rule);
      assert.ok(scenario !== undefined && simulate(scenario, rule).asExpected, rule);
    }
  });
});
