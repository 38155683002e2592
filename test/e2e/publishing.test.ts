import assert from "node:assert/strict";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import {
  configure,
  fetchAll,
  type GroupSettings,
  hostFor,
  setOf,
  type TestHost,
} from "../support/host.ts";
import type { Ended } from "../support/command.ts";
import { parseMessage } from "../../agent/decrypt/message.ts";
import { posternAs } from "../support/publishing.ts";
import { tempDir } from "../support/temp.ts";

type Lies = (host: TestHost) => GroupSettings;

/** Every way in which a group may lie in S3. */
const LAYOUTS: readonly (readonly [string, Lies])[] = [
  ["a prefix of plain objects", () => ({ prefix: "web/" })],
  ["a prefix sealed by KMS", ({ key }) => ({ prefix: "web/", decrypt: sealed("kms", key) })],
  ["a prefix of envelopes", ({ key }) => ({ prefix: "web/", decrypt: sealed("envelope", key) })],
  ["named objects", ({ key }) => ({ ...NAMED, decrypt: sealed("envelope", key) })],
  ["a bundle", ({ key }) => ({ bundle: "web.bundle", decrypt: sealed("envelope", key) })],
];

const NAMED = { prefix: "web/", only: ["a", "b", "c"] };
const CANARY = "canary-4f1c99";

function sealed(mode: string, ...keys: readonly string[]): GroupSettings {
  return { mode, keys };
}

const temp = tempDir();

async function hostWith(
  t: TestContext,
  groups: (host: TestHost) => Readonly<Record<string, GroupSettings>>,
): Promise<TestHost> {
  const host = await hostFor(t, temp);
  const { account, region } = host.sandbox;
  configure(host, groups(host), { bucket_owner: account, region });
  return host;
}

/** Runs a command that must end with `code`, and never say the canary. */
async function runs(
  host: TestHost,
  words: readonly string[],
  { code = 0, input = "" }: { readonly code?: number; readonly input?: string } = {},
): Promise<Ended & { readonly text: string }> {
  const ended = await posternAs(host, words, input);
  const text = ended.stdout.toString("utf8");
  assert.equal(ended.code, code, `${words.join(" ")}: ${text}${ended.stderr}`);
  assert.ok(!`${text}${ended.stderr}`.includes(CANARY), words.join(" "));
  return { ...ended, text };
}

function folderOf(host: TestHost, name: string, values: Readonly<Record<string, string>>): string {
  const folder = join(host.root, name);
  for (const [path, value] of Object.entries(values)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), value);
  }
  return folder;
}

async function valuesOn(host: TestHost): Promise<ReturnType<typeof setOf>> {
  await fetchAll(host);
  return setOf(host, "web");
}

describe("a publisher", { concurrency: 2 }, () => {
  for (const [what, lies] of LAYOUTS) {
    it(`puts, lists and removes secrets of ${what}, as hosts then have them`, async (t) => {
      const host = await hostWith(t, (own) => {
        const settings = lies(own);
        return { web: "only" in settings ? { ...settings, only: ["a", "b"] } : settings };
      });
      const created = await runs(host, ["put", "web/a", "--json"], { input: CANARY });
      assert.equal(JSON.parse(created.text).outcome, "created");
      await runs(host, ["put", "web/b"], { input: "two\nlines\n" });
      await runs(host, ["put", "web/a"], { input: `${CANARY}2` });
      assert.deepEqual(await valuesOn(host), { a: `${CANARY}2`, b: "two\nlines\n" });
      const { secrets } = JSON.parse((await runs(host, ["list", "web", "--json"])).text);
      assert.deepEqual(
        secrets.map(({ name }: { readonly name: string }) => name),
        ["a", "b"],
      );
      await runs(host, ["remove", "web/a", "--yes"]);
      if (what !== "named objects") assert.deepEqual(await valuesOn(host), { b: "two\nlines\n" });
      const again = await runs(host, ["remove", "web/a", "--yes"], { code: 66 });
      assert.match(again.stderr, /no such secret "web\/a"/);
    });

    it(`publishes a folder as ${what}, sees its past, and brings it back`, async (t) => {
      const host = await hostWith(t, (own) => ({ web: lies(own) }));
      const first = folderOf(host, "first", { a: CANARY, b: "same" });
      await runs(host, ["publish", first, "web"]);
      const then = new Date().toISOString();
      // S3's times are whole seconds
      await new Promise((resolve) => setTimeout(resolve, 1100));
      const second = folderOf(host, "second", { a: `${CANARY}2`, b: "same", c: "new" });
      const dry = await runs(host, ["publish", second, "web", "--dry-run"]);
      assert.match(dry.text, /would be 1 added, 1 changed; 1 secret the same/);
      const differ = ["diff", second, "web", "--detailed-exitcode"];
      const diff = await runs(host, [...differ, "--json"], { code: 2 });
      const names = { added: ["c"], changed: ["a"], removed: [] };
      assert.deepEqual(JSON.parse(diff.text), { group: "web", ...names });
      await runs(host, ["publish", second, "web", "--detailed-exitcode"], { code: 2 });
      await runs(host, ["publish", second, "web", "--detailed-exitcode"]);
      assert.deepEqual(await valuesOn(host), { a: `${CANARY}2`, b: "same", c: "new" });
      await runs(host, differ);
      const past = what === "a bundle" ? ["--revision", "1"] : ["--at", then];
      await runs(host, ["restore", "web", ...past, "--yes"]);
      if (what !== "named objects") {
        assert.deepEqual(await valuesOn(host), { a: CANARY, b: "same" });
      }
      const { changes } = JSON.parse((await runs(host, ["history", "web", "--json"])).text);
      const revisions = changes.map(({ revision }: { readonly revision: number }) => revision);
      if (what === "a bundle") assert.deepEqual(revisions, [3, 2, 1]);
      else assert.equal(changes.filter(({ name }: { name: string }) => name === "a").length, 3);
    });
  }

  it("asks before it removes, and without a person does nothing", async (t) => {
    const host = await hostWith(t, () => ({ web: { prefix: "web/" } }));
    await runs(host, ["put", "web/a"], { input: "one" });
    for (const words of [
      ["remove", "web/a"],
      ["publish", folderOf(host, "other", { b: "two" }), "web"],
    ]) {
      const { stderr } = await runs(host, words, { code: 64 });
      assert.match(stderr, /nobody to ask: remove 1 secret from web\?/);
      assert.match(stderr, /--yes/);
    }
    assert.deepEqual(await valuesOn(host), { a: "one" });
  });

  it("is stopped by the lint before anything is written, unless a rule is let through", async (t) => {
    const host = await hostWith(t, () => ({ web: { prefix: "web/" } }));
    const line = { input: `${CANARY}\n` };
    const { stderr } = await runs(host, ["put", "web/a"], { ...line, code: 65 });
    assert.match(stderr, /"web\/a": .*\[trailing-newline\]/);
    assert.match(stderr, /hint: nothing was written; --allow RULE/);
    assert.equal(host.sandbox.buckets.get(host.sandbox.bucket)?.versions("web/a").length, 0);
    await runs(host, ["put", "web/a", "--allow", "trailing-newline"], line);
    await runs(host, ["put", "web/b", "--trim"], line);
    await runs(host, ["put", "web/c", "--no-lint"], line);
    assert.deepEqual(await valuesOn(host), { a: `${CANARY}\n`, b: CANARY, c: `${CANARY}\n` });
    const same = await runs(host, ["put", "web/b"], { input: CANARY });
    assert.match(same.stderr, /warning: "web\/b": .*\[unchanged-value\]/);
    const wrong = await runs(host, ["put", "web/b", "--allow", "trailing-newlin"], { code: 64 });
    assert.match(wrong.stderr, /did you mean "trailing-newline"\?/);
  });

  it("copies a secret and a group, sealed for where they go", async (t) => {
    const host = await hostWith(t, ({ key }) => ({
      db: { bundle: "db.bundle", decrypt: sealed("envelope", key) },
      web: { prefix: "web/", decrypt: sealed("kms", key) },
    }));
    await runs(host, ["put", "db/a"], { input: CANARY });
    await runs(host, ["copy", "db/a", "web/b"]);
    assert.deepEqual(await valuesOn(host), { b: CANARY });
    await runs(host, ["copy", "db", "web", "--yes"]);
    assert.deepEqual(await valuesOn(host), { a: CANARY });
    const { stderr } = await runs(host, ["copy", "db", "web/b"], { code: 64 });
    assert.match(stderr, /expected two secrets or two groups, got one of each/);
  });

  for (const [what, lies] of LAYOUTS.filter(([name]) => name !== "a prefix of plain objects"))
    it(`seals ${what} anew, and hosts with the new key alone read it`, async (t) => {
      const host = await hostWith(t, (own) => ({ web: lies(own) }));
      const { sandbox, key } = host;
      const { account, region } = sandbox;
      const all = { a: CANARY, b: "two", c: "three" };
      await runs(host, ["publish", folderOf(host, "set", all), "web"]);
      const next = sandbox.keys.create({ region }).arn;
      const keyed = (...keys: readonly string[]): void => {
        const settings = lies(host);
        const decrypt = { ...Object(settings["decrypt"]), keys };
        configure(host, { web: { ...settings, decrypt } }, { bucket_owner: account, region });
      };
      keyed(next, key);
      const { text } = await runs(host, ["reseal", "web", "--key", next]);
      assert.match(text, /^web: [13] objects? resealed, 0 already/);
      assert.match(text, /take the old key out of decrypt\.keys/);
      const again = await runs(host, ["reseal", "web", "--key", next]);
      assert.match(again.text, /^web: 0 objects resealed, [13] already/);
      keyed(next);
      assert.deepEqual(await valuesOn(host), all);
    });

  it("is told that hosts would not open what it seals under a key they do not know", async (t) => {
    const host = await hostWith(t, ({ key }) => ({
      web: { prefix: "web/", decrypt: sealed("kms", key) },
    }));
    const other = host.sandbox.keys.create({ region: host.sandbox.region }).arn;
    const { stderr } = await runs(host, ["reseal", "web", "--key", other], { code: 64 });
    assert.match(stderr, /hosts with this config will not open what is sealed so/);
  });

  it("carries sealed groups offline and back, and nothing that is not theirs", async (t) => {
    const host = await hostWith(t, ({ key }) => ({
      web: { prefix: "web/", decrypt: sealed("envelope", key) },
      plain: { prefix: "plain/" },
    }));
    await runs(host, ["publish", folderOf(host, "set", { a: CANARY, "b/c": "two" }), "web"]);
    const away = join(host.root, "away");
    await runs(host, ["export", away, "web"]);
    const files = readdirSync(away, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    assert.equal(files.length, 3);
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name);
      assert.ok(!readFileSync(path).includes(CANARY), path);
      assert.equal(statSync(path).mode & 0o077, 0, path);
    }
    await runs(host, ["remove", "web/a", "--yes"]);
    await runs(host, ["put", "web/b/c"], { input: "newer" });
    const back = await runs(host, ["import", away], { code: 75 });
    assert.match(back.text, /1 object imported, 0 the same\n {2}left alone.*web\/b\/c/);
    assert.deepEqual(await valuesOn(host), { a: CANARY, "b/c": "newer" });
    await runs(host, ["import", away, "--overwrite", "--yes"]);
    assert.deepEqual(await valuesOn(host), { a: CANARY, "b/c": "two" });
    const twice = await runs(host, ["export", away, "web"], { code: 73 });
    assert.match(twice.stderr, /holds no export yet/);
    const open = await runs(host, ["export", join(host.root, "open"), "plain"], { code: 65 });
    assert.match(open.stderr, /group "plain" is not sealed/);
    writeFileSync(join(away, "web", "0001"), "altered");
    const altered = await runs(host, ["import", away], { code: 65 });
    assert.match(altered.stderr, /is not what was exported/);
  });

  for (const [what, settings, issue] of [
    ["is unversioned", undefined, /expected versioning to be on/],
    ["takes ACLs", { ownership: "ObjectWriter" }, /BucketOwnerEnforced/],
    ["was never told who owns its objects", { ownership: undefined }, /BucketOwnerEnforced/],
    ["lets anybody in", { policyIsPublic: true }, /its policy lets anybody in/],
    ["blocks nothing public", { publicAccessBlock: undefined }, /all four settings/],
  ] as const)
    it(`puts nothing into a bucket that ${what}, unless told not to look`, async (t) => {
      const host = await hostWith(t, () => ({ web: { prefix: "web/" } }));
      const bucket = host.sandbox.buckets.get(host.sandbox.bucket);
      if (settings === undefined) bucket?.setVersioning("Suspended");
      else bucket?.configure(settings);
      const { stderr } = await runs(host, ["put", "web/a"], { input: "one", code: 65 });
      assert.match(stderr, issue);
      assert.match(stderr, /--no-bucket-check/);
      assert.equal(bucket?.versions("web/a").length, 0);
      await runs(host, ["put", "web/a", "--no-bucket-check"], { input: "one" });
    });

  for (const [sse, kept] of [
    ["s3", "AES256"],
    ["kms", "the key that it names"],
    [undefined, "the bucket's own"],
  ] as const)
    it(`asks S3 for the encryption of the config (${sse ?? "none"}): ${kept}`, async (t) => {
      const host = await hostWith(t, ({ key }) => ({
        web: {
          prefix: "web/",
          ...(sse === undefined ? {} : { sse: sse === "kms" ? { type: sse, key } : { type: sse } }),
        },
      }));
      const { sandbox } = host;
      const bucket = sandbox.buckets.get(sandbox.bucket) ?? assert.fail();
      const own = sandbox.keys.create({ region: sandbox.region }).arn;
      bucket.configure({ encryption: { kind: "aws:kms", keyId: own, bucketKey: false } });
      await runs(host, ["put", "web/a"], { input: "one" });
      await runs(host, ["put", "web/a"], { input: "two" });
      const [newest] = bucket.versions("web/a");
      const encryption = newest?.kind === "object" ? newest.encryption : undefined;
      const keyArn = sse === "kms" ? host.key : own;
      assert.deepEqual(
        encryption,
        sse === "s3" ? { kind: "AES256" } : { kind: "aws:kms", keyArn, bucketKey: false },
      );
    });

  for (const [what, words, code, says] of [
    ["a value on the command line", ["put", "web/a", "value"], 64, /unknown argument/],
    ["a group in place of a secret", ["put", "web"], 64, /expected GROUP\/NAME/],
    ["a group that there is not", ["list", "wbe"], 66, /did you mean "web"/],
    ["a name that no host takes", ["put", "web/../a"], 64, /path segments other than/],
    ["a file that is not there", ["put", "web/a", "--file", "nope"], 66, /no such file "nope"/],
    ["a folder that is not there", ["publish", "nope", "web"], 66, /no such folder "nope"/],
    ["no past", ["restore", "web"], 64, /expected --revision or --at/],
    ["a time without a zone", ["restore", "web", "--at", "2026-11-25T08:30"], 64, /with its zone/],
    ["a revision of objects", ["restore", "web", "--revision", "1"], 64, /has no revisions/],
    ["secrets of two groups", ["remove", "web/a", "db/a"], 64, /of one group/],
    ["a key's alias", ["reseal", "web", "--key", "alias/x"], 64, /a key ARN/],
    [
      "what is not sealed",
      ["reseal", "web", "--key", `arn:aws:kms:us-east-1:111122223333:key/x`, "--yes"],
      64,
      /is not sealed/,
    ],
    ["a folder without an export", ["import", "."], 66, /postern-export\.json/],
    ["a bundle that is not there", ["list", "db"], 66, /has no bundle yet/],
    ["a past that never was", ["history", "web/zz"], 66, /nothing was ever published/],
  ] as const)
    it(`is told of ${what}`, async (t) => {
      const host = await hostWith(t, ({ key }) => ({
        web: { prefix: "web/" },
        db: { bundle: "db.bundle", decrypt: sealed("envelope", key) },
      }));
      const { stderr } = await runs(host, words, { code });
      assert.match(stderr, says);
    });

  it("carries no bundle back that is older than what S3 holds", async (t) => {
    const host = await hostWith(t, ({ key }) => ({
      web: { bundle: "web.bundle", decrypt: sealed("envelope", key) },
    }));
    await runs(host, ["put", "web/a"], { input: "one" });
    const away = join(host.root, "away");
    await runs(host, ["export", away, "web"]);
    await runs(host, ["put", "web/a"], { input: "two" });
    const words = ["import", away, "--overwrite", "--yes"];
    const { stderr } = await runs(host, words, { code: 65 });
    assert.match(stderr, /is at revision 2: expected that one or newer, got 1/);
    host.sandbox.remove("web.bundle");
    await runs(host, words);
    assert.deepEqual(await valuesOn(host), { a: "one" });
  });

  it("seals for the replicas' regions as well, and goes on to when it seals anew", async (t) => {
    const host = await hostFor(t, temp, { otherRegions: ["us-west-2"] });
    const { sandbox, key } = host;
    const { account, region } = sandbox;
    const keyIn = (where: string): string => sandbox.keys.create({ region: where }).arn;
    const [west, next] = [keyIn("us-west-2"), keyIn(region)];
    const failover = [{ bucket: "acme-west", region: "us-west-2", keys: [west] }];
    const more = { bucket_owner: account, region, failover };
    configure(host, { web: { prefix: "web/", decrypt: sealed("envelope", next, key) } }, more);
    await runs(host, ["put", "web/a"], { input: CANARY });
    const keysOf = (): readonly string[] => {
      const [newest] = sandbox.buckets.get(sandbox.bucket)?.versions("web/a") ?? [];
      const body = newest?.kind === "object" ? newest.body : assert.fail();
      return parseMessage(body, "web/a").dataKeys.map((dataKey) => dataKey.key);
    };
    assert.deepEqual(keysOf(), [next, west]);
    await runs(host, ["reseal", "web", "--key", key]);
    assert.deepEqual(keysOf(), [key, west]);
  });

  it("is told of what hosts would refuse beside it", async (t) => {
    const host = await hostWith(t, () => ({ web: { prefix: "web/", max_size: "20B" } }));
    await runs(host, ["put", "web/a"], { input: "one" });
    const clash = await runs(host, ["put", "web/a/b"], { input: "two", code: 65 });
    assert.match(clash.stderr, /"web\/a\/b": .*\[bad-name\]/);
    const large = await runs(host, ["put", "web/c"], { input: "y1".repeat(11).slice(1), code: 65 });
    assert.match(
      large.stderr,
      /"web\/c" is too large: expected an object of at most 20 bytes, got 21/,
    );
    await host.sandbox.put("web/x//y", Buffer.from("odd"));
    const folder = folderOf(host, "set", { a: "other" });
    for (const words of [
      ["list", "web"],
      ["publish", folder, "web"],
    ]) {
      const { stderr } = await runs(host, words);
      assert.match(stderr, /warning: hosts refuse "x\/\/y"/);
    }
  });

  it("publishes no link, and no file that a host would refuse", async (t) => {
    const host = await hostWith(t, () => ({ web: { prefix: "web/" } }));
    const folder = folderOf(host, "set", { a: "one" });
    symlinkSync("/etc/hostname", join(folder, "link"));
    const linked = await runs(host, ["publish", folder, "web"], { code: 65 });
    assert.match(linked.stderr, /link": expected files and folders, got a link/);
    const odd = folderOf(host, "odd", { "a\\b": "one" });
    const refused = await runs(host, ["publish", odd, "web"], { code: 65 });
    assert.match(refused.stderr, /backslash/);
    assert.equal(host.sandbox.buckets.get(host.sandbox.bucket)?.versions("web/a").length, 0);
  });
});
