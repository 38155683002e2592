import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeLinted, hasFindings, lintSets, LINT_FORMATS } from "../../agent/lint/files.ts";
import { UNUSED_MUTE } from "../../agent/lint/mute.ts";
import { RULES } from "../../agent/lint/rules.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";

const text = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": ["arn:aws:s3:::acme-secrets/web/*", "arn:aws:s3:::acme-secrets/db*"]
    }
  ]
}
`;
const linted = lintSets([{ documents: [{ name: "a folder/role.json", text }] }]);

describe("the findings as text", () => {
  it("say place, rule, message, witness and fix", () => {
    assert.equal(
      encodeLinted(linted, "text", "1.0.0"),
      [
        "error  a folder/role.json:8:55  prefix-without-slash  (Read)",
        '  expected a prefix that ends in "/", got "db*", which also matches',
        '    "db-other/secret"',
        "  witness: an object of another group is granted:",
        "    arn:aws:sts::111122223333:assumed-role/role/i-0123456789abcdef0 s3:GetObject",
        "    arn:aws:s3:::acme-secrets/db-other/secret: allow",
        "  fix: write arn:aws:s3:::acme-secrets/db/*",
        "",
        "1 error",
        "",
      ].join("\n"),
    );
  });

  it("keep to 80 columns but for what cannot be broken", () => {
    for (const line of encodeLinted(linted, "text", "1.0.0").split("\n"))
      assert.ok(line.length <= 80 || !line.trim().includes(" "), line);
  });

  it("say when there are none", () => {
    assert.equal(
      encodeLinted({ findings: [], muted: 2 }, "text", "1.0.0"),
      "no findings, 2 muted\n",
    );
  });

  it("let no document change the terminal", () => {
    const evil = text.replace("Read", "\\u001b[2JRead");
    const told = encodeLinted(
      lintSets([{ documents: [{ name: "x\u001b.json", text: evil }] }]),
      "text",
      "1.0.0",
    );
    assert.ok(!told.includes("\u001b"), JSON.stringify(told));
  });
});

describe("the findings as JSON", () => {
  it("carry the witness as a scenario that simulate decides", () => {
    const { findings } = JSON.parse(encodeLinted(linted, "json", "1.0.0")) as {
      readonly findings: readonly { readonly witness: unknown; readonly line: number }[];
    };
    const [scenario] = parseScenarios(findings[0]?.witness, "witness");
    assert.ok(scenario !== undefined && simulate(scenario, "witness").asExpected);
    assert.equal(findings[0]?.line, 8);
  });
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: unknown;
        };
      }[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
    }[];
  }[];
}

describe("the findings as SARIF", () => {
  const sarif = (given = linted): Sarif =>
    JSON.parse(encodeLinted(given, "sarif", "1.0.0")) as Sarif;

  it("are of version 2.1.0, with every rule", () => {
    const { version, runs } = sarif();
    assert.equal(version, "2.1.0");
    assert.deepEqual(
      runs[0]?.tool.driver.rules.map(({ id }) => id),
      [...RULES, UNUSED_MUTE].map(({ id }) => id),
    );
  });

  it("point to the rule, the file as a URI, and the place", () => {
    const [run] = sarif().runs;
    const [result] = run?.results ?? [];
    assert.equal(run?.tool.driver.rules[result?.ruleIndex ?? -1]?.id, result?.ruleId);
    assert.deepEqual(result?.locations[0]?.physicalLocation, {
      artifactLocation: { uri: "a%20folder/role.json" },
      region: { startLine: 8, startColumn: 55 },
    });
  });

  it("keep their fingerprint when lines move", () => {
    const moved = lintSets([{ documents: [{ name: "a folder/role.json", text: `\n\n${text}` }] }]);
    const prints = [linted, moved].map(
      (one) => sarif(one).runs[0]?.results[0]?.partialFingerprints["posternFinding/v1"],
    );
    assert.match(prints[0] ?? "", /^[0-9a-f]{64}$/);
    assert.equal(prints[0], prints[1]);
  });

  it("use levels that SARIF knows", () => {
    const levels = RULES.map(({ severity }) => severity);
    assert.ok(levels.every((level) => ["error", "warning", "note"].includes(level)));
  });
});

describe("the exit code", () => {
  it("counts findings of the severity and above", () => {
    assert.equal(hasFindings(linted, "note"), true);
    assert.equal(hasFindings(linted, "error"), true);
    assert.equal(hasFindings({ findings: [], muted: 1 }, "note"), false);
    const notes = lintSets([
      {
        documents: [
          {
            name: "r.json",
            text: text.replace('  "Version": "2012-10-17",\n', "").replace("db*", "db/*"),
          },
        ],
      },
    ]);
    assert.deepEqual([hasFindings(notes, "note"), hasFindings(notes, "warning")], [true, false]);
  });

  it("has a format for people and two for programs", () => {
    assert.deepEqual([...LINT_FORMATS], ["text", "json", "sarif"]);
  });
});
