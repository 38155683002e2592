/** The host's request budget against the real program: what is over it never reaches AWS. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure, fetchAll, hostFor, publish, setOf } from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const PER_MINUTE = 60;
const BURST = 10 * PER_MINUTE;

describe("the request budget", () => {
  const folder = memoryDir();

  it("stops a group that asks for more than there is, as an outage that says so, and leaves room for others", async (t) => {
    const host = await hostFor(t, folder);
    const limits = { requests_per_minute: PER_MINUTE, pass_timeout: "20s" };
    configure(host, { well: { prefix: "well/" }, large: { prefix: "large/" } }, { limits });
    const values = Array.from({ length: BURST + 50 }, (_, index) => [`n${index}`, "x"] as const);
    await publish(host, "large", Object.fromEntries(values));
    await publish(host, "well", { a: "value" });
    const fetched = await fetchAll(host);
    const { error, state } = fetched.group("large");
    assert.deepEqual([fetched.code, error?.code, state], [69, "Throttled", "pending"]);
    assert.match(
      fetched.stderr,
      /large: this host's request budget is spent\n.*requests_per_minute/,
    );
    assert.deepEqual(setOf(host, "well"), { a: "value" });
    // what the longest pass could have brought back
    const most = BURST + PER_MINUTE / 3;
    assert.ok(fetched.asked.length <= most, `${fetched.asked.length} requests`);
  });
});
