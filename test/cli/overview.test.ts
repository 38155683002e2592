import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Command, Family } from "../../agent/cli/command.ts";
import { exitMeanings } from "../../agent/cli/exit-codes.ts";
import { get } from "../../agent/cli/get.ts";
import { familyOverview, noCommand, overview } from "../../agent/cli/overview.ts";
import { path } from "../../agent/cli/path.ts";

const NAMES = ["fetch", "get", "path", "publish", "sandbox"];
const fetch: Command = { ...get, name: "fetch", audience: "instances", summary: "fetch groups" };
const family: Family = {
  name: "policy",
  audience: "security teams",
  summary: "what policies allow",
  description: [],
};
const prove: Command = { ...get, name: "policy prove", family, summary: "prove a map" };
const lint: Command = { ...get, name: "policy lint", family, summary: "judge policies" };

const HINTS: readonly (readonly [word: string, hint: string])[] = [
  ["gte", 'did you mean "get"?'],
  ["fecth", 'did you mean "fetch"?'],
  ["publihs", 'did you mean "publish"?'],
  ["xyz", "postern --help lists the commands"],
  ["--verbose", "postern --help lists the commands"],
];

describe("the overview", () => {
  it("shows commands by audience, instances first", () => {
    const lines = overview([get, fetch, path]).split("\n");
    const place = (start: string): number => lines.findIndex((line) => line.startsWith(start));
    assert.ok(place("for instances:") < place("  fetch  fetch groups"));
    assert.ok(place("  fetch  fetch groups") < place("for recipes and apps:"));
    assert.ok(place("for recipes and apps:") < place("  path   "));
    assert.equal(place("for publishers:"), -1);
  });

  it("says every exit code, each on one line with its meaning", () => {
    const text = overview([get, fetch, path]);
    for (const { code, short } of exitMeanings) assert.ok(text.includes(`${code} ${short}`), short);
  });

  it("fits 80 columns", () => {
    for (const line of overview([get, fetch, path]).split("\n")) assert.ok(line.length <= 80, line);
  });
});

describe("a family of commands", () => {
  it("is one line of the overview, without its members", () => {
    const text = overview([fetch, prove, lint]);
    assert.match(text, /\nfor security teams:\n {2}policy {2}what policies allow\n\n/);
    assert.doesNotMatch(text, /prove/);
  });

  it("lists its members by their own words", () => {
    const text = familyOverview(family, [fetch, prove, lint]);
    assert.match(text, /\n\n {2}prove {2}prove a map\n {2}lint {3}judge policies\n\n/);
    assert.doesNotMatch(text, /fetch/);
  });

  it("offers the nearest member for one that does not exist", () => {
    const { message, hint } = noCommand("prov", ["prove", "lint"], family);
    assert.equal(message, 'no such command "policy prov"');
    assert.equal(hint, 'did you mean "policy prove"?');
    assert.equal(
      noCommand("xyz", ["lint"], family).hint,
      "postern policy --help lists the commands",
    );
  });
});

describe("a command that does not exist", () => {
  for (const [word, hint] of HINTS) {
    it(`is told ${hint} for ${word}`, () => {
      const error = noCommand(word, NAMES);
      assert.deepEqual([error.code, error.hint], ["Usage", hint]);
      assert.equal(error.message, `no such command "${word}"`);
    });
  }

  it("is asked for when there is none", () => {
    assert.equal(noCommand(undefined, NAMES).message, "expected a command");
  });
});
