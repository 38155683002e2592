import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { COLUMNS, createScreen, wantsColours, wrap } from "../../agent/demo/screen.ts";
import { systemClock } from "../../agent/core/clock.ts";

function screenOf(live: boolean, colours: boolean) {
  const out = new PassThrough();
  const screen = createScreen({ out, live, colours, clock: systemClock });
  return { screen, said: () => String(out.read() ?? "") };
}

const WRAPPED: readonly (readonly [why: string, text: string, lines: readonly string[]])[] = [
  ["what fits stays", "0123456789", ["0123456789"]],
  ["a line ends at a space", "0123 567 9012", ["0123 567", "9012"]],
  ["a long word is cut", "0123456789012", ["0123456789", "012"]],
  ["an indent is kept on every line", "  012345 789", ["  012345", "  789"]],
  ["nothing is one empty line", "", [""]],
];

describe("wrap", () => {
  for (const [why, text, lines] of WRAPPED) {
    it(why, () => assert.deepEqual(wrap(text, 10), lines));
  }

  it("never goes beyond the width, and loses nothing but spaces", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.integer({ min: 1, max: 80 }), (text, width) => {
        const lines = wrap(text, width);
        assert.ok(lines.every((line) => line.length <= width));
        assert.equal(lines.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
      }),
    );
  });
});

describe("the screen", () => {
  const LONG = "word ".repeat(60);

  it("prints no line beyond 80 columns, and no escape code where none is wanted", async () => {
    const { screen, said } = screenOf(false, false);
    for (const say of ["title", "note", "output", "ok", "failed"] as const) screen[say](LONG);
    screen.command("web", LONG);
    assert.equal(await screen.during(LONG, Promise.resolve("done")), "done");
    const text = said();
    for (const line of text.split("\n")) assert.ok(line.length <= COLUMNS, line);
    assert.ok(!text.includes("\u001B") && !text.includes("\r"));
  });

  it("leaves nothing of the spinner behind, even when the work fails", async () => {
    const { screen, said } = screenOf(true, false);
    await assert.rejects(screen.during("fetch", Promise.reject(new Error("no"))), /no/);
    assert.equal(said(), "\r  | fetch\r\u001B[K");
  });

  it("paints marks where colours are wanted", () => {
    const { screen, said } = screenOf(false, true);
    screen.ok("well");
    assert.equal(said(), "  \u001B[32mok\u001B[0m  well\n");
  });

  it("wants colours on a terminal that has them, unless its user minds", () => {
    assert.equal(wantsColours(true, {}), true);
    assert.equal(wantsColours(true, { NO_COLOR: "" }), true);
    assert.equal(wantsColours(true, { NO_COLOR: "1" }), false);
    assert.equal(wantsColours(true, { TERM: "dumb" }), false);
    assert.equal(wantsColours(false, {}), false);
  });
});
