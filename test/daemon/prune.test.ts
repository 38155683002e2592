import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configure, fetchAll, hostFor, postern, publish, setOf } from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();

describe("a group that left the config", () => {
  it("stays as it is, and is told of", async (t) => {
    const host = await hostFor(t, temp);
    configure(host, { web: { prefix: "web/" }, old: { prefix: "old/" } });
    await publish(host, "web", { a: "1" });
    await publish(host, "old", { b: "2" });
    assert.equal((await fetchAll(host)).code, 0);
    configure(host, { web: { prefix: "web/" } });
    const { code, stderr } = await postern(host, ["fetch", "--config", host.config]);
    assert.equal(code, 0);
    assert.match(stderr, /warning: group "old" is no longer in the config and stays as it is/);
    assert.deepEqual(setOf(host, "old"), { b: "2" });
  });

  it("goes with all it had when asked to, and no other group with it", async (t) => {
    const host = await hostFor(t, temp);
    configure(host, { web: { prefix: "web/" }, old: { prefix: "old/" } });
    await publish(host, "web", { a: "1" });
    await publish(host, "old", { b: "2" });
    assert.equal((await fetchAll(host)).code, 0);
    configure(host, { web: { prefix: "web/" } });
    const { code, stdout } = await postern(host, ["fetch", "--config", host.config, "--prune"]);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /^old: removed, it is no longer in the config$/m);
    for (const path of ["secrets/old", "groups/old", "state/old"])
      assert.equal(existsSync(join(host.run, path)), false, path);
    assert.deepEqual(setOf(host, "web"), { a: "1" });
    assert.equal((await postern(host, ["get", "old/b"])).code, 66);
  });
});
