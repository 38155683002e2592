import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { supervise, type Supervision } from "../../agent/cli/supervise.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

/** A program that says by its exit code which signal it got, once `mark` is there; and 3 for none. */
const LISTENING = `trap "exit 7" INT; trap "exit 8" QUIT; trap "exit 9" TERM; : >"$MARK"; while :; do sleep 0.02; done`;

function supervision(script: string, parts: Partial<Supervision> = {}): Supervision {
  return {
    program: { file: "sh", args: ["-c", script] },
    environment: () => process.env,
    watch: undefined,
    clock: systemClock,
    signals: new EventEmitter(),
    isInteractive: false,
    warn: (error) => assert.fail(String(error)),
    ...parts,
  };
}

describe("a supervised program", () => {
  const rows = [
    ["gets ctrl-c from the terminal alone, which both share", true, ["SIGINT", "SIGTERM"], 9],
    ["gets ctrl-\\ from the terminal alone", true, ["SIGQUIT", "SIGTERM"], 9],
    ["gets SIGINT where there is no terminal", false, ["SIGINT", "SIGTERM"], 7],
    ["gets SIGQUIT where there is no terminal", false, ["SIGQUIT", "SIGTERM"], 8],
  ] as const;
  for (const [why, isInteractive, sent, code] of rows)
    it(why, async () => {
      const mark = join(mkdtempSync(join(temp, "s-")), "mark");
      const signals = new EventEmitter();
      const environment = (): NodeJS.ProcessEnv => ({ ...process.env, MARK: mark });
      const ended = supervise(supervision(LISTENING, { signals, isInteractive, environment }));
      while (!existsSync(mark)) await delay(5);
      for (const signal of sent) signals.emit(signal, signal);
      assert.deepEqual(await ended, { kind: "exited", code });
      assert.deepEqual(signals.eventNames(), []);
    });

  it("keeps running while its set cannot be found, and is started anew for another one alone", async () => {
    const looks = ["one", undefined, "one", undefined, undefined, "two"];
    let starts = 0;
    const ended = await supervise(
      supervision('[ "$SET" = two ] && exit 3; while :; do sleep 0.02; done', {
        environment: () => ({ ...process.env, SET: starts++ === 0 ? "one" : "two" }),
        watch: {
          look: () => (looks.length > 1 ? looks.shift() : looks[0]),
          signal: undefined,
          graceMs: 10_000,
        },
        clock: { ...systemClock, sleep: (_, signal) => systemClock.sleep(5, signal) },
      }),
    );
    assert.deepEqual(ended, { kind: "exited", code: 3 });
    assert.deepEqual([looks, starts], [["two"], 3]);
  });
});
