import assert from "node:assert/strict";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { GroupPlan, Planned } from "../../agent/daemon/plan.ts";
import {
  askedOf,
  configure,
  decryptBy,
  fetchAll,
  filesOf,
  hostFor,
  postern,
  publish,
  publishBundle,
  type TestHost,
} from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const VALUES = { password: "hunter2-canary", "tls/key": "canary-key" };

interface Ran {
  readonly code: number;
  readonly text: string;
  readonly web: Planned;
}

async function planned(host: TestHost, words: readonly string[] = []): Promise<Ran> {
  const { code, stdout, stderr } = await postern(host, [
    "plan",
    "--json",
    "--config",
    host.config,
    ...words,
  ]);
  const text = stdout.toString("utf8");
  const { groups } = JSON.parse(text) as { readonly groups: readonly GroupPlan[] };
  const web = groups.find(({ group }) => group === "web");
  assert.ok(web?.kind === "planned", `${text}${stderr}`);
  return { code, text: text + stderr, web };
}

/** A host that has fetched `VALUES` once, from a group of prefix "web/". */
async function fetchedHost(t: TestContext): Promise<TestHost> {
  const host = await hostFor(t, temp);
  configure(host, { web: { prefix: "web/" } });
  await publish(host, "web", VALUES);
  assert.equal((await fetchAll(host)).code, 0);
  return host;
}

function changesOf({ secrets }: Planned): readonly string[] {
  return secrets.map(({ name, change }) => `${change} ${name}`);
}

describe("plan", () => {
  it("shows a first set without writing anything", async (t) => {
    const host = await hostFor(t, temp);
    configure(host, { web: { prefix: "web/" } });
    await publish(host, "web", VALUES);
    const { code, web } = await planned(host, ["--detailed-exitcode"]);
    assert.equal(code, 2);
    assert.deepEqual(changesOf(web), ["added password", "added tls/key"]);
    assert.deepEqual(
      web.secrets.map(({ after }) => after?.size),
      [14, 10],
    );
    assert.equal(existsSync(host.run), false);
    assert.equal(existsSync(host.state), false);
  });

  it("finds nothing to do after a fetch, and asks S3 for a list alone", async (t) => {
    const host = await fetchedHost(t);
    host.sandbox.log.clear();
    const { code, web } = await planned(host, ["--detailed-exitcode"]);
    assert.equal(code, 0);
    assert.equal(web.changes, false);
    assert.deepEqual(askedOf(host), ["ListObjectsV2 web/"]);
  });

  it("shows what was added, changed and removed, and leaves the files as they are", async (t) => {
    const host = await fetchedHost(t);
    const before = filesOf(host, "web");
    await publish(host, "web", { password: "hunter3-canary", added: "x" });
    host.sandbox.remove("web/tls/key");
    const { code, web } = await planned(host, ["--detailed-exitcode"]);
    assert.equal(code, 2);
    assert.deepEqual(changesOf(web), ["added added", "changed password", "removed tls/key"]);
    assert.deepEqual(filesOf(host, "web"), before);
  });

  it("calls a secret that was written anew with the same bytes the same", async (t) => {
    const host = await fetchedHost(t);
    await publish(host, "web", { password: VALUES.password }, "none");
    const { web } = await planned(host);
    assert.equal(web.changes, false);
    assert.deepEqual(changesOf(web), ["same password", "same tls/key"]);
  });

  it("shows fingerprints that tell values apart on this host, and mean nothing on another", async (t) => {
    const host = await fetchedHost(t);
    const other = await fetchedHost(t);
    const prints = async (which: TestHost): Promise<readonly unknown[]> =>
      (await planned(which)).web.secrets.map(({ after }) => after?.fingerprint);
    const [first, second] = await prints(host);
    assert.match(String(first), /^[0-9a-f]{12}$/);
    assert.notEqual(first, second);
    assert.deepEqual(await prints(host), [first, second], "the same on each look");
    assert.notEqual((await prints(other))[0], first, "another host, another key");
  });

  it("shows a changed mode, changed settings of where it comes from, and what was changed by hand", async (t) => {
    const host = await fetchedHost(t);
    configure(host, { web: { prefix: "web/", mode: "0440" } });
    assert.deepEqual(
      [
        (await planned(host)).web.access?.before?.mode,
        (await planned(host)).web.access?.after.mode,
      ],
      [0o400, 0o440],
    );
    configure(host, { web: { prefix: "web/", on_bad_name: "skip" } });
    assert.equal((await planned(host)).web.sourceChanged, true);
    configure(host, { web: { prefix: "web/" } });
    chmodSync(join(host.run, "groups/web/current/password"), 0o600);
    const { web } = await planned(host);
    assert.deepEqual(web.drift, [{ kind: "mode", path: "password" }]);
    assert.equal(web.changes, true);
  });

  it("remembers no revision of a bundle that it only looked at", async (t) => {
    const host = await hostFor(t, temp);
    configure(host, { web: { bundle: "web.bundle", decrypt: decryptBy(host, "envelope") } });
    await publishBundle(host, "web", 1, VALUES);
    assert.equal((await fetchAll(host)).code, 0);
    await publishBundle(host, "web", 9, VALUES);
    assert.equal((await planned(host)).web.changes, false);
    await publishBundle(host, "web", 2, { password: "older than what plan saw" });
    assert.equal((await fetchAll(host)).group("web").outcome, "changed");
  });

  it("says that a pass would fail, and exits as the pass would", async (t) => {
    const host = await fetchedHost(t);
    await publish(host, "web", { "../x": "y" });
    const { code, stdout, stderr } = await postern(host, ["plan", "--config", host.config]);
    assert.equal(code, 65);
    assert.equal(stdout.toString(), "web: would fail, and stay as it is\n");
    assert.match(stderr, /invalid secret name "\.\.\/x"/);
  });

  it("prints names and sizes for people, and never a value", async (t) => {
    const host = await fetchedHost(t);
    await publish(host, "web", { password: "hunter3-canary" });
    const { stdout } = await postern(host, ["plan", "--config", host.config, "--all"]);
    const text = stdout.toString("utf8");
    assert.match(text, /^web: 1 changed; 2 secrets then$/m);
    assert.match(text, /^ {2}~ {2}password {2}14 B {2}[0-9a-f]{12} -> [0-9a-f]{12}$/m);
    assert.match(text, /^ {2}= {2}tls\/key {3}10 B {2}[0-9a-f]{12}$/m);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    const { text: json } = await planned(host);
    assert.doesNotMatch(text + json, /canary/);
  });
});
