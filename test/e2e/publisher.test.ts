/** A publisher who is at work while a host fetches. @module */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import {
  askedOf,
  configure,
  fetchAll,
  generationsOf,
  hostFor,
  publish,
  setOf,
} from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const KINDS: readonly { readonly prefix: string; readonly only?: readonly string[] }[] = [
  { prefix: "web/" },
  { prefix: "web/", only: ["a", "b"] },
];

describe("while a publisher is at work", { concurrency: 6 }, () => {
  const folder = memoryDir();

  for (const settings of KINDS) {
    const about = Object.keys(settings).join(" with ");

    it(`${about}: no half of a change is shown, and the whole of it a moment later`, async (t) => {
      const host = await hostFor(t, folder);
      configure(host, { web: settings });
      await publish(host, "web", { a: "1", b: "1" });
      assert.equal((await fetchAll(host)).code, 0);
      await publish(host, "web", { a: "2" });
      let late = false;
      // the second half comes when the first is being read, and the old second half was
      host.onS3.act = async ({ operation, key }) => {
        if (late || operation !== "GetObject" || key !== "web/a") return;
        late = true;
        while (settings.only !== undefined && !askedOf(host).includes("GetObject web/b"))
          await setImmediate();
        await publish(host, "web", { b: "2" });
      };
      const fetched = await fetchAll(host, ["--detailed-exitcode"]);
      assert.equal(fetched.code, 2, fetched.stderr);
      assert.deepEqual(setOf(host, "web"), { a: "2", b: "2" });
      assert.equal(generationsOf(host, "web").length, 2, "the old set and the new, none between");
    });
  }

  it("an object that changes between LIST and GET is looked at again", async (t) => {
    const host = await hostFor(t, folder);
    configure(host, { web: { prefix: "web/" } });
    await publish(host, "web", { a: "1", b: "1" });
    let changed = false;
    host.onS3.act = async ({ operation }) => {
      if (operation !== "GetObject" || changed) return;
      changed = true;
      await publish(host, "web", { a: "2", b: "2" });
    };
    const { code, stderr } = await fetchAll(host);
    assert.equal(code, 0, stderr);
    assert.deepEqual(setOf(host, "web"), { a: "2", b: "2" });
  });

  it("who never rests leaves the last set, which stays fresh", async (t) => {
    const host = await hostFor(t, folder);
    configure(
      host,
      { web: { prefix: "web/" } },
      { limits: { pass_timeout: "2s", request_timeout: "1s" } },
    );
    await publish(host, "web", { a: "0", b: "0" });
    assert.equal((await fetchAll(host)).code, 0);
    let count = 0;
    host.onS3.act = async ({ operation }) => {
      if (operation === "ListObjectsV2") await publish(host, "web", { a: String((count += 1)) });
    };
    const fetched = await fetchAll(host);
    const { outcome, state, error } = fetched.group("web");
    assert.deepEqual([fetched.code, outcome, state, error], [0, "waiting", "fresh", null]);
    assert.deepEqual(setOf(host, "web"), { a: "0", b: "0" });
  });

  it("who never rests makes a first fetch say that it is not ready", async (t) => {
    const host = await hostFor(t, folder);
    configure(
      host,
      { web: { prefix: "web/" } },
      { limits: { pass_timeout: "2s", request_timeout: "1s" } },
    );
    await publish(host, "web", { a: "0" });
    let count = 0;
    host.onS3.act = async ({ operation }) => {
      if (operation === "ListObjectsV2") await publish(host, "web", { a: String((count += 1)) });
    };
    const fetched = await fetchAll(host);
    assert.deepEqual([fetched.code, fetched.group("web").state], [75, "pending"]);
    assert.match(fetched.stderr, /^postern: web: not ready: the set went on changing/);
    assert.equal(setOf(host, "web"), undefined);
  });

  it("secrets wait until they have settled, and arrive together", async (t) => {
    const host = await hostFor(t, folder);
    configure(host, { web: { prefix: "web/", settle: "1s" } });
    let listed = 0;
    host.onS3.act = async ({ operation }) => {
      if (operation !== "ListObjectsV2") return;
      listed += 1;
      // one PUT just before the first look, the next just before the second
      if (listed === 1) await publish(host, "web", { a: "1" });
      if (listed === 2) await publish(host, "web", { b: "1" });
    };
    const { code, asked } = await fetchAll(host);
    assert.equal(code, 0);
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    const gets = asked.filter((line) => line.startsWith("GetObject"));
    assert.deepEqual(gets.sort(), ["GetObject web/a", "GetObject web/b"], "none before it settled");
  });
});
