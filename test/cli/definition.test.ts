import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Command } from "../../agent/cli/command.ts";
import { commands } from "../../agent/cli/commands.ts";
import { definitionOf } from "../../agent/cli/definition.ts";
import { fetch } from "../../agent/cli/fetch.ts";

describe("a command's definition", () => {
  it("is what the command tells yargs", () => {
    const { usage, positionals, options, examples, conflicts } = definitionOf(fetch);
    assert.equal(usage, "fetch [groups..]");
    assert.deepEqual(positionals, [
      {
        name: "groups",
        letter: undefined,
        describe: "all when none is named",
        takesValue: true,
        repeatable: true,
        fallback: undefined,
        choices: [],
      },
    ]);
    assert.deepEqual(
      options.map(({ name, takesValue }) => [name, takesValue]),
      [
        ["config", true],
        ["detailed-exitcode", false],
        ["prune", false],
        ["quiet", false],
        ["json", false],
      ],
    );
    assert.deepEqual(examples[0], { line: "postern fetch", describe: "all groups, as at boot" });
    assert.deepEqual(conflicts, [["json", "quiet"]]);
  });

  it("is there for every command, whose name its usage begins with", () => {
    for (const command of commands)
      assert.match(definitionOf(command).usage, new RegExp(`^${command.name}( [[<]|$)`));
  });

  it("has the name of its family before its own, in examples too", () => {
    for (const command of commands) {
      const [first, ...more] = command.name.split(" ");
      assert.deepEqual(
        [first, more.length],
        command.family === undefined ? [command.name, 0] : [command.family.name, 1],
      );
      for (const { line } of definitionOf(command).examples)
        assert.match(line, new RegExp(`\\bpostern ${command.name}\\b`));
    }
  });

  it("has the letter of an option that has one", () => {
    const letters = commands.flatMap((command) =>
      definitionOf(command).options.flatMap(({ name, letter }) =>
        letter === undefined ? [] : [`${command.name} -${letter} --${name}`],
      ),
    );
    assert.deepEqual(letters, ["policy generate -o --output"]);
  });

  it("leaves out nothing in silence: what no page can show is a fault", () => {
    const secretive: Command = {
      ...fetch,
      add: (parser) => parser.command("x", "x", (options) => options.hide("help")),
    };
    assert.throws(() => definitionOf(secretive), /no page can show yargs's hide\(\)/);
    const silent: Command = {
      ...fetch,
      add: (parser) =>
        parser.command("x", "x", (options) => options.option("y", { type: "string" })),
    };
    assert.throws(() => definitionOf(silent), /describe/);
  });
});
