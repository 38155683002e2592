import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { completionScript } from "../../agent/cli/completion-script.ts";
import { entriesOf } from "../../agent/cli/family.ts";
import { hasCommand, plainEnv, runCommand } from "../support/command.ts";
import { linkGroup, makeRunTree, putGeneration } from "../support/run-tree.ts";
import { tempDir } from "../support/temp.ts";

const without = (shell: string): string | false =>
  hasCommand([shell, "-c", ":"]) ? false : `needs ${shell}`;

const run = tempDir();
const scripts = tempDir();
const FIRST = entriesOf(commands).map(({ name }) => name);

before(() => {
  makeRunTree(run);
  putGeneration(run, "web", "a1", { db_password: "", "tls/site key": "", "$(touch x)": "" });
  linkGroup(run, "web");
  putGeneration(run, "worker", "a1", { token: "" });
  linkGroup(run, "worker");
  for (const shell of ["bash", "zsh"] as const)
    writeFileSync(join(scripts, shell), completionScript(shell, commands));
});

const ROWS: readonly (readonly [why: string, line: string, expected: readonly string[]])[] = [
  ["every command", "postern |", [...FIRST, "--help", "--version"]],
  ["a command by its beginning", "postern st|", ["status"]],
  ["the groups of the host", "postern fetch |", ["web", "worker"]],
  ["a second group", "postern fetch web wo|", ["worker"]],
  ["groups to read from, to be gone into", "postern get w|", ["web/", "worker/"]],
  [
    "secrets, quoted for the shell",
    "postern get web/|",
    [String.raw`web/\$\(touch\ x\)`, "web/db_password", "web/tls/"],
  ],
  ["secrets in folders", "postern path web/tls/|", [String.raw`web/tls/site\ key`]],
  ["options", "postern get --s|", ["--show"]],
  ["nothing for a value of its own kind", "postern get --wait |", []],
  ["shells", "postern completion |", ["bash", "zsh"]],
  ["nothing after a command that is none", "postern nonsense |", []],
  ["the commands of a family", "postern policy sim|", ["simulate"]],
  ["a family's own help", "postern policy --|", ["--help"]],
  ["options of a family's command", "postern policy simulate --j|", ["--json"]],
  ["the values of an option", "postern policy simulate cases.json --from |", ["iam-simulate"]],
  ["nothing after a command that its family has not", "postern policy nonsense --|", []],
];

describe("completion in bash", { skip: without("bash") }, () => {
  for (const [why, line, expected] of ROWS)
    it(`offers ${why}`, async () => {
      const words = line.slice(0, -1).split(" ");
      const script = [
        // there is no prompt here that could be told how to go on
        "compopt() { :; }",
        `. "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))`,
        '_postern postern "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"',
        '[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\\n" "${COMPREPLY[@]}"',
      ];
      const ended = await runCommand(
        ["bash", "-c", script.join("\n"), join(scripts, "bash"), ...words],
        { env: { ...plainEnv, POSTERN_RUN: run, LC_ALL: "C" } },
      );
      assert.equal(ended.stderr, "");
      const offered = ended.stdout.toString("utf8").split("\n").slice(0, -1);
      assert.deepEqual(offered.sort(), [...expected].sort());
    });
});

describe("completion in zsh", { skip: without("zsh") }, () => {
  it("is a script that zsh can load", async () => {
    const ended = await runCommand(["zsh", "-f", "-n", join(scripts, "zsh")]);
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  });

  it("tells zsh the commands of a family", async () => {
    const script = `compdef() { :; }; _describe() { print -rl -- "\${(@P)2}"; }
      . "$0"; words=(postern policy ""); CURRENT=3; _postern`;
    const ended = await runCommand(["zsh", "-f", "-c", script, join(scripts, "zsh")]);
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    const lines = ended.stdout.toString("utf8").split("\n");
    assert.ok(lines.some((line) => line.startsWith("simulate:")));
    assert.ok(!lines.some((line) => line.startsWith("fetch:")));
  });

  for (const { name } of commands)
    it(`tells zsh the words of ${name}`, async () => {
      // stand-ins for zsh's completion system, which needs a terminal
      const script = `compdef() { :; }; _arguments() { print -rl -- "$@"; }
        . "$0"; words=(postern ${name} ""); CURRENT=$#words; _postern; print -r -- "$CURRENT $words[1]"`;
      const ended = await runCommand(["zsh", "-f", "-c", script, join(scripts, "zsh")]);
      const lines = ended.stdout.toString("utf8").trim().split("\n");
      assert.deepEqual([ended.code, ended.stderr], [0, ""]);
      assert.equal(lines.at(-1), `2 ${name.split(" ").at(-1)}`);
      assert.ok(lines.includes("--help[show help]"));
    });
});
