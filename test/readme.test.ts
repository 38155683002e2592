import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadConfig, runningUser } from "../agent/config/load.ts";
import { EXIT } from "../agent/core/errors.ts";
import { root } from "./support/root.ts";
import { playStory } from "./support/story-player.ts";
import type { Came, Step } from "./support/story.ts";
import { tempDir } from "./support/temp.ts";

const temp = tempDir();
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The fenced blocks of a language, without their fences. */
function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(
    (match) => match[1] ?? "",
  );
}

interface Typed {
  readonly command: string;
  readonly lines: readonly string[];
  readonly code: number;
}

/** What is typed in the tour, and what the README says that it prints. */
function tour(): readonly Typed[] {
  return blocks("console")
    .join("")
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = "", ...lines] = text.trimEnd().split("\n");
      const code = /# exit code (\d+)$/.exec(command)?.[1] ?? "0";
      return { command, lines, code: Number(code) };
    });
}

/** What differs from run to run, alike; the warning that the README tells of, away. */
function comparable(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => !/^postern: warning: .* is not on tmpfs/.test(line))
    .map((line) => line.replace("/home/ada/tour", "$WORK"))
    .map((line) => line.replace(/\b[0-9a-f]{12}\b/g, "ID").replace(/\b\d+s ago {2,}/, "AGO "));
}

function stepOf({ command }: Typed): Step {
  const kind = command.startsWith("postern sandbox ") ? "start" : "run";
  return {
    kind,
    command: kind === "start" ? `${command} --json` : command,
    line: 0,
    length: 0,
    expected: { stdout: [], stderr: [], code: 0 },
  };
}

function printed({ stdout, stderr }: Came): readonly string[] {
  return `${stdout}${stderr}`.split("\n").slice(0, -1);
}

describe("the README", () => {
  it("shows a tour that goes as it says", async () => {
    const typed = tour();
    assert.ok(typed.length > 10);
    const title = "the tour";
    const played = await playStory({ title, needs: [], steps: typed.map(stepOf), files: [] });
    assert.equal(played.kind, "played");
    const came = played.kind === "played" ? played.came : [];
    for (const [at, { command, lines, code }] of typed.entries()) {
      const ended = came[at];
      assert.ok(ended !== undefined, command);
      assert.deepEqual(
        [comparable(printed(ended)), ended.code],
        [comparable(lines), code],
        `$ ${command}`,
      );
    }
  });

  it("shows a config that is valid", async () => {
    const [config = ""] = blocks("yaml").filter((block) => block.includes("version: 1"));
    // this machine need not have its users
    const file = join(temp, "postern.yaml");
    writeFileSync(file, config.replace(/^ *owner: .*\n/m, ""), { mode: 0o600 });
    const loaded = await loadConfig({ file, ...runningUser() });
    assert.deepEqual(
      loaded.groups.map(({ name }) => String(name)),
      ["web", "db", "tls"],
    );
  });

  it("lists the exit codes, all of them and no others", () => {
    const listed = [...readme.matchAll(/^\| (\d+) +\|/gm)].map((match) => Number(match[1]));
    assert.deepEqual(listed, Object.values(EXIT));
  });
});
