import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BUCKET_CHECK_RIGHTS,
  COMMAND_RIGHTS,
  LEVELS,
  levelOf,
  type PublishCommand,
  type Right,
  rightsOfLevel,
} from "../../agent/policy/rights.ts";
import { readPage, rowsOf } from "../support/document.ts";

describe("docs/publishing.md", () => {
  const [, rights = ""] = readPage("docs/publishing.md").split("\n## Rights");
  const [levels = "", commands = ""] = rights.split("\nWhat each command takes");

  it("has every level, with what it adds", () => {
    const said = new Set<Right>();
    const rows = LEVELS.map((level) => {
      const added = rightsOfLevel(level).filter((right) => !said.has(right));
      for (const right of added) said.add(right);
      return [level, added.join(", ")];
    });
    assert.deepEqual(rowsOf(levels), rows);
  });

  it("has every command's rights and level, by layout", () => {
    const rows = (Object.keys(COMMAND_RIGHTS) as PublishCommand[]).flatMap((command) =>
      (["prefix", "bundle"] as const).map((layout) => [
        command,
        layout,
        levelOf(command, layout),
        COMMAND_RIGHTS[command][layout].join(", "),
      ]),
    );
    assert.deepEqual(rowsOf(commands), rows);
  });

  it("has what looking at the bucket takes", () => {
    for (const right of BUCKET_CHECK_RIGHTS) assert.ok(commands.includes(`\`${right}\``), right);
  });
});
