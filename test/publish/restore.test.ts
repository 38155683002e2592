import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../agent/core/clock.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { configOf, publisherFor } from "../support/publishing.ts";
import {
  publishTexts,
  putText,
  removeNamed,
  restoreTo,
  textsIn,
} from "../support/publishing-acts.ts";

const LAYOUTS = { prefix: { prefix: "web/" }, bundle: { bundle: "web.bundle" } };

describe("a time at which several versions were written", () => {
  for (const [layout, lies] of Object.entries(LAYOUTS))
    for (const within of [0, 1, 999])
      it(`means the last of its second, on a ${layout}, ${within} ms into it`, async (t) => {
        const second = Math.floor(systemClock.now() / 1000) * 1000 - 60_000;
        let now = second - 5000;
        const sandbox = await startSandbox({ clock: { ...systemClock, now: () => now } });
        t.after(() => sandbox.close());
        const { arn } = sandbox.keys.create({ region: sandbox.region });
        const decrypt = { mode: "envelope", keys: [arn] };
        const config = configOf(sandbox, { web: { ...lies, decrypt } });
        const group = (await publisherFor(t, config, sandbox.publisher)).group("web");
        await publishTexts(group, { a: "before", b: "before", c: "before" });
        now = second + 500;
        await putText(group, "a", "first");
        await putText(group, "a", "last");
        await removeNamed(group, ["b"]);
        await removeNamed(group, ["c"]);
        await putText(group, "c", "again");
        now = second + 1000;
        await publishTexts(group, { d: "after" });
        await restoreTo(group, { by: "time", at: second + within });
        assert.deepEqual(await textsIn(group), { a: "last", c: "again" });
        await restoreTo(group, { by: "time", at: second - 1 });
        assert.deepEqual(await textsIn(group), { a: "before", b: "before", c: "before" });
      });
});
