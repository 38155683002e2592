/** Who is told of a change: the daemon tells, and a fetch never does. @module */
import assert from "node:assert/strict";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configure, fetchAll, hostFor, publish, setOf, type TestHost } from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

/** What befalls a group that was fetched, and what the next fetch makes of it. */
const ROWS: readonly (readonly [
  why: string,
  befall: (host: TestHost) => unknown,
  outcome: "changed" | "unchanged",
])[] = [
  ["a change", (host) => publish(host, "web", { a: "2" }), "changed"],
  ["another mode", ({ run }) => chmodSync(join(run, "secrets/web/a"), 0o644), "unchanged"],
  [
    "foreign content",
    ({ run }) => {
      chmodSync(join(run, "secrets/web/a"), 0o600);
      writeFileSync(join(run, "secrets/web/a"), "x");
    },
    "changed",
  ],
];

describe("a fetch", () => {
  const temp = memoryDir();

  it("tells nobody, whatever it finds, and leaves nothing to be told", async (t) => {
    const host = await hostFor(t, temp);
    const marker = join(host.root, "told");
    const onChange = { reload: { command: ["touch", marker] }, on_drift: true };
    configure(host, { web: { prefix: "web/", on_change: onChange } });
    await publish(host, "web", { a: "1" });
    const told = (): readonly boolean[] => [marker, join(host.run, "owed/web")].map(existsSync);
    assert.equal((await fetchAll(host)).group("web").outcome, "changed");
    assert.deepEqual(told(), [false, false], "the first set");
    for (const [why, befall, outcome] of ROWS) {
      await befall(host);
      const { code, group } = await fetchAll(host);
      assert.deepEqual([code, group("web").outcome], [0, outcome], why);
      assert.deepEqual(told(), [false, false], why);
    }
    assert.deepEqual(setOf(host, "web"), { a: "2" });
  });
});
