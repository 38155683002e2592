import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { plainEnv, runCommand } from "../support/command.ts";
import { root } from "../support/root.ts";
import { linkGroup, makeRunTree, openTempDir, putGeneration } from "../support/run-tree.ts";

const run = openTempDir();
const CANARY = "canary-5d41402abc4b";

before(() => {
  makeRunTree(run);
  putGeneration(run, "web", "a1", {
    "db.json": `{"user":"ada","pass":"${CANARY}"}`,
    token: CANARY,
    binary: Buffer.from([0xff, 0x00]),
  });
  linkGroup(run, "web");
});
after(() => rmSync(run, { recursive: true }));

interface Row {
  readonly words: readonly string[];
  readonly code: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const OPTIONS_OF_GET = "postern: hint: postern get --help shows its options\n";

const ROWS: Readonly<Record<string, Row>> = {
  "run takes an empty --textfile for a variable that is not set": {
    words: ["run", "--textfile", ""],
    code: 64,
    stderr: "postern: expected a folder after --textfile, got none\n",
  },
  "get --field prints a string as it is": {
    words: ["get", "web/db.json", "--field", "user"],
    code: 0,
    stdout: "ada",
  },
  "get --field says 66 for a field that is not there": {
    words: ["get", "web/db.json", "--field", "user.name"],
    code: 66,
    stderr: 'postern: no such field "user.name" in secret "web/db.json"\n',
  },
  "get --field says 65 for what is no JSON, without quoting it": {
    words: ["get", "web/token", "--field", "user"],
    code: 65,
    stderr:
      'postern: secret "web/token" is not JSON\n' +
      "postern: hint: without --field its bytes are printed as they are\n",
  },
  "get --json prints text as it is": {
    words: ["get", "web/token", "--json"],
    code: 0,
    stdout: `{"secret":"web/token","encoding":"utf8","value":"${CANARY}"}\n`,
  },
  "get --json prints bytes as base64": {
    words: ["get", "web/binary", "--json"],
    code: 0,
    stdout: '{"secret":"web/binary","encoding":"base64","value":"/wA="}\n',
  },
  "path --json prints both paths": {
    words: ["path", "web/token", "--json"],
    code: 0,
    stdout: `{"stable":"${run}/secrets/web/token","pinned":"${run}/groups/web/gen/a1/token"}\n`,
  },
  "get refuses --json with --field": {
    words: ["get", "web/db.json", "--json", "--field", "user"],
    code: 64,
    stderr: `postern: arguments json and field are mutually exclusive\n${OPTIONS_OF_GET}`,
  },
  "get refuses an option that it does not know": {
    words: ["get", "web/token", "--loud-ly"],
    code: 64,
    stderr: `postern: unknown argument: loud-ly\n${OPTIONS_OF_GET}`,
  },
  "get refuses an option without its value": {
    words: ["get", "web/token", "--wait"],
    code: 64,
    stderr: `postern: not enough arguments following: wait\n${OPTIONS_OF_GET}`,
  },
  "no command is misuse": {
    words: [],
    code: 64,
    stderr: "postern: expected a command\npostern: hint: postern --help lists the commands\n",
  },
  "a misspelt command is misuse": {
    words: ["pth", "web"],
    code: 64,
    stderr: 'postern: no such command "pth"\npostern: hint: did you mean "path"?\n',
  },
  "a misspelt command of a family is misuse": {
    words: ["policy", "simulte", "cases.json"],
    code: 64,
    stderr:
      'postern: no such command "policy simulte"\n' +
      'postern: hint: did you mean "policy simulate"?\n',
  },
  "a command of a family without its words is misuse, and names its own help": {
    words: ["policy", "simulate"],
    code: 64,
    stderr:
      "postern: expected 1 word after policy simulate, got 0\n" +
      "postern: hint: postern policy simulate --help shows its options\n",
  },
};

describe("the command line", { concurrency: 2 }, () => {
  for (const [promise, { words, code, stdout, stderr }] of Object.entries(ROWS)) {
    it(promise, async () => {
      const ended = await ask(words);
      assert.equal(ended.stderr, stderr ?? "");
      assert.deepEqual([ended.code, ended.stdout.toString()], [code, stdout ?? ""]);
    });
  }

  const helps =
    "--help;-h;help;get -h;path --help;policy;policy --help;policy -h;policy simulate -h";
  for (const line of helps.split(";")) {
    const words = line.split(" ");
    it(`${line} goes to stdout, in 80 columns, with 0`, async () => {
      const { code, stdout, stderr } = await ask(words, { LANG: "de_DE.UTF-8" });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout.toString(), /postern (get|path|COMMAND|policy (COMMAND|simulate)) /);
      for (const line of stdout.toString().split("\n")) assert.ok(line.length <= 80, line);
    });
  }

  it("--version prints the version alone", async () => {
    const { code, stdout } = await ask(["--version"]);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /^\d+\.\d+\.\d+\n$/);
  });
});

function ask(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCommand([process.execPath, join(root, "dist", "launch.cjs"), ...words], {
    env: { ...plainEnv, POSTERN_RUN: run, ...env },
  });
}
