import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compare, parseStory, updateStory, type Came } from "./story.ts";
import { playStory } from "./story-player.ts";

const CAME: Came = { stdout: "one\ntwo 2.5\n", stderr: "", code: 0 };

const EXPECTATIONS: readonly (readonly [why: string, lines: string, came: Came, holds: boolean])[] =
  [
    ["the lines that came", "> one\n> two 2.5", CAME, true],
    ["a line without its newline", "> one\n> two 2.5", { ...CAME, stdout: "one\ntwo 2.5" }, true],
    ["a line too few", "> one", CAME, false],
    ["a line too many", "> one\n> two 2.5\n>", CAME, false],
    ["nothing", "", CAME, false],
    ["dots as dots", "> one\n> two 2x5", { ...CAME, stdout: "one\ntwo 2.5\n" }, false],
    ["a pattern", "> one\n>~ two \\d[.]\\d", CAME, true],
    ["a pattern for a part of a line", "> one\n>~ two", CAME, false],
    ["any lines", "> ...", CAME, true],
    ["any lines after some", "> one\n> ...", CAME, true],
    ["any lines before others", "> ...\n> three", CAME, false],
    ["another exit code", "> ...\n= 1", CAME, false],
    ["its exit code", "= 66", { stdout: "", stderr: "", code: 66 }, true],
    ["silence on stderr", "> ...", { ...CAME, stderr: "oops\n" }, false],
    ["a line of stderr", "> ...\n! oops", { ...CAME, stderr: "oops\n" }, true],
  ];

describe("a story", () => {
  for (const [why, lines, came, holds] of EXPECTATIONS) {
    it(`${holds ? "holds" : "fails"} when it expects ${why}`, () => {
      const [step] = parseStory(`# a story\n$ true\n${lines}\n`).steps;
      assert.ok(step);
      if (holds) compare(step, came);
      else assert.throws(() => compare(step, came), assert.AssertionError);
    });
  }

  for (const line of ["oops", ">x", "> before any command", "- -"]) {
    it(`may not say ${JSON.stringify(line)}`, () => {
      assert.throws(() => parseStory(`# a story\n${line}\n`), assert.AssertionError);
    });
  }

  it("is updated where it does not hold, and nowhere else", () => {
    const text = "# a story\n$ a\n>~ .*\n$ b\n> old\n= 2\n\n# the end\n$ c\n-- f --\nx\n";
    const one = { stdout: "new\n", stderr: "", code: 0 };
    const three = { stdout: "", stderr: "oops\n", code: 66 };
    assert.equal(
      updateStory(text, parseStory(text), [one, one, three]),
      "# a story\n$ a\n>~ .*\n$ b\n> new\n\n# the end\n$ c\n! oops\n= 66\n-- f --\nx\n",
    );
  });

  it("plays in a folder of its own, with its files", async () => {
    const story = parseStory("# a story\n$ cat a/b c; pwd\n-- a/b --\none\n\n-- c --\ntwo\n");
    const played = await playStory(story);
    assert.deepEqual(played, {
      kind: "played",
      came: [{ stdout: "one\n\ntwo\n$WORK\n", stderr: "", code: 0 }],
    });
  });

  it("is skipped, with a reason, when it needs what is not there", async () => {
    const played = await playStory(parseStory("# a story\n? false\n$ true\n"));
    assert.deepEqual(played, { kind: "skipped", why: "needs: false" });
  });

  it("knows what a process in the background says of itself, and ends it", async () => {
    const played = await playStory(
      parseStory(`# a story
& node serve.mjs
$ echo "$GREETING $STORY_BUCKET"; cat pid
-- serve.mjs --
import { writeFileSync } from "node:fs";
writeFileSync("pid", String(process.pid));
setInterval(() => {}, 1000);
console.log(JSON.stringify({ env: { GREETING: "hello" }, bucket: "acme", port: 1 }));
`),
    );
    assert.ok(played.kind === "played");
    const [greeting, pid] = played.came[1]?.stdout.split("\n") ?? [];
    assert.equal(greeting, "hello acme");
    assert.throws(() => process.kill(Number(pid), 0), { code: "ESRCH" });
  });

  it("fails when a process in the background does not come up", async () => {
    await assert.rejects(
      playStory(parseStory("# a story\n& echo oops >&2\n$ true\n")),
      /ended with 0 before it was ready\noops/,
    );
  });
});
