import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, it, type TestContext } from "node:test";
import {
  actionOf,
  BUCKET_CHECK_RIGHTS,
  COMMAND_RIGHTS,
  type Layout,
  levelOf,
  type PublishCommand,
  type Right,
  rightsOfLevel,
} from "../../agent/policy/rights.ts";
import type { Ended } from "../support/command.ts";
import {
  configure,
  fetchAll,
  hostFor,
  publish,
  publishBundle,
  ROLE,
  type TestHost,
} from "../support/host.ts";
import { posternAs } from "../support/publishing.ts";
import { tempDir } from "../support/temp.ts";

/** What each command is tried with, over group "web" that holds "a" and "b". */
const WORDS: Readonly<
  Record<PublishCommand, (host: TestHost, otherKey: string) => readonly string[]>
> = {
  put: () => ["put", "web/a", "--no-bucket-check"],
  remove: () => ["remove", "web/a", "--yes"],
  list: () => ["list", "web"],
  publish: ({ root }) => ["publish", join(root, "folder"), "web", "--yes", "--no-bucket-check"],
  diff: ({ root }) => ["diff", join(root, "folder"), "web"],
  history: () => ["history", "web"],
  restore: () => ["restore", "web", "--yes", "--no-bucket-check"],
  copy: () => ["copy", "web/a", "web/b", "--no-bucket-check"],
  reseal: (_, key) => ["reseal", "web", "--key", key, "--yes", "--no-bucket-check"],
  export: ({ root }) => ["export", join(root, "carried"), "web"],
  import: ({ root }) => [
    "import",
    join(root, "carried"),
    "--overwrite",
    "--yes",
    "--no-bucket-check",
  ],
};

const temp = tempDir();

interface Scene {
  readonly host: TestHost;
  /** Runs the command as a user with these rights alone. */
  readonly run: (
    rights: readonly Right[],
    more?: readonly string[],
    words?: readonly string[],
  ) => Promise<Ended>;
}

async function sceneOf(t: TestContext, command: PublishCommand, layout: Layout): Promise<Scene> {
  const host = await hostFor(t, temp);
  const { sandbox, root, key } = host;
  const other = sandbox.keys.create({ region: sandbox.region }).arn;
  const mode = layout === "bundle" ? "envelope" : "kms";
  const decrypt = { mode, keys: command === "reseal" ? [key, other] : [key] };
  const lies = layout === "bundle" ? { bundle: "web.bundle" } : { prefix: "web/" };
  configure(
    host,
    { web: { ...lies, decrypt } },
    { bucket_owner: sandbox.account, region: sandbox.region },
  );
  await seed(host, layout, { a: "one", b: "two" }, 1);
  const then = new Date().toISOString();
  await nextSecond();
  await seed(host, layout, { a: "three", b: "two", d: "new" }, 2);
  mkdirSync(join(root, "folder"));
  for (const [name, value] of Object.entries({ a: "four", c: "five" }))
    writeFileSync(join(root, "folder", name), value);
  if (command === "import") {
    const carried = await posternAs(host, WORDS.export(host, other));
    assert.equal(carried.code, 0, carried.stderr);
    await seed(host, layout, { a: "changed meanwhile", b: "two" }, 2);
  }
  const words = WORDS[command](host, other);
  const at = layout === "bundle" ? ["--revision", "1"] : ["--at", then];
  const all = command === "restore" ? [...words, ...at] : words;
  const user = sandbox.credentials.addUser("ci");
  return {
    host,
    run: (rights, more = [], typed = all) => {
      const actions = rights.flatMap((right) => actionOf(right, mode) ?? []);
      const bucket = `arn:aws:s3:::${sandbox.bucket}`;
      const prefix = layout === "bundle" ? "web.bundle" : "web/";
      sandbox.setGrants({
        grants: [{ role: ROLE, readPrefixes: [""], writePrefixes: [] }],
        keys: [{ role: ROLE, key: "*", actions: ["kms:Decrypt"] }],
        administrators: ["publisher"],
        actions: [
          {
            principal: "ci",
            actions: [...actions, ...more],
            resources: [bucket, `${bucket}/${prefix}*`, key, other],
            prefixes: [`${prefix}*`],
          },
        ],
      });
      return posternAs(host, typed, "six", user);
    },
  };
}

async function seed(
  host: TestHost,
  layout: Layout,
  values: Readonly<Record<string, string>>,
  revision: number,
): Promise<void> {
  if (layout === "prefix") return publish(host, "web", values, "kms");
  return publishBundle(host, "web", revision, values);
}

/** S3's times are whole seconds. */
async function nextSecond(): Promise<void> {
  await setTimeout(1000 - (Date.now() % 1000) + 10);
}

/** As words of the table, which TypeScript's own `Object.entries` forgets. */
const CASES = (Object.keys(COMMAND_RIGHTS) as PublishCommand[]).flatMap((command) =>
  (["prefix", "bundle"] as const).map((layout) => ({
    command,
    layout,
    rights: COMMAND_RIGHTS[command][layout],
  })),
);

describe("a publisher's rights", { concurrency: 2 }, () => {
  for (const { command, layout, rights } of CASES) {
    it(`are enough for ${command} on a ${layout} at its level`, async (t) => {
      const { run } = await sceneOf(t, command, layout);
      const { code, stderr } = await run(rightsOfLevel(levelOf(command, layout)));
      assert.equal(code, 0, stderr);
    });

    it(`are enough for ${command} on a ${layout}, and each is needed`, async (t) => {
      const { run } = await sceneOf(t, command, layout);
      for (const missing of rights) {
        const { code, stderr } = await run(rights.filter((right) => right !== missing));
        assert.equal(code, 77, `without ${missing}: ${stderr}`);
        assert.match(stderr, /denied/, missing);
        assert.doesNotMatch(stderr, /unexpected/, missing);
      }
      const { code, stderr } = await run(rights);
      assert.equal(code, 0, stderr);
    });
  }

  it("to look at the bucket are told when one of them is missing", async (t) => {
    const { host, run } = await sceneOf(t, "put", "prefix");
    for (const missing of BUCKET_CHECK_RIGHTS) {
      const others = BUCKET_CHECK_RIGHTS.filter((one) => one !== missing);
      const { code, stderr } = await run(COMMAND_RIGHTS.put.prefix, others, ["put", "web/a"]);
      assert.equal(code, 77, missing);
      assert.ok(stderr.includes(missing) && stderr.includes("--no-bucket-check"), stderr);
    }
    const all = await run(COMMAND_RIGHTS.put.prefix, BUCKET_CHECK_RIGHTS, ["put", "web/a"]);
    assert.equal(all.code, 0, all.stderr);
    assert.equal((await fetchAll(host)).group("web").outcome, "changed");
  });
});
