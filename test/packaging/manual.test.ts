import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { commands } from "../../agent/cli/commands.ts";
import { definitionOf } from "../../agent/cli/definition.ts";
import { exitMeanings } from "../../agent/cli/exit-codes.ts";
import { familiesOf } from "../../agent/cli/family.ts";
import { manualPages } from "../../packaging/manual.ts";
import { hasCommand, runCommand } from "../support/command.ts";
import { root } from "../support/root.ts";

const folder = join(root, "docs", "man");
const pages = manualPages(commands);
const skip = hasCommand(["mandoc", "-T", "lint", "/dev/null"]) ? false : "needs mandoc";

before(() => {
  if (!process.env["UPDATE_GOLDEN"]) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of pages) writeFileSync(join(folder, file), text);
});

describe("the manual", () => {
  it("has a page for postern, each family and each command, and no other", () => {
    const names = [...familiesOf(commands), ...commands].map(({ name }) => name);
    const expected = ["postern.1", ...names.map(fileOf)];
    assert.deepEqual(readdirSync(folder).sort(), expected.sort());
  });

  for (const { file, text } of pages) {
    it(`is up to date in ${file}; npm run man writes it`, () => {
      assert.equal(readFileSync(join(folder, file), "utf8"), text);
    });

    it(`is good mdoc in ${file}`, { skip }, async () => {
      const { stdout } = await runCommand(["mandoc", "-T", "lint", join(folder, file)]);
      const faults = stdout.toString().split("\n");
      // the pages need not be installed to be checked
      assert.deepEqual(
        faults.filter((fault) => fault !== "" && !fault.includes("referenced manual not found")),
        [],
      );
    });

    it(`fits 80 columns in ${file}, and shows all it says`, { skip }, async () => {
      const shown = await rendered(file);
      for (const line of shown.split("\n")) assert.ok(line.length <= 80, line);
      const said = shown.replaceAll(/\s+/g, " ");
      for (const { code, long } of exitMeanings) assert.ok(said.includes(`${code} ${long}`), long);
    });
  }

  for (const command of commands)
    it(`shows every option and example of ${command.name}`, { skip }, async () => {
      const shown = await rendered(fileOf(command.name));
      const { options, examples } = definitionOf(command);
      for (const { name } of options) assert.match(shown, new RegExp(`^ +--${name}( |$)`, "m"));
      assert.ok(examples.length > 0);
      for (const { line } of examples) assert.ok(shown.includes(line), line);
    });
});

function fileOf(name: string): string {
  return `postern-${name.replaceAll(" ", "-")}.1`;
}

/** A page as a reader sees it; bold and underlined letters are overstruck, and made plain here. */
async function rendered(file: string): Promise<string> {
  const { stdout } = await runCommand(["mandoc", "-T", "ascii", join(folder, file)]);
  const [last = "", ...before] = stdout.toString("utf8").split("\b").toReversed();
  return [...before.toReversed().map((part) => part.slice(0, -1)), last].join("");
}
