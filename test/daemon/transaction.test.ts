import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import { type ErrorCode, PosternError } from "../../agent/core/errors.ts";
import type { Judge } from "../../agent/daemon/host.ts";
import type { ReloadEnd } from "../../agent/notify/ending.ts";
import { systemFileSystem } from "../../agent/store/file-system.ts";
import { readCurrent } from "../../agent/store/generation.ts";
import { EMPTY_RECORD, readRecord, sourcesOf, writeRecord } from "../../agent/store/record.ts";
import { writeState } from "../../agent/store/state.ts";
import { closeTree, openTree, type Tree } from "../../agent/store/tree.ts";
import { type DaemonParts, type RunningDaemon, startDaemon } from "../support/daemon.ts";
import {
  configure,
  decryptBy,
  type GroupSettings,
  generationsOf,
  hostFor,
  publish,
  publishBundle,
  ROLE,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { uid, web } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const SLOW = { refresh: { every: "1h", max_age: "2h" } };
const NGINX = { unit: "nginx.service" };
const FAILED: ReloadEnd = { kind: "failed", error: new PosternError("CheckFailed", "no") };

async function webHost(
  t: TestContext,
  onChange: GroupSettings = { reload: NGINX },
  more: GroupSettings = {},
): Promise<TestHost> {
  const host = await hostFor(t, temp);
  configure(host, { web: { prefix: "web/", ...more, on_change: onChange } }, SLOW);
  await publish(host, "web", { a: "1" });
  return host;
}

/** Verifies as long as `fault.code` is undefined, and `looks` meanwhile. */
function judgeBy(fault: { code?: ErrorCode | undefined }, looks: () => void = () => {}): Judge {
  return {
    check: () => Promise.resolve(),
    verify: async () => {
      looks();
      if (fault.code !== undefined) throw new PosternError(fault.code, "no");
    },
  };
}

/** A daemon whose group went through these values of `a`, each with its reload. */
async function wentThrough(
  t: TestContext,
  host: TestHost,
  values: readonly string[],
  parts: DaemonParts = {},
): Promise<RunningDaemon> {
  const running = await startDaemon(t, host, parts);
  await running.refresh("web");
  for (const a of values) {
    await publish(host, "web", { a });
    const reloaded = running.nextReload();
    await running.refresh("web");
    await reloaded;
  }
  return running;
}

/** What the store knows, between two daemons. */
function inTree(host: TestHost, use: (tree: Tree) => void): void {
  const world = { fs: systemFileSystem, clock: systemClock, chance: systemChance, uid };
  const tree = openTree({ run: host.run, state: host.state, ...world });
  try {
    use(tree);
  } finally {
    closeTree(tree);
  }
}

interface Latch {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

function latch(): Latch {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

const valueOf = (host: TestHost): string | undefined => setOf(host, "web")?.["a"];
const owed = (host: TestHost): string | undefined => {
  const path = join(host.run, "owed/web");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
};

describe("a verification", () => {
  it("that was cut off says nothing: the set stays, and is asked about again", async (t) => {
    const host = await webHost(t, { verify: ["true"], reload: NGINX });
    const fault: { code?: ErrorCode | undefined } = {};
    const { refresh } = await wentThrough(t, host, [], { judge: judgeBy(fault) });
    fault.code = "Unavailable";
    await publish(host, "web", { a: "2" });
    assert.equal((await refresh("web")).kind, "failed");
    assert.equal(valueOf(host), "2");
    fault.code = undefined;
    assert.equal((await refresh("web")).kind, "unchanged");
    assert.equal(valueOf(host), "2");
  });

  it("that the configuration no longer names refuses nothing any more", async (t) => {
    const host = await webHost(t, { verify: ["true"] });
    const { refresh, daemon } = await startDaemon(t, host, {
      judge: judgeBy({ code: "CheckFailed" }),
    });
    assert.equal((await refresh("web")).kind, "failed");
    configure(host, { web: { prefix: "web/" } }, SLOW);
    await daemon.reconfigure();
    assert.equal((await refresh("web")).kind, "unchanged");
  });

  it("finds the further paths in place, also when it is made up for", async (t) => {
    const path = join(temp, "verified-a");
    const host = await webHost(t, { verify: ["true"] }, { files: { a: { path, as: "link" } } });
    const seen: boolean[] = [];
    const fault: { code?: ErrorCode | undefined } = { code: "CheckFailed" };
    const judge = judgeBy(fault, () => void seen.push(existsSync(path)));
    const { refresh } = await startDaemon(t, host, { judge });
    await refresh("web");
    unlinkSync(path);
    fault.code = undefined;
    await refresh("web");
    assert.ok(seen.length >= 2 && seen.every(Boolean));
  });

  it("that fails takes no debt away that was there before", async (t) => {
    const host = await webHost(t, { verify: ["true"], reload: NGINX });
    const fault: { code?: ErrorCode | undefined } = {};
    const reload = (): Promise<ReloadEnd> => Promise.resolve(FAILED);
    const parts = { judge: judgeBy(fault), reload };
    const { refresh } = await wentThrough(t, host, ["2"], parts);
    const before = owed(host);
    assert.ok(before !== undefined);
    fault.code = "CheckFailed";
    await publish(host, "web", { a: "3" });
    assert.equal((await refresh("web")).kind, "failed");
    assert.equal(valueOf(host), "2");
    assert.equal(owed(host), before);
  });

  it("is made up for at once by the daemon after one that died before it", async (t) => {
    const host = await webHost(t, { verify: ["true"] });
    const first = await startDaemon(t, host, { judge: judgeBy({ code: "CheckFailed" }) });
    await first.refresh("web");
    await first.stop();
    await new Promise<void>((resolve, reject) => {
      startDaemon(t, host, { judge: judgeBy({}, resolve) }).catch(reject);
    });
  });
});

describe("a rollback", () => {
  it("goes one step, however many generations there are, and stays there", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon } = await wentThrough(t, host, ["2", "3"]);
    await daemon.rollBack("web");
    await assert.rejects(daemon.rollBack("web"), { code: "NotFound" });
    assert.equal((await refresh("web")).kind, "held");
    assert.equal(valueOf(host), "2");
  });

  it("that died half way is finished", async (t) => {
    const host = await webHost(t);
    const first = await wentThrough(t, host, ["2"]);
    await first.stop();
    inTree(host, (tree) => {
      const current = readCurrent(tree, web);
      assert.ok(current.kind === "generation");
      const sources = sourcesOf(current.generation.manifest);
      const held = { since: 0, why: "operator", sources } as const;
      writeRecord(tree, web, { ...EMPTY_RECORD, held });
    });
    const { refresh } = await startDaemon(t, host);
    assert.equal((await refresh("web")).kind, "held");
    assert.equal(valueOf(host), "1");
  });

  it("holds what it came from under its own settings alone", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon } = await wentThrough(t, host, ["2"]);
    await daemon.rollBack("web");
    configure(host, { web: { prefix: "web/", mode: "0440" } }, SLOW);
    await daemon.reconfigure();
    await refresh("web");
    assert.equal(valueOf(host), "2");
  });

  it("is over once S3 held something else, even what is here already", async (t) => {
    const host = await webHost(t);
    const { refresh, daemon } = await wentThrough(t, host, ["2"]);
    await daemon.rollBack("web");
    await publish(host, "web", { a: "1" });
    assert.equal((await refresh("web")).kind, "unchanged");
    await publish(host, "web", { a: "2" });
    assert.equal((await refresh("web")).kind, "changed");
  });
});

describe("a reload", () => {
  it("is done again for a set that came while it was under way", async (t) => {
    const host = await webHost(t);
    const seen: (string | undefined)[] = [];
    const { refresh, nextReload, reloads } = await startDaemon(t, host, {
      reload: async () => {
        seen.push(valueOf(host));
        if (seen.length > 1) return { kind: "done" };
        await publish(host, "web", { a: "3" });
        await refresh("web");
        return { kind: "done" };
      },
    });
    await refresh("web");
    await publish(host, "web", { a: "2" });
    const reloaded = nextReload();
    await refresh("web");
    await reloaded;
    if (reloads.length < 2) await nextReload();
    assert.deepEqual(seen, ["2", "3"]);
    assert.equal(owed(host), undefined);
  });

  it("that fails swaps nothing back that came while it was under way", async (t) => {
    const host = await webHost(t, { reload: NGINX, on_failure: "rollback" });
    let tries = 0;
    const { refresh, nextReload } = await startDaemon(t, host, {
      reload: async () => {
        tries += 1;
        if (tries > 1) return { kind: "done" };
        await publish(host, "web", { a: "3" });
        await refresh("web");
        return FAILED;
      },
    });
    await refresh("web");
    await publish(host, "web", { a: "2" });
    const reloaded = nextReload();
    await refresh("web");
    assert.equal((await reloaded).result.kind, "failed");
    assert.equal(valueOf(host), "3");
  });

  it("is owed after files that were removed came back", async (t) => {
    const host = await webHost(t);
    inTree(host, (tree) => writeRecord(tree, web, { ...EMPTY_RECORD, removed: "expired" }));
    const { reloads, nextReload } = await startDaemon(t, host);
    if (reloads.length === 0) await nextReload();
    assert.deepEqual(reloads[0]?.result, { kind: "done" });
  });

  it("that nobody could be asked for swaps nothing back, and stays owed", async (t) => {
    const host = await webHost(t, { reload: NGINX, on_failure: "rollback" });
    const error = new PosternError("Unavailable", "systemd does not answer");
    const { refresh, reloads } = await wentThrough(t, host, ["2"], {
      reload: () => Promise.resolve({ kind: "failed", error }),
    });
    assert.equal(reloads[0]?.result.kind, "failed");
    assert.equal((await refresh("web")).kind, "unchanged");
    assert.equal(valueOf(host), "2");
    assert.notEqual(owed(host), undefined);
  });

  it("that the daemon's end cuts off swaps nothing back, and stays owed", async (t) => {
    const host = await webHost(t, { reload: NGINX, on_failure: "rollback" });
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const { refresh, stop, reloads } = await startDaemon(t, host, {
      reload: (_, __, signal) => {
        begin();
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve(FAILED), { once: true });
        });
      },
    });
    await refresh("web");
    await publish(host, "web", { a: "2" });
    await refresh("web");
    await begun;
    await stop();
    assert.equal(valueOf(host), "2");
    assert.notEqual(owed(host), undefined);
    assert.deepEqual(reloads, []);
  });

  for (const [why, onDrift, expected] of [
    ["is not owed for a foreign file that was swept away", false, 0],
    ["is owed for a foreign file if on_drift says so, once", true, 1],
  ] as const)
    it(why, async (t) => {
      const host = await webHost(t, { reload: NGINX, on_drift: onDrift });
      const { refresh, reloads, nextReload } = await wentThrough(t, host, []);
      const [generation = ""] = generationsOf(host, "web");
      writeFileSync(join(host.run, "groups/web/gen", generation, "foreign"), "x");
      const reloaded = expected === 0 ? undefined : nextReload();
      assert.equal((await refresh("web")).kind, "changed");
      await reloaded;
      assert.equal((await refresh("web")).kind, "unchanged");
      assert.equal(reloads.length, expected);
    });
});

const ELSEWHERE = { bucket: "other", region: "us-east-1", bucket_owner: "111122223333" };

describe("a new configuration", () => {
  it("is followed at once where it changes a group", async (t) => {
    const host = await webHost(t);
    const { daemon, passes } = await wentThrough(t, host, []);
    const before = passes.length;
    configure(host, { web: { prefix: "web/", mode: "0440" } }, SLOW);
    await daemon.reconfigure();
    while (passes.length === before) await systemClock.sleep(5);
    assert.equal(passes.at(-1)?.outcome.kind, "changed");
  });

  it("forgets nothing of what was asked of AWS, whether or not somebody read it before", async (t) => {
    const host = await webHost(t);
    const { daemon } = await wentThrough(t, host, []);
    await daemon.reconfigure();
    await daemon.reconfigure();
    // GetObject is the first pass's alone
    assert.deepEqual([daemon.requests().get, daemon.requestResults().get.ok], [1, 1]);
  });

  const homes = [
    ["passes over a home that was out under the one before, and the one before that", {}, []],
    ["asks another home first, whatever was heard of the last one", ELSEWHERE, ["other"]],
  ] as const;
  for (const [why, more, expected] of homes)
    it(why, async (t) => {
      const host = await hostFor(t, temp, { otherRegions: ["us-west-2"] });
      const { sandbox } = host;
      const replica = { bucket: "west", region: "us-west-2", bucket_owner: "444455556666" };
      sandbox.buckets.create("west", { region: "us-west-2", owner: "444455556666" });
      const settings = { ...SLOW, failover: [replica] };
      const web = { bundle: "web.bundle", decrypt: decryptBy(host, "envelope") };
      configure(host, { web }, settings);
      await publishBundle(host, "web", 1, { a: "1" });
      const { refresh, daemon, failovers } = await startDaemon(t, host);
      await refresh("web");
      for (const bucket of [sandbox.bucket, "other"])
        sandbox.faults.add({ kind: "503", service: "s3", bucket });
      while (!failovers.includes("failover")) await refresh("web");
      await daemon.reconfigure();
      configure(host, { web }, { ...settings, ...more });
      await daemon.reconfigure();
      sandbox.log.clear();
      await refresh("web");
      const asked = sandbox.log.entries().flatMap(({ bucket }) => bucket ?? []);
      assert.deepEqual([...new Set(asked)], [...expected, "west"]);
    });

  const endings: readonly (readonly [
    when: string,
    parts: (reached: Latch, go: Latch) => DaemonParts,
  ])[] = [
    [
      "while it is read",
      (reached, go) => ({
        beforeReading: () => {
          reached.open();
          return go.opened;
        },
      }),
    ],
    [
      "while the work under the old one ends",
      (reached, go) => ({
        reload: async (_, __, signal) => {
          await once(signal, "abort");
          reached.open();
          await go.opened;
          return { kind: "done" };
        },
      }),
    ],
  ];
  for (const [when, partsFor] of endings)
    it(`is not taken up by a daemon that is told to end ${when}`, async (t) => {
      const host = await webHost(t);
      const [reached, go] = [latch(), latch()];
      const { daemon, refresh, stop, configs } = await startDaemon(t, host, partsFor(reached, go));
      await refresh("web");
      await publish(host, "web", { a: "2" });
      await refresh("web");
      const changed = daemon.reconfigure();
      await reached.opened;
      const stopped = stop();
      go.open();
      await Promise.all([changed, stopped]);
      assert.deepEqual(configs, [1]);
    });

  it("does not move the trees", async (t) => {
    const host = await webHost(t);
    const { daemon, refused } = await wentThrough(t, host, []);
    configure({ ...host, run: `${host.run}-moved` }, { web: { prefix: "web/" } }, SLOW);
    await daemon.reconfigure();
    assert.equal(refused[0]?.message, "paths cannot change while the daemon runs");
  });
});

describe("files that the configuration has removed", () => {
  const REMOVING = { on_revoked: "remove", revoke_after: "0s", on_expired: "remove" };

  it("are told of once each time, also past a restart, and whatever comes after", async (t) => {
    const host = await webHost(t, { reload: NGINX }, REMOVING);
    const grant = (readPrefixes: readonly string[]): void => {
      const grants = [{ role: ROLE, readPrefixes, writePrefixes: [] }];
      host.sandbox.setGrants({ grants, keys: [], administrators: ["publisher"] });
    };
    const deny = (): void => grant([]);
    const allow = (): void => grant([""]);
    const first = await startDaemon(t, host);
    const passes = async ({ refresh }: RunningDaemon, count: number): Promise<void> => {
      for (let pass = 0; pass < count; pass += 1) await refresh("web");
    };
    await passes(first, 1);
    deny();
    await passes(first, 5);
    assert.deepEqual(first.removed, ["web denied"]);
    assert.equal(setOf(host, "web"), undefined);
    await first.stop();
    const second = await startDaemon(t, host);
    await passes(second, 2);
    // an outage that is past max_age has nothing left to remove
    inTree(host, (tree) => {
      const standing = { state: "stale", lastSuccess: 1000, freshUntil: 2000 } as const;
      writeState(tree, web, { standing, generation: undefined });
    });
    allow();
    host.sandbox.faults.add({ kind: "503", service: "s3" });
    await passes(second, 2);
    assert.equal(second.daemon.status()?.groups[0]?.state, "expired");
    assert.deepEqual(second.removed, []);
    host.sandbox.faults.clear();
    await passes(second, 1);
    deny();
    await passes(second, 4);
    assert.deepEqual(second.removed, ["web denied"]);
  });
});

describe("a group's standing", () => {
  it("that cannot be written down is that group's failure, and no other's", async (t) => {
    const host = await hostFor(t, temp);
    configure(host, { web: { prefix: "web/" }, db: { prefix: "db/" } }, SLOW);
    await publish(host, "web", { a: "1" });
    await publish(host, "db", { pw: "1" });
    const { daemon, refresh, passes } = await startDaemon(t, host);
    await refresh("web");
    await refresh("db");
    const line = join(host.run, "state/web");
    unlinkSync(line);
    mkdirSync(line);
    const failed = await refresh("web");
    assert.equal(failed.kind === "failed" && failed.error.code, "CannotWrite");
    assert.deepEqual(passes.at(-1)?.outcome, failed);
    assert.equal((await refresh("db")).kind, "unchanged");
    const errors = daemon.status()?.groups.map(({ error }) => error?.code);
    assert.deepEqual(errors, ["CannotWrite", undefined]);
    rmdirSync(line);
    assert.equal((await refresh("web")).kind, "unchanged");
  });
});

describe("a pass over a set that moves while it is read", () => {
  const moving = async (t: TestContext): Promise<TestHost & { readonly move: () => void }> => {
    const host = await webHost(t);
    const move = (): void => {
      host.onS3.act = async ({ operation }) => {
        if (operation !== "GetObject") return;
        host.onS3.act = () => {};
        await publish(host, "web", { b: "1" });
      };
    };
    return { ...host, move };
  };

  it("looks again for somebody who waits for it", async (t) => {
    const host = await moving(t);
    const { refresh } = await startDaemon(t, host);
    await refresh("web");
    await publish(host, "web", { a: "2" });
    host.move();
    assert.equal((await refresh("web")).kind, "changed");
    assert.deepEqual(setOf(host, "web"), { a: "2", b: "1" });
  });

  it("leaves that to the next one when it comes by itself", async (t) => {
    const host = await moving(t);
    host.move();
    const { passes } = await startDaemon(t, host);
    while (passes.length === 0) await systemClock.sleep(5);
    assert.equal(passes[0]?.outcome.kind, "waiting");
  });
});

describe("a group's record", () => {
  it("is empty after a change that went well", async (t) => {
    const host = await webHost(t, { verify: ["true"], reload: NGINX });
    const { stop } = await wentThrough(t, host, ["2"]);
    await stop();
    inTree(host, (tree) => assert.deepEqual(readRecord(tree, web), EMPTY_RECORD));
  });
});
