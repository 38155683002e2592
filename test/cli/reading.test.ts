import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, describe, it } from "node:test";
import { findWithin, parseSubject, type Question, runDirectory } from "../../agent/cli/reading.ts";
import type { Clock } from "../../agent/core/clock.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { linkGroup, makeRunTree, openTempDir, putGeneration } from "../support/run-tree.ts";

const temp = openTempDir();
after(() => rmSync(temp, { recursive: true }));

const RUN_DIRECTORIES: readonly (readonly [why: string, named: string | undefined, is: string])[] =
  [
    ["nothing named", undefined, "/run/postern"],
    ["an empty name", "", "/run/postern"],
    ["an absolute name", "/tmp/x", "/tmp/x"],
    ["a slash at the end", "/tmp/x/", "/tmp/x"],
    ["a relative name", "x", "/home/ada/x"],
  ];

describe("the run directory", () => {
  for (const [why, named, is] of RUN_DIRECTORIES) {
    it(`is ${is} for ${why}`, () => {
      const env = named === undefined ? {} : { POSTERN_RUN: named };
      assert.equal(runDirectory(env, "/home/ada"), is);
    });
  }
});

describe("a subject", () => {
  it("is a group, or a secret with all its folders", () => {
    assert.deepEqual(parseSubject("web"), { group: "web", secret: undefined });
    assert.deepEqual(parseSubject("web/a/b"), { group: "web", secret: "a/b" });
  });

  for (const text of ["", "/", "web/", "web//a", "../web", "web/a\0", ".web/a", "web/\u2028"]) {
    it(`is not ${JSON.stringify(text)}, which is misuse`, () => {
      assert.throws(
        () => parseSubject(text),
        (error: unknown) => error instanceof PosternError && error.code === "Usage",
      );
    });
  }
});

describe("findWithin", () => {
  it("looks once a second until the secret is there", async () => {
    const { question, slept, clock } = scene("appears", (run, times) => {
      if (times === 3) {
        putGeneration(run, "web", "a1", { token: "x" });
        linkGroup(run, "web");
      }
    });
    const finding = await findWithin(question, 10_000, clock);
    assert.equal(finding.kind, "found");
    assert.deepEqual(slept, [1000, 1000, 1000]);
  });

  it("gives up when the time is over, not a second later", async () => {
    const { question, slept, clock } = scene("absent", () => {});
    const finding = await findWithin(question, 1500, clock);
    assert.ok(finding.kind === "missing");
    assert.equal(finding.error.code, "NotFound");
    assert.deepEqual(slept, [1000, 500]);
  });

  it("looks once when not told to wait", async () => {
    const { question, slept, clock } = scene("hasty", () => {});
    await findWithin(question, 0, clock);
    assert.deepEqual(slept, []);
  });
});

/** An empty host, and a clock that calls `meanwhile` with each sleep and how many there were. */
function scene(
  name: string,
  meanwhile: (run: string, times: number) => void,
): { readonly question: Question; readonly slept: readonly number[]; readonly clock: Clock } {
  const run = `${temp}/${name}`;
  makeRunTree(run);
  const slept: number[] = [];
  const passed = (): number => slept.reduce((sum, ms) => sum + ms, 0);
  const clock: Clock = {
    now: () => 1_700_000_000_000 + passed(),
    monotonic: passed,
    sleep: async (ms) => {
      slept.push(ms);
      meanwhile(run, slept.length);
    },
  };
  const subject = parseSubject("web/token");
  return { question: { run, subject, wanted: "value", maxAgeMs: undefined }, slept, clock };
}
