import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PosternError } from "../../agent/core/errors.ts";
import {
  afterHearing,
  decide,
  GOOD,
  type Heard,
  type HomeHealth,
} from "../../agent/daemon/home-health.ts";

const OUT: Heard = { kind: "outage", error: new PosternError("Unavailable", "no answer") };
const ANSWER: Heard = { kind: "answer" };

/** One question of a group that may use a replica: `waitMs` after the one before. */
interface Step {
  readonly waitMs: number;
  /** What the home would say if it were asked. */
  readonly says: Heard;
}

interface Told {
  readonly at: number;
  readonly asked: boolean;
  readonly before: HomeHealth["kind"];
  readonly after: HomeHealth["kind"];
}

function play(steps: readonly Step[], random: () => number): readonly Told[] {
  let health = GOOD;
  let at = 0;
  return steps.map(({ waitMs, says }) => {
    at += waitMs;
    const before = health.kind;
    const decision = decide(health, at, random());
    health = decision.asksHome
      ? afterHearing(decision.health, says, at, random())
      : decision.health;
    return { at, asked: decision.asksHome, before, after: health.kind };
  });
}

const steps = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.nat({ max: 1000 }), fc.nat({ max: 90_000 })),
    says: fc.constantFrom(OUT, OUT, ANSWER),
  }),
  { maxLength: 200 },
);
const seeds = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

function told(all: readonly Step[], seed: fc.Stream<number>): readonly Told[] {
  return play(all, () => seed.next().value as number);
}

const ROWS: readonly (readonly [why: string, says: string, expected: HomeHealth["kind"]])[] = [
  ["two outages in a row are no failover", "xx", "good"],
  ["three are", "xxx", "failing"],
  ["an answer in between begins the count anew", "xx.xx", "good"],
  ["one answer is no failback", "xxx.", "recovering"],
  ["many answers at once are none either", "xxx.....", "recovering"],
  ["an outage while it recovers is the old failure", "xxx.x", "failing"],
];

describe("the home's health", () => {
  for (const [why, says, expected] of ROWS)
    it(`knows that ${why}`, () => {
      // each question a probe's time after the one before, but answers close together
      const all = says
        .split("")
        .map((one) =>
          one === "x" ? { waitMs: 30_000, says: OUT } : { waitMs: 1000, says: ANSWER },
        );
      const first = all.findIndex(({ says: word }) => word === ANSWER);
      const spaced = all.map((step, index) =>
        index === first ? { ...step, waitMs: 30_000 } : step,
      );
      assert.equal(play(spaced, () => 0.5).at(-1)?.after, expected);
    });

  it("declares failback with the first answer that is 60 s after the one that began it", () => {
    const out = { waitMs: 30_000, says: OUT };
    const back = (waitMs: number): Step => ({ waitMs, says: ANSWER });
    const history = [out, out, out, back(30_000), back(59_999), back(1)];
    assert.deepEqual(
      play(history, () => 0).map(({ after }) => after),
      ["good", "good", "failing", "recovering", "recovering", "good"],
    );
  });

  it("lets one of the groups that ask at once wait for a home that is out, and no other", () => {
    const out = (waitMs: number): Step => ({ waitMs, says: OUT });
    const pass = [out(60_000), ...Array.from({ length: 49 }, () => out(0))];
    const history = [out(0), out(0), out(0), ...pass, ...pass];
    assert.equal(play(history, () => 0.99).filter(({ asked }) => asked).length, 3 + 2);
  });

  it("asks a home that is out at most every 15 s, whenever and however often groups come", () => {
    fc.assert(
      fc.property(steps, seeds, (all, seed) => {
        const probes = told(all, seed).filter(({ asked, before }) => asked && before === "failing");
        for (const [index, { at, after }] of probes.entries()) {
          const next = probes[index + 1];
          if (next !== undefined && after === "failing") assert.ok(next.at - at >= 15_000);
        }
      }),
    );
  });

  it("does not flap: declarations of failover are 60 s apart, and each needs a failback", () => {
    fc.assert(
      fc.property(steps, seeds, (all, seed) => {
        const declared = told(all, seed).flatMap(({ at, before, after }) => {
          if (before === "good" && after === "failing") return [{ what: "failover", at }];
          return before === "recovering" && after === "good" ? [{ what: "failback", at }] : [];
        });
        for (const [index, { what, at }] of declared.entries()) {
          assert.equal(what, index % 2 === 0 ? "failover" : "failback");
          const next = declared[index + 2];
          if (next !== undefined) assert.ok(next.at - at >= 60_000);
        }
      }),
    );
  });

  it("finds back to a home that answers within 30 s of asking and 60 s more", () => {
    fc.assert(
      fc.property(steps, seeds, fc.integer({ min: 100, max: 30_000 }), (all, seed, everyMs) => {
        const since = all.reduce((sum, { waitMs }) => sum + waitMs, 0);
        const well = Array.from({ length: Math.ceil(200_000 / everyMs) }, () => ({
          waitMs: everyMs,
          says: ANSWER,
        }));
        const back = told([...all, ...well], seed).find(
          ({ at, after }, index) => index >= all.length && after === "good" && at > since,
        );
        assert.ok(back !== undefined && back.at - since <= 90_000 + 2 * everyMs, `${back?.at}`);
      }),
    );
  });
});
