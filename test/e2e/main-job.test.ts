/** The main job: from an instance role to files that appear all at once, whatever layout and seal. @module */
import assert from "node:assert/strict";
import { lstatSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import {
  configure,
  decryptBy,
  fetchAll,
  generationsOf,
  type GroupSettings,
  hostFor,
  type Mode,
  publish,
  publishBundle,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { readHeld, type Values } from "../support/store.ts";
import { memoryDir, tempDir } from "../support/temp.ts";

type Kind = "prefix" | "only" | "bundle";

const FIRST: Values = {
  password: "hunter2",
  "tls/site.key": "a key\n",
  "tls/site.crt": "a cert\n",
};
const ONLY = Object.keys(FIRST);

/** A bundle is always an envelope. */
const WAYS: readonly (readonly [kind: Kind, mode: Mode])[] = [
  ["prefix", "none"],
  ["prefix", "kms"],
  ["prefix", "envelope"],
  ["only", "none"],
  ["only", "kms"],
  ["only", "envelope"],
  ["bundle", "envelope"],
];

describe("the main job", { concurrency: 4 }, () => {
  const folder = memoryDir();

  for (const [kind, mode] of WAYS) {
    it(`brings a ${kind} sealed by ${mode} to files, and asks for no more than changed`, async (t) => {
      const host = await hostFor(t, folder);
      configure(host, { web: groupOf(host, kind, mode) });
      await put(host, kind, mode, FIRST, 1);
      const first = await fetchAll(host, ["--detailed-exitcode"]);
      assert.deepEqual([first.code, first.stderr], [2, ""]);
      assert.deepEqual(setOf(host, "web"), FIRST);
      assert.deepEqual(counts(first.asked), FIRST_COSTS[kind](mode));

      const second = await fetchAll(host, ["--detailed-exitcode"]);
      assert.equal(second.code, 0);
      assert.deepEqual(counts(second.asked), SECOND_COSTS[kind]);
      assert.equal(second.group("web").generation, first.group("web").generation);

      const held = openSync(join(host.run, "secrets/web/"), "r");
      const next = { ...FIRST, password: "correct horse" };
      await put(host, kind, mode, kind === "bundle" ? next : { password: "correct horse" }, 2);
      const third = await fetchAll(host, ["--detailed-exitcode"]);
      assert.equal(third.code, 2);
      assert.deepEqual(setOf(host, "web"), next);
      assert.deepEqual(readHeld(held), FIRST, "who held the old set goes on reading it whole");

      // published again as it was: other ETags, no other set
      await put(host, kind, mode, next, 3);
      const fourth = await fetchAll(host, ["--detailed-exitcode"]);
      assert.deepEqual([fourth.code, fourth.group("web").outcome], [0, "unchanged"]);
      assert.equal(fourth.group("web").generation, third.group("web").generation);
      const fifth = await fetchAll(host);
      assert.deepEqual(counts(fifth.asked), SECOND_COSTS[kind], "the new ETags are remembered");
    });
  }

  it("removes what was removed, adds what was added, all at once", async (t) => {
    const host = await readyHost(t);
    host.sandbox.remove("web/password");
    await publish(host, "web", { "deep/er/token": "t0ken", "tls/site.crt": "another\n" });
    const fetched = await fetchAll(host);
    assert.equal(fetched.code, 0);
    const after = {
      "deep/er/token": "t0ken",
      "tls/site.crt": "another\n",
      "tls/site.key": "a key\n",
    };
    assert.deepEqual(setOf(host, "web"), after);
    const asked = counts(fetched.asked);
    assert.deepEqual(asked, { ListObjectsV2: 2, GetObject: 2 });
  });

  it("turns a file into a folder of the same name, and back", async (t) => {
    const host = await readyHost(t);
    host.sandbox.remove("web/password");
    await publish(host, "web", { "password/now": "below" });
    assert.equal((await fetchAll(host)).code, 0);
    assert.equal(setOf(host, "web")?.["password/now"], "below");
    host.sandbox.remove("web/password/now");
    await publish(host, "web", { password: "a file again" });
    assert.equal((await fetchAll(host)).code, 0);
    assert.equal(setOf(host, "web")?.["password"], "a file again");
  });

  const CONFIG_CHANGES: readonly (readonly [
    why: string,
    before: GroupSettings,
    after: GroupSettings,
    costs: Readonly<Record<string, number>>,
  ])[] = [
    ["the mode", {}, { mode: "0440" }, { ListObjectsV2: 1 }],
    ["max_age", {}, { max_age: "2h" }, { ListObjectsV2: 1 }],
    ["where they come from", { prefix: "web/" }, { prefix: "web/", only: ONLY }, { GetObject: 6 }],
  ];

  for (const [why, before, after, costs] of CONFIG_CHANGES) {
    it(`asks for no more than it must when the config changes ${why}`, async (t) => {
      const host = await readyHost(t);
      configure(host, { web: { prefix: "web/", ...before } });
      await fetchAll(host);
      configure(host, { web: { prefix: "web/", ...after } });
      const changed = await fetchAll(host);
      assert.equal(changed.code, 0);
      assert.deepEqual(counts(changed.asked), costs);
      assert.deepEqual(setOf(host, "web"), FIRST);
    });
  }

  it("makes a generation with the new mode, of the same bytes, when the config changes the mode", async (t) => {
    const host = await readyHost(t);
    configure(host, { web: { prefix: "web/", mode: "0440" } });
    const changed = await fetchAll(host, ["--detailed-exitcode"]);
    assert.deepEqual([changed.code, changed.group("web").outcome], [2, "changed"]);
    assert.equal(modeOf(host, "password"), "440");
    assert.equal(modeOf(host, "tls"), "750");
  });

  it("opens everything anew when the config changes how it is sealed", async (t) => {
    const host = await readyHost(t);
    await publish(host, "web", FIRST, "kms");
    configure(host, { web: { prefix: "web/", decrypt: decryptBy(host, "kms") } });
    const changed = await fetchAll(host);
    assert.deepEqual(counts(changed.asked), { ListObjectsV2: 2, GetObject: 3, Decrypt: 3 });
    assert.deepEqual(setOf(host, "web"), FIRST);
  });

  it("keeps what was replaced less than a minute ago, each generation with its manifest", async (t) => {
    const host = await readyHost(t);
    for (const value of ["two", "three", "four"]) {
      await publish(host, "web", { password: value });
      await fetchAll(host);
    }
    const ids = generationsOf(host, "web");
    assert.equal(ids.length, 4);
    const entries = readdirSync(join(host.run, "groups/web/gen"));
    assert.deepEqual(entries.sort(), ids.flatMap((id) => [id, `${id}.manifest`]).sort());
  });

  it("puts right what somebody changed on the host", async (t) => {
    const host = await readyHost(t);
    const current = join(host.run, "secrets/web/");
    rmSync(join(current, "password"));
    writeFileSync(join(current, "planted"), "x");
    const fetched = await fetchAll(host);
    assert.equal(fetched.group("web").outcome, "changed");
    assert.deepEqual(setOf(host, "web"), FIRST);
  });

  // statfs(2): TMPFS_MAGIC
  const noDisk = statfsSync(tmpdir()).type === 0x01021994 && "needs a temporary folder on a disk";

  it(
    "warns once that secrets will lie on a disk, and says what to mount",
    { skip: noDisk },
    async (t) => {
      const host = await hostFor(t, tempDir());
      configure(host, { web: { prefix: "web/" } });
      await publish(host, "web", FIRST);
      const [first, second] = [await fetchAll(host), await fetchAll(host)];
      assert.deepEqual([first.code, second.code, second.stderr], [0, 0, ""]);
      assert.match(
        first.stderr,
        /^postern: warning: "\S+" is not on tmpfs: .* mount -t tmpfs .*\n$/,
      );
    },
  );

  /** A host with FIRST on disk. */
  async function readyHost(t: TestContext): Promise<TestHost> {
    const host = await hostFor(t, folder);
    configure(host, { web: { prefix: "web/" } });
    await publish(host, "web", FIRST);
    assert.equal((await fetchAll(host)).code, 0);
    return host;
  }
});

const FIRST_COSTS: Readonly<Record<Kind, (mode: Mode) => Readonly<Record<string, number>>>> = {
  prefix: (mode) => ({
    ListObjectsV2: 2,
    GetObject: 3,
    ...(mode === "none" ? {} : { Decrypt: 3 }),
  }),
  // the second look at each is answered 304
  only: (mode) => ({ GetObject: 6, ...(mode === "none" ? {} : { Decrypt: 3 }) }),
  bundle: () => ({ GetObject: 1, Decrypt: 1 }),
};

const SECOND_COSTS: Readonly<Record<Kind, Readonly<Record<string, number>>>> = {
  prefix: { ListObjectsV2: 1 },
  only: { GetObject: 3 },
  bundle: { GetObject: 1 },
};

function groupOf(host: TestHost, kind: Kind, mode: Mode): GroupSettings {
  const decrypt = decryptBy(host, mode);
  switch (kind) {
    case "prefix":
      return { prefix: "web/", decrypt };
    case "only":
      return { prefix: "web/", only: ONLY, decrypt };
    case "bundle":
      return { bundle: "web.bundle", decrypt };
    default:
      return kind satisfies never;
  }
}

function put(
  host: TestHost,
  kind: Kind,
  mode: Mode,
  values: Values,
  revision: number,
): Promise<void> {
  return kind === "bundle"
    ? publishBundle(host, "web", revision, values)
    : publish(host, "web", values, mode);
}

function counts(asked: readonly string[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const line of asked) {
    const operation = line.split(" ")[0] ?? "";
    found[operation] = (found[operation] ?? 0) + 1;
  }
  return found;
}

function modeOf({ run }: TestHost, name: string): string {
  return (lstatSync(join(run, "secrets/web/", name)).mode & 0o7777).toString(8);
}
