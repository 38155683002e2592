import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseGroupName } from "../../agent/core/names.ts";
import { createTurns } from "../../agent/daemon/turns.ts";

const web = parseGroupName("web");
const db = parseGroupName("db");

describe("a group's turns", () => {
  it("come one after the other, also after one that failed, and wait for no other group's", async () => {
    const turns = createTurns();
    const { inTurn } = turns;
    const said: string[] = [];
    let end: () => void = () => {};
    const busy = new Promise<void>((resolve) => (end = resolve));
    const first = inTurn(web, async () => {
      await busy;
      said.push("first");
      throw new Error("no");
    });
    const second = inTurn(web, async () => void said.push("second"));
    await inTurn(db, async () => void said.push("other"));
    assert.equal(turns.isBusy(web), true);
    end();
    await assert.rejects(first, /no/);
    await second;
    assert.deepEqual(said, ["other", "first", "second"]);
    await nextTurn();
    assert.equal(turns.isBusy(web), false);
  });
});
