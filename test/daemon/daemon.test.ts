import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import type { Judge } from "../../agent/daemon/host.ts";
import type { ReloadEnd } from "../../agent/notify/ending.ts";
import { startDaemon } from "../support/daemon.ts";
import {
  configure,
  generationsOf,
  hostFor,
  publish,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const ALL = { groups: [], release: false, acceptOlder: false, prune: false };
const NGINX = { unit: "nginx.service" };
const SLOW = { refresh: { every: "1h", max_age: "2h" } };

const FAILED: ReloadEnd = { kind: "failed", error: new PosternError("CheckFailed", "no") };

async function webHost(
  t: TestContext,
  onChange: Readonly<Record<string, unknown>> = { reload: NGINX },
): Promise<TestHost> {
  const host = await hostFor(t, temp);
  configure(host, { web: { prefix: "web/", on_change: onChange } }, SLOW);
  await publish(host, "web", { a: "1", b: "1" });
  return host;
}

/** Says no as long as `no` holds. */
function judgeBy(no: {
  check?: boolean;
  verify?: boolean;
}): Record<keyof Judge, () => Promise<void>> {
  const say = (refused: boolean | undefined): Promise<void> =>
    refused === true ? Promise.reject(new PosternError("CheckFailed", "no")) : Promise.resolve();
  return { check: () => say(no.check), verify: () => say(no.verify) };
}

describe("the daemon", () => {
  it("fetches at once what no reader has yet, and reloads nobody for it", async (t) => {
    const host = await webHost(t);
    const { refresh, reloads, stop } = await startDaemon(t, host);
    assert.equal((await refresh("web")).kind, "unchanged");
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    await stop();
    assert.deepEqual(reloads, []);
  });

  it("reloads once after a change, and owes nothing then", async (t) => {
    const host = await webHost(t);
    const { refresh, nextReload, reloads } = await startDaemon(t, host);
    await refresh("web");
    await publish(host, "web", { a: "2" });
    const reloaded = nextReload();
    assert.equal((await refresh("web")).kind, "changed");
    assert.deepEqual((await reloaded).result, { kind: "done" });
    assert.equal((await refresh("web")).kind, "unchanged");
    assert.equal(reloads.length, 1);
    assert.equal(existsSync(join(host.run, "owed/web")), false);
  });

  it("goes on owing a reload across its own death", async (t) => {
    const host = await webHost(t);
    const first = await startDaemon(t, host, {
      reload: () => Promise.resolve(FAILED),
    });
    await first.refresh("web");
    await publish(host, "web", { a: "2" });
    const failed = first.nextReload();
    await first.refresh("web");
    assert.equal((await failed).result.kind, "failed");
    await first.stop();
    assert.equal(existsSync(join(host.run, "owed/web")), true);
    const second = await startDaemon(t, host);
    if (second.reloads.length === 0) await second.nextReload();
    assert.deepEqual(second.reloads[0]?.result, { kind: "done" });
    assert.equal(existsSync(join(host.run, "owed/web")), false);
  });

  it("owes no reload any more that the configuration no longer names", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon, nextReload } = await startDaemon(t, host, {
      reload: () => Promise.resolve(FAILED),
    });
    await refresh("web");
    await publish(host, "web", { a: "2" });
    const failed = nextReload();
    await refresh("web");
    await failed;
    assert.equal(daemon.status()?.groups[0]?.reloadOwed, true);
    configure(host, { web: { prefix: "web/" } }, SLOW);
    await daemon.reconfigure();
    await refresh("web");
    assert.equal(daemon.status()?.groups[0]?.reloadOwed, false);
  });

  it("tells one unit once of two groups that changed together", async (t) => {
    const host = await hostFor(t, temp);
    const group = (prefix: string): Record<string, unknown> => ({
      prefix,
      on_change: { reload: NGINX },
    });
    configure(host, { web: group("web/"), tls: group("tls/") }, SLOW);
    await publish(host, "web", { a: "1" });
    await publish(host, "tls", { k: "1" });
    const { daemon, reloads, nextReload } = await startDaemon(t, host);
    await daemon.refresh(ALL);
    await publish(host, "web", { a: "2" });
    await publish(host, "tls", { k: "2" });
    const reloaded = nextReload();
    await daemon.refresh(ALL);
    await reloaded;
    await daemon.refresh(ALL);
    assert.deepEqual(
      reloads.map(({ groups }) => [...groups].sort()),
      [["tls", "web"]],
    );
  });

  it("keeps what was there when the check fails, and readers see nothing of it", async (t) => {
    const host = await webHost(t, { check: ["true"], reload: NGINX });
    const no = { check: false };
    const { refresh, reloads } = await startDaemon(t, host, { judge: judgeBy(no) });
    await refresh("web");
    no.check = true;
    await publish(host, "web", { a: "2" });
    const outcome = await refresh("web");
    assert.equal(outcome.kind === "failed" && outcome.error.code, "CheckFailed");
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    assert.equal(generationsOf(host, "web").length, 1);
    no.check = false;
    assert.equal((await refresh("web")).kind, "changed");
    assert.equal(reloads.length <= 1, true);
  });

  it("swaps back when the verification fails, and asks for no body of it again", async (t) => {
    const host = await webHost(t, { verify: ["true"], reload: NGINX });
    const no = { verify: false };
    const { refresh, reloads, daemon } = await startDaemon(t, host, { judge: judgeBy(no) });
    await refresh("web");
    no.verify = true;
    await publish(host, "web", { a: "2" });
    const outcome = await refresh("web");
    assert.equal(outcome.kind === "failed" && outcome.error.code, "CheckFailed");
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    host.sandbox.log.clear();
    assert.equal((await refresh("web")).kind, "held");
    const asked = host.sandbox.log.entries().map(({ operation }) => operation);
    assert.equal(asked.includes("GetObject"), false);
    assert.equal(daemon.status()?.groups[0]?.state, "rejected");
    assert.deepEqual(reloads, []);
    no.verify = false;
    await publish(host, "web", { a: "3" });
    assert.equal((await refresh("web")).kind, "changed");
    assert.deepEqual(setOf(host, "web"), { a: "3", b: "1" });
  });

  it("leaves a first set in place whose verification fails, and verifies it again", async (t) => {
    const host = await webHost(t, { verify: ["true"] });
    const no = { verify: true };
    const { refresh, daemon } = await startDaemon(t, host, { judge: judgeBy(no) });
    const outcome = await refresh("web");
    assert.equal(outcome.kind === "failed" && outcome.error.code, "CheckFailed");
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    assert.equal(daemon.status()?.groups[0]?.state, "rejected");
    no.verify = false;
    assert.equal((await refresh("web")).kind, "unchanged");
    assert.equal(daemon.status()?.groups[0]?.state, "fresh");
  });

  it("takes what is published after a first set that failed its verification", async (t) => {
    const host = await webHost(t, { verify: ["true"], reload: NGINX });
    const isBad = (): boolean => setOf(host, "web")?.["a"] === "1";
    const judge: Judge = {
      ...judgeBy({}),
      verify: () => judgeBy({ verify: isBad() }).verify(),
    };
    const { refresh, daemon, nextReload } = await startDaemon(t, host, { judge });
    for (const outcome of [await refresh("web"), await refresh("web")])
      assert.equal(outcome.kind === "failed" && outcome.error.code, "CheckFailed");
    await publish(host, "web", { a: "2" });
    const reloaded = nextReload();
    assert.equal((await refresh("web")).kind, "changed");
    assert.deepEqual((await reloaded).result, { kind: "done" });
    assert.deepEqual(setOf(host, "web"), { a: "2", b: "1" });
    assert.equal(daemon.status()?.groups[0]?.state, "fresh");
  });

  it("rolls back and reloads again when the reload fails and the config says so", async (t) => {
    const host = await webHost(t, { reload: NGINX, on_failure: "rollback" });
    const seen: string[] = [];
    const { refresh, nextReload, reloads } = await startDaemon(t, host, {
      reload: () => {
        const value = setOf(host, "web")?.["a"] ?? "";
        seen.push(value);
        return Promise.resolve(value === "2" ? FAILED : { kind: "done" });
      },
    });
    await refresh("web");
    await publish(host, "web", { a: "2" });
    const reloaded = nextReload();
    await refresh("web");
    await reloaded;
    if (reloads.length < 2) await nextReload();
    assert.deepEqual(
      reloads.map(({ result }) => result.kind),
      ["rolled-back", "done"],
    );
    assert.deepEqual(seen, ["2", "1"]);
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    assert.equal((await refresh("web")).kind, "held");
    const released = nextReload();
    assert.equal((await refresh("web", true)).kind, "changed");
    assert.equal((await released).result.kind, "rolled-back");
  });

  it("rolls back by hand, holds that until it changes, and never further than one step", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon, nextReload } = await startDaemon(t, host);
    await refresh("web");
    await assert.rejects(daemon.rollBack("web"), { code: "NotFound" });
    await publish(host, "web", { a: "2" });
    const changed = nextReload();
    await refresh("web");
    await changed;
    const reloaded = nextReload();
    await daemon.rollBack("web");
    await reloaded;
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
    assert.equal(daemon.status()?.groups[0]?.state, "held");
    assert.equal((await refresh("web")).kind, "held");
    await assert.rejects(daemon.rollBack("web"), { code: "NotFound" });
    await publish(host, "web", { a: "3" });
    assert.equal((await refresh("web")).kind, "changed");
    assert.deepEqual(setOf(host, "web"), { a: "3", b: "1" });
  });

  it("refuses a bad configuration and goes on with the old one", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon, refused } = await startDaemon(t, host);
    await refresh("web");
    writeFileSync(host.config, "version: 2\n");
    await daemon.reconfigure();
    assert.equal(refused[0]?.code, "ConfigInvalid");
    await publish(host, "web", { a: "2" });
    assert.equal((await refresh("web")).kind, "changed");
  });

  it("answers who asked for a pass that a new configuration cut off, with one under that", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon } = await startDaemon(t, host);
    await refresh("web");
    await publish(host, "web", { a: "2" });
    let read: Promise<void> | undefined;
    // the pass under the old configuration gets no answer before it ended
    host.onS3.act = () => (read ??= daemon.reconfigure());
    assert.equal((await refresh("web")).kind, "changed");
    assert.deepEqual(setOf(host, "web"), { a: "2", b: "1" });
  });

  it("takes up a group that the new configuration adds", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon } = await startDaemon(t, host);
    await refresh("web");
    await publish(host, "db", { pw: "x" });
    configure(host, { web: { prefix: "web/" }, db: { prefix: "db/" } }, SLOW);
    await daemon.reconfigure();
    await refresh("db");
    assert.deepEqual(setOf(host, "db"), { pw: "x" });
    assert.deepEqual(setOf(host, "web"), { a: "1", b: "1" });
  });

  it("puts a mode right in place, and foreign content by a new generation that it tells of", async (t) => {
    const host = await webHost(t);
    const { refresh, reloads, nextReload } = await startDaemon(t, host);
    await refresh("web");
    const file = join(host.run, "secrets/web/a");
    const [generation] = generationsOf(host, "web");
    chmodSync(file, 0o644);
    const repaired = await refresh("web");
    assert.equal(repaired.kind, "unchanged");
    assert.deepEqual("drift" in repaired && repaired.drift, [{ kind: "mode", path: "a" }]);
    assert.equal(statSync(file).mode & 0o777, 0o400);
    assert.deepEqual(generationsOf(host, "web"), [generation]);
    assert.equal(reloads.length, 0);
    chmodSync(file, 0o600);
    writeFileSync(file, "evil");
    chmodSync(file, 0o400);
    const reloaded = nextReload();
    assert.equal((await refresh("web")).kind, "changed");
    await reloaded;
    assert.equal(readFileSync(file, "utf8"), "1");
  });

  it("tells of a mode that was put right too, if the config says so", async (t) => {
    const host = await webHost(t, { reload: NGINX, on_drift: true });
    const { refresh, nextReload } = await startDaemon(t, host);
    await refresh("web");
    chmodSync(join(host.run, "secrets/web/a"), 0o644);
    const reloaded = nextReload();
    assert.equal((await refresh("web")).kind, "unchanged");
    assert.deepEqual((await reloaded).result, { kind: "done" });
  });

  it("puts a mode right in a set that was rolled back, and says that it leaves foreign content", async (t) => {
    const host = await webHost(t, { reload: NGINX, on_drift: true });
    const { refresh, daemon, nextReload } = await startDaemon(t, host);
    await refresh("web");
    await publish(host, "web", { a: "2" });
    let reloaded = nextReload();
    await refresh("web");
    await reloaded;
    reloaded = nextReload();
    await daemon.rollBack("web");
    await reloaded;
    const file = join(host.run, "secrets/web/a");
    chmodSync(file, 0o644);
    reloaded = nextReload();
    const repaired = await refresh("web");
    assert.deepEqual("notes" in repaired && repaired.notes, [
      "put right what was changed on this host: 1",
    ]);
    assert.equal(statSync(file).mode & 0o777, 0o400);
    await reloaded;
    chmodSync(file, 0o600);
    writeFileSync(file, "evil");
    chmodSync(file, 0o400);
    const left = await refresh("web");
    assert.deepEqual("drift" in left && left.drift, [{ kind: "content", path: "a" }]);
    assert.deepEqual("notes" in left && left.notes, [
      "left what was changed on this host, since S3 holds another set: 1",
    ]);
    assert.equal((await refresh("web", true)).kind, "changed");
    assert.deepEqual(setOf(host, "web"), { a: "2", b: "1" });
  });

  it("is the only writer for as long as it runs", async (t) => {
    const host = await webHost(t);
    const { stop } = await startDaemon(t, host);
    configure(
      host,
      { web: { prefix: "web/" } },
      { ...SLOW, limits: { pass_timeout: "1s", request_timeout: "1s" } },
    );
    await assert.rejects(startDaemon(t, host), { code: "Locked" });
    await stop();
  });
});
