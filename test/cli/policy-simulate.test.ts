import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hasCommand, plainEnv, runCommand } from "../support/command.ts";
import { tempDir } from "../support/temp.ts";
import { root } from "../support/root.ts";

const temp = tempDir();
const bucket = "arn:aws:s3:::acme-secrets";
const scenario = {
  name: "web reads web",
  principal: { arn: "arn:aws:sts::111122223333:assumed-role/web/i-0abc" },
  action: "s3:GetObject",
  resource: { arn: `${bucket}/web/db`, account: "111122223333" },
  policies: {
    identity: [
      {
        Version: "2012-10-17",
        Statement: {
          Sid: "Read",
          Effect: "Allow",
          Action: "s3:GetObject",
          Resource: `${bucket}/web/*`,
        },
      },
    ],
  },
};
const HEAD = "CASE           DECISION       LAYER     BY\n";

interface Row {
  readonly text: string;
  readonly words?: readonly string[];
  readonly code: number;
  readonly stdout?: string | RegExp;
  readonly stderr?: RegExp;
}

const ROWS: Readonly<Record<string, Row>> = {
  "decides a single scenario": {
    text: JSON.stringify(scenario),
    code: 0,
    stdout:
      "CASE           DECISION  LAYER     BY\n" +
      "web reads web  allow     identity  identity[0].Statement[0] Read\n",
  },
  "says 2 when a decision is not the expected one, and which": {
    text: JSON.stringify([
      { ...scenario, expect: "allow" },
      { ...scenario, name: undefined, action: "s3:PutObject", expect: "explicit deny" },
    ]),
    code: 2,
    stdout: `${HEAD}web reads web  allow          identity  identity[0].Statement[0] Read
[1]            implicit deny  identity  no statement of the caller's own policies allows it
[1]: expected explicit deny
1 of 2 decisions as expected
`,
  },
  "says 0 when all are as expected": {
    text: JSON.stringify({
      ...scenario,
      expect: { decision: "allow", layer: "identity", sid: "Read" },
    }),
    code: 0,
    stdout: /\n1 of 1 decision as expected\n$/,
  },
  "fills in what it was asked to, and says so": {
    text: JSON.stringify({
      ...scenario,
      synthesize: true,
      context: { "AWS:SecureTransport": "false" },
    }),
    code: 0,
    stdout: /\nweb reads web: filled in aws:PrincipalArn arn:aws:iam::111122223333:role\/web\n/,
  },
  "prints JSON": {
    text: JSON.stringify({ ...scenario, expect: "allow" }),
    words: ["--json"],
    code: 0,
    stdout: `${JSON.stringify({
      version: 1,
      results: [
        {
          name: "web reads web",
          decision: "allow",
          explicit: false,
          layer: "identity",
          statements: [{ policy: "identity[0]", index: 0, sid: "Read" }],
          why: "the caller's own policies allow it",
          synthesized: {},
          asExpected: true,
        },
      ],
    })}\n`,
  },
  "escapes what could change a terminal": {
    text: JSON.stringify({ ...scenario, name: "a\u001b[2Jb" }),
    code: 0,
    stdout: /\n"a\\u001b\[2Jb" /,
  },
  "refuses an unknown member by its place": {
    text: JSON.stringify([scenario, { ...scenario, polices: {} }]),
    code: 65,
    stderr:
      /: \[1\]\.polices: expected a known member, got "polices"; did you mean "policies"\?\n$/,
  },
  "tells every fault at once": {
    text: JSON.stringify({ ...scenario, action: "s3:*", expect: "no" }),
    code: 65,
    stderr: /: action: .*\n.*: expect: .*\n$/,
  },
  "refuses a name given twice": {
    text: `{"principal": {"anonymous": true}, "action": "s3:GetObject",\n"action": "s3:PutObject"}`,
    code: 65,
    stderr: /:2:1: expected each name once, got it again\n$/,
  },
  "refuses what is no JSON": { text: "{", code: 65, stderr: /: expected JSON, got something else/ },
  "names the scenario that cannot be decided": {
    text: JSON.stringify({
      ...scenario,
      context: { "aws:SourceIp": "here" },
      policies: {
        identity: [
          {
            Statement: {
              Effect: "Deny",
              Action: "*",
              Resource: "*",
              Condition: { NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
            },
          },
        ],
      },
    }),
    code: 65,
    stderr:
      /: web reads web: condition key "aws:SourceIp": expected an IP address in the request, got "here"\n$/,
  },
};

const foreign = {
  name: "web reads web",
  request: {
    principal: scenario.principal.arn,
    action: scenario.action,
    resource: { resource: scenario.resource.arn, accountId: scenario.resource.account },
    context: {},
  },
  identityPolicies: scenario.policies.identity,
};
const FROM = ["--from", "iam-simulate"];
const FOREIGN_ROWS: Readonly<Record<string, Row>> = {
  "counts the cases that it passes over": {
    text: JSON.stringify([
      { ...foreign, expected: { response: "Allowed" } },
      { ...foreign, name: "discover", simulation: { mode: "Discovery" } },
    ]),
    words: FROM,
    code: 0,
    stdout: `CASE           DECISION  LAYER     BY
web reads web  allow     identity  identity[0].Statement[0] Read
discover: skipped: it asks in discovery mode under which conditions
1 of 1 decision as expected
1 case skipped
`,
  },
  "says 2 for another response": {
    text: JSON.stringify([{ ...foreign, expected: { response: "ExplicitlyDenied" } }]),
    words: FROM,
    code: 2,
    stdout: /\nweb reads web: expected explicit deny\n0 of 1 decision as expected\n$/,
  },
  "prints what it passes over as JSON": {
    text: JSON.stringify([
      foreign,
      { ...foreign, name: "discover", simulation: { mode: "Discovery" } },
    ]),
    words: [...FROM, "--json"],
    code: 0,
    stdout: /,"skipped":\[\{"name":"discover","why":"it asks in discovery mode[^"]*"\}\]\}\n$/,
  },
  "refuses a member that it would leave out": {
    text: JSON.stringify([{ ...foreign, endpointPolicies: [] }]),
    words: FROM,
    code: 65,
    stderr: /: \[0\]\.endpointPolicies: expected a known member, .* in "web reads web"\n$/,
  },
  "knows no other project": {
    text: "[]",
    words: ["--from", "pmapper"],
    code: 64,
    stderr: /Given: "pmapper", Choices: "iam-simulate"\n/,
  },
};

async function simulated(name: string, text: string, words: readonly string[] = []) {
  const file = join(temp, `${name.replaceAll(/\W/g, "-")}.json`);
  writeFileSync(file, text);
  const ended = await runCommand(
    [join(root, "bin", "postern"), "policy", "simulate", file, ...words],
    { env: plainEnv },
  );
  return { ...ended, stdout: ended.stdout.toString() };
}

describe("postern policy simulate", () => {
  const rows = { ...ROWS, ...FOREIGN_ROWS };
  for (const [promise, { text, words, code, stdout = "", stderr = /^$/ }] of Object.entries(rows))
    it(promise, async () => {
      const ended = await simulated(promise, text, words);
      assert.match(ended.stderr, stderr);
      if (typeof stdout === "string") assert.equal(ended.stdout, stdout);
      else assert.match(ended.stdout, stdout);
      assert.equal(ended.code, code);
    });

  it("fits a terminal of 80 columns, and cuts nothing elsewhere", async (t) => {
    if (!hasCommand(["script", "--version"])) return t.skip("script(1) is not installed");
    const name = `a session of ${"an-application-with-a-long-name/".repeat(3)} reads`;
    const file = join(temp, "long.json");
    writeFileSync(file, JSON.stringify({ ...scenario, name, synthesize: true, expect: "deny" }));
    const command = [join(root, "bin", "postern"), "policy", "simulate", file];
    const shown = await runCommand(["script", "-qec", command.join(" "), "/dev/null"]);
    const lines = shown.stdout.toString("utf8").split("\r\n");
    assert.match(lines.join(" "), /…/);
    for (const line of lines) assert.ok(line.length <= 80, line);
    const plain = await runCommand(command, { env: plainEnv });
    assert.match(plain.stdout.toString("utf8"), new RegExp(`^${name} {2}allow`, "m"));
  });

  it("says 66 for a file that is not there", async () => {
    const command = [join(root, "bin", "postern"), "policy", "simulate", join(temp, "none")];
    assert.equal((await runCommand(command, { env: plainEnv })).code, 66);
  });
});
