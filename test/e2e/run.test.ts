import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { socketPath } from "../../agent/store/layout.ts";
import {
  configure,
  fetchAll,
  hostFor,
  postern,
  publish,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { launcher } from "../support/reading-host.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const SLOW = { refresh: { every: "1h", max_age: "2h" } };

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves once the log has a line that matches. */
  readonly until: (pattern: RegExp) => Promise<void>;
  readonly said: () => string;
}

function launch(t: TestContext, host: TestHost, words: readonly string[] = []): Running {
  const child = spawn(launcher, ["run", "--config", host.config, ...words], {
    env: { ...host.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(text)) {
      if (child.exitCode !== null) throw new Error(`it ended: ${text}`);
      await once(child.stdout, "data");
    }
  };
  return { child, until, said: () => text };
}

async function runDaemon(
  t: TestContext,
  host: TestHost,
  words: readonly string[] = [],
): Promise<Running> {
  const running = launch(t, host, words);
  await running.until(/"event":"started"/);
  return running;
}

async function webHost(t: TestContext): Promise<TestHost> {
  const host = await hostFor(t, temp);
  configure(host, { web: { prefix: "web/" } }, SLOW);
  await publish(host, "web", { a: "canary-1" });
  return host;
}

describe("postern run", () => {
  it("gives its memory back when it is at rest", async (t) => {
    const host = await webHost(t);
    const tracing = join(host.root, "node");
    writeFileSync(tracing, `#!/bin/sh\nexec ${process.execPath} --trace-gc "$@"\n`, {
      mode: 0o755,
    });
    const traced = { ...host, env: { ...host.env, POSTERN_NODE: tracing } };
    const { until } = await runDaemon(t, traced);
    // V8's word for a collection that was asked for
    await until(/"event":"group-changed"[^]*Mark-Compact[^]*testing/);
  });

  it("fetches, answers fetch, and leaves the files when it ends", async (t) => {
    const host = await webHost(t);
    const { child, until, said } = await runDaemon(t, host);
    await until(/"event":"group-changed"/);
    assert.deepEqual(setOf(host, "web"), { a: "canary-1" });
    await publish(host, "web", { a: "canary-2" });
    const fetched = await fetchAll(host, ["--detailed-exitcode"]);
    assert.equal(fetched.code, 2);
    assert.equal(fetched.group("web").outcome, "changed");
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
    assert.deepEqual(setOf(host, "web"), { a: "canary-2" });
    assert.match(said(), /"event":"stopped"/);
    assert.doesNotMatch(said(), /canary/);
    // the next fetch finds nobody to ask, and does it itself
    assert.equal((await fetchAll(host)).group("web").outcome, "unchanged");
  });

  it("rolls back and lets go as it is told", async (t) => {
    const host = await webHost(t);
    const { until } = await runDaemon(t, host);
    await until(/"event":"group-changed"/);
    await publish(host, "web", { a: "canary-2" });
    await fetchAll(host);
    const back = await postern(host, ["rollback", "web", "--config", host.config]);
    assert.equal(back.code, 0, back.stderr);
    assert.deepEqual(setOf(host, "web"), { a: "canary-1" });
    assert.equal((await fetchAll(host)).group("web").outcome, "held");
    await postern(host, ["refresh", "web", "--release", "--config", host.config]);
    assert.deepEqual(setOf(host, "web"), { a: "canary-2" });
  });

  it("reads its configuration anew on SIGHUP, and goes on with the old one if it is bad", async (t) => {
    const host = await webHost(t);
    const { child, until } = await runDaemon(t, host);
    await until(/"event":"group-changed"/);
    const good = readFileSync(host.config, "utf8");
    writeFileSync(host.config, "version: 2\n");
    child.kill("SIGHUP");
    await until(/"event":"config-refused".*postern.yaml:1:10: version: expected 1/);
    assert.equal((await fetchOwn(host, good)).code, 0);
    await publish(host, "db", { pw: "canary" });
    configure(host, { web: { prefix: "web/" }, db: { prefix: "db/" } }, SLOW);
    child.kill("SIGHUP");
    await until(/"group":"db".*"to":"fresh"/);
    assert.deepEqual(setOf(host, "db"), { pw: "canary" });
  });

  it("warns of settings that it takes up at a restart alone", async (t) => {
    const host = await webHost(t);
    // it may not be ready to read anything yet: the signal is not lost
    const { child, until } = await runDaemon(t, host);
    const metrics = { listen: "127.0.0.1:9101" };
    configure(host, { web: { prefix: "web/" } }, { ...SLOW, metrics });
    child.kill("SIGHUP");
    await until(/"event":"config-warning","warning":"control and metrics changed/);
  });

  it("looks at every group on SIGUSR2, and opens no debugger on SIGUSR1", async (t) => {
    const host = await webHost(t);
    const { child, until, said } = await runDaemon(t, host);
    await until(/"event":"group-changed"/);
    await publish(host, "web", { a: "canary-2" });
    child.kill("SIGUSR1");
    child.kill("SIGUSR2");
    await until(/"event":"group-changed"[^]*"event":"group-changed"/);
    assert.doesNotMatch(said(), /Debugger listening/);
  });

  for (const service of ["s3", "imds"] as const)
    it(`ends in the middle of a pass, and asks no more, while ${service} hangs`, async (t) => {
      const host = await webHost(t);
      host.sandbox.faults.add({ kind: "hang", service });
      const { child, said } = launch(t, host);
      const asked = (): number =>
        host.sandbox.log.entries().filter((entry) => entry.service === service).length;
      while (asked() === 0) await delay(5);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
      assert.equal(asked(), 1);
      // what was cut off says nothing about the group
      assert.match(said(), /"event":"started"[^]*"event":"stopping"[^]*"event":"stopped"/);
      assert.doesNotMatch(said(), /group-failed|state-changed/);
      assert.equal(readFileSync(join(host.run, "state/web"), "utf8"), "pending 0 0 -\n");
    });

  it("ends in the middle of a check that will not, and leaves neither it nor its set", async (t) => {
    const host = await webHost(t);
    const mark = join(host.root, "checking");
    const script = join(host.root, "check");
    writeFileSync(
      script,
      `#!/bin/sh\ntrap "" TERM\necho $$ >${mark}\nwhile :; do sleep 1; done\n`,
      {
        mode: 0o700,
      },
    );
    configure(host, { web: { prefix: "web/", on_change: { check: [script] } } }, SLOW);
    const { child, said } = await runDaemon(t, host);
    while (!existsSync(mark) || readFileSync(mark, "utf8") === "") await delay(5);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.match(said(), /"event":"stopped"/);
    assert.doesNotMatch(said(), /group-failed/);
    assert.throws(() => process.kill(Number(readFileSync(mark, "utf8")), 0), { code: "ESRCH" });
    assert.equal(setOf(host, "web"), undefined);
  });

  it("waits for its turn to write, says so, and ends meanwhile when it is told to", async (t) => {
    const host = await webHost(t);
    await runDaemon(t, host);
    const { child, until, said } = launch(t, host);
    await until(/"event":"waiting","why":"another postern \(pid \d+, run\) is writing"/);
    child.kill("SIGHUP");
    child.kill("SIGUSR2");
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.match(said(), /"event":"stopped"/);
    assert.doesNotMatch(said(), /"event":"started"/);
  });

  it("comes back after SIGKILL, over the socket and the lock that it left", async (t) => {
    const host = await webHost(t);
    const first = await runDaemon(t, host);
    await first.until(/"event":"group-changed"/);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    assert.ok(existsSync(socketPath(host.run)));
    assert.deepEqual(setOf(host, "web"), { a: "canary-1" });
    await runDaemon(t, host);
    assert.equal((await fetchAll(host)).group("web").outcome, "unchanged");
  });

  const obstacles = [
    [
      "its metrics' port is taken",
      async (t: TestContext, host: TestHost) => {
        const taken = createServer().listen(0, "127.0.0.1");
        await once(taken, "listening");
        t.after(() => taken.close());
        const { port } = taken.address() as AddressInfo;
        const more = { ...SLOW, metrics: { listen: `127.0.0.1:${port}` } };
        configure(host, { web: { prefix: "web/" } }, more);
      },
      { code: 73, words: /cannot listen \(EADDRINUSE\)/ },
    ],
    [
      "something lies where its socket belongs",
      async (_: TestContext, host: TestHost) => {
        mkdirSync(join(host.run, "control", "agent.sock"), { recursive: true, mode: 0o755 });
      },
      { code: 73, words: /agent\.sock" is in the way/ },
    ],
    [
      "nobody knows its control group",
      async (_: TestContext, host: TestHost) => {
        const more = { ...SLOW, control: { group: "nosuchgroup" } };
        configure(host, { web: { prefix: "web/" } }, more);
      },
      { code: 78, words: /^postern: control\.group: unknown group "nosuchgroup"$/m },
    ],
  ] as const;
  for (const [why, obstruct, expected] of obstacles)
    it(`ends, rather than run unheard, when ${why}`, async (t) => {
      const host = await webHost(t);
      await obstruct(t, host);
      const { code, stderr } = await postern(host, ["run", "--config", host.config]);
      assert.equal(code, expected.code, stderr);
      assert.match(stderr, expected.words);
    });

  it("tells of a pass that it cannot write down", async (t) => {
    const host = await webHost(t);
    const { until } = await runDaemon(t, host);
    await until(/"to":"fresh"/);
    const status = join(host.run, "status.json");
    unlinkSync(status);
    mkdirSync(status);
    const asked = await postern(host, ["refresh", "web", "--config", host.config]);
    assert.equal(asked.code, 73);
    assert.match(asked.stderr, /^postern: web: .*status\.json/);
    await until(/"event":"group-failed","group":"web","code":"CannotWrite"/);
    rmdirSync(status);
    assert.equal((await fetchAll(host)).code, 0);
  });

  it("goes on when nobody reads its log any more", async (t) => {
    const host = await webHost(t);
    const { child, until } = await runDaemon(t, host);
    await until(/"event":"group-changed"/);
    child.stdout.destroy();
    for (const value of ["canary-2", "canary-3"]) {
      await publish(host, "web", { a: value });
      assert.equal((await fetchAll(host)).group("web").outcome, "changed");
    }
    assert.equal(child.exitCode, null);
  });

  it("keeps its metrics in a file for node_exporter", async (t) => {
    const host = await webHost(t);
    const folder = relative(process.cwd(), host.root);
    const { until } = await runDaemon(t, host, ["--textfile", folder]);
    await until(/"event":"group-changed"/);
    // written beside the passes, in its own time
    while (!existsSync(join(host.root, "postern.prom"))) await delay(10);
    assert.match(readFileSync(join(host.root, "postern.prom"), "utf8"), /^postern_build_info/m);
  });
});

/** A fetch under another configuration file than the daemon's. */
async function fetchOwn(host: TestHost, text: string): Promise<{ readonly code: number }> {
  const config = join(host.root, "other.yaml");
  writeFileSync(config, text, { mode: 0o600 });
  return postern(host, ["fetch", "--config", config]);
}
