/** What publishing promises of any S3 and KMS: the same suite for the sandbox, moto and whatever the environment names. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { PosternError } from "../../agent/core/errors.ts";
import { parseKmsKeyArn, parseSecretName } from "../../agent/core/names.ts";
import { exportGroups, importGroup, readCargo } from "../../agent/publish/carry.ts";
import { copySecret } from "../../agent/publish/copy.ts";
import { type Group, keyOf } from "../../agent/publish/group.ts";
import { readHistory } from "../../agent/publish/history.ts";
import { listGroup } from "../../agent/publish/list.ts";
import { see } from "../../agent/publish/put.ts";
import { resealGroup } from "../../agent/publish/reseal.ts";
import { compareSets, readCurrent, writeSet } from "../../agent/publish/set.ts";
import { openGate, type Passage } from "../support/gate.ts";
import type { TestPlace } from "../support/place.ts";
import { configOf, impatientClock, publisherFor } from "../support/publishing.ts";
import {
  bundleStates,
  objectStates,
  publishTexts,
  putText,
  removeNamed,
  restoreTo,
  secretsOf,
  textsIn,
} from "../support/publishing-acts.ts";
import { tempDir } from "../support/temp.ts";

const LAYOUTS = ["none", "kms", "envelope", "bundle"] as const;
type Layout = (typeof LAYOUTS)[number];

/** The same group as several publishers have it. */
type GroupAs = (name?: string, s3?: URL, keys?: readonly string[]) => Promise<Group>;

interface Scene {
  readonly place: TestPlace;
  readonly groupAs: GroupAs;
  readonly group: Group;
}

/** @param placeFor a bucket of its own for each test */
export function publishingSuite(
  about: string,
  placeFor: (t: TestContext) => Promise<TestPlace>,
  skip: string | false = false,
): void {
  describe(`publishing to ${about}`, { skip }, () => {
    const temp = tempDir();
    for (const layout of LAYOUTS)
      describe(layout === "bundle" ? "a bundle" : `a prefix, mode ${layout}`, () => {
        suiteOf(layout, (t) => sceneFor(t, placeFor, layout), temp);
      });
  });
}

async function sceneFor(
  t: TestContext,
  placeFor: (t: TestContext) => Promise<TestPlace>,
  layout: Layout,
): Promise<Scene> {
  const place = await placeFor(t);
  const { key, otherKey } = place;
  const groupAs: GroupAs = async (
    name = "web",
    s3 = place.endpoints.s3,
    keys = [key, otherKey],
  ) => {
    const mode = layout === "bundle" ? "envelope" : layout;
    const decrypt = mode === "none" ? { mode } : { mode, keys };
    const lies = (of: string): Record<string, string> =>
      layout === "bundle" ? { bundle: `${of}.bundle` } : { prefix: `${of}/` };
    const { kms } = place.endpoints;
    const config = configOf(
      { ...place, endpoints: { s3, kms } },
      { web: { ...lies("web"), decrypt }, web2: { ...lies("web2"), decrypt } },
    );
    const publisher = await publisherFor(t, config, place.credentials, impatientClock);
    return publisher.group(name);
  };
  return { place, groupAs, group: await groupAs() };
}

function suiteOf(layout: Layout, prepare: (t: TestContext) => Promise<Scene>, temp: string): void {
  it("puts, lists and removes secrets, and tells their history", async (t) => {
    const { group } = await prepare(t);
    const created = await putText(group, "a", "one");
    const changed = await putText(group, "a", "two");
    await putText(group, "b/c", "three");
    assert.deepEqual([created.created, changed.created], [true, false]);
    assert.notEqual(created.versionId, changed.versionId);
    const { secrets } = await listGroup(group);
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ["a", "b/c"],
    );
    await removeNamed(group, ["a"]);
    assert.deepEqual(await textsIn(group), { "b/c": "three" });
    await assert.rejects(removeNamed(group, ["a"]), { code: "NotFound" });
    const history = await readHistory(group, parseSecretName("a"));
    assert.deepEqual(
      history.map(({ size }) => size !== undefined),
      [false, true, true],
    );
    assert.equal(history.at(-1)?.versionId, created.versionId);
    if (layout === "bundle")
      assert.deepEqual(
        (await readHistory(group, undefined)).map(({ revision }) => revision),
        [4, 3, 2, 1],
      );
  });

  it("publishes a whole set, and nothing when there is nothing to do", async (t) => {
    const { group } = await prepare(t);
    await publishTexts(group, { a: "one", b: "two", c: "three" });
    const wanted = { a: "one", b: "four", d: "five" };
    const current = await readCurrent(group);
    assert.deepEqual(compareSets(current.values, secretsOf(wanted)), {
      added: ["d"],
      changed: ["b"],
      removed: ["c"],
      same: ["a"],
    });
    current.wipe();
    await publishTexts(group, wanted);
    assert.deepEqual(await textsIn(group), wanted);
    assert.equal((await publishTexts(group, wanted)).published, undefined);
  });

  it("restores what was, as something new", async (t) => {
    const { group } = await prepare(t);
    await publishTexts(group, { a: "one", b: "two" });
    const at = Date.now();
    await nextSecond();
    await publishTexts(group, { a: "three", c: "four" });
    await removeNamed(group, ["a"]);
    const restored = await restoreTo(group, { by: "time", at });
    assert.deepEqual(await textsIn(group), { a: "one", b: "two" });
    if (layout !== "bundle") return;
    assert.equal(restored.published?.revision, 4);
    await restoreTo(group, { by: "revision", revision: 2 });
    assert.deepEqual(await textsIn(group), { a: "three", c: "four" });
  });

  it("copies a secret, and a group, into another one", async (t) => {
    const { group, groupAs } = await prepare(t);
    const other = await groupAs("web2");
    await publishTexts(group, { a: "one", b: "two" });
    const name = parseSecretName("a");
    await copySecret({ group, name }, { group: other, name: parseSecretName("z") }, () => {});
    assert.deepEqual(await textsIn(other), { z: "one" });
    const [found, current] = [await readCurrent(group), await readCurrent(other)];
    await writeSet(other, current, found.values);
    assert.deepEqual(await textsIn(other), { a: "one", b: "two" });
  });

  if (layout === "bundle")
    it("counts on after the bundle was deleted, for hosts have seen its last revision", async (t) => {
      const { group } = await prepare(t);
      const deleteIt = async (): Promise<void> => {
        const key = keyOf(group, parseSecretName("a"));
        const { store } = group.publisher;
        await store.remove(key, (await store.head(key))?.etag ?? "");
      };
      await publishTexts(group, { a: "one" });
      await publishTexts(group, { a: "two" });
      await deleteIt();
      assert.equal(
        (await restoreTo(group, { by: "revision", revision: 2 })).published?.revision,
        3,
      );
      assert.deepEqual(await textsIn(group), { a: "two" });
      await deleteIt();
      assert.equal((await putText(group, "a", "three")).revision, 4);
      await deleteIt();
      assert.equal((await publishTexts(group, { a: "four" })).published?.revision, 5);
    });

  if (layout !== "none") {
    it("seals a group anew, so that the new key alone opens it", async (t) => {
      const { group, groupAs, place } = await prepare(t);
      await publishTexts(group, { a: "one", b: "two" });
      const key = parseKmsKeyArn(place.otherKey);
      const outcomes = async (): Promise<readonly string[]> => [
        ...(await resealGroup(group, { key })).outcomes.values(),
      ];
      assert.deepEqual(new Set(await outcomes()), new Set(["resealed"]));
      assert.deepEqual(new Set(await outcomes()), new Set(["already"]));
      const withNew = await groupAs("web", place.endpoints.s3, [place.otherKey]);
      assert.deepEqual(await textsIn(withNew), { a: "one", b: "two" });
      const withOld = await groupAs("web", place.endpoints.s3, [place.key]);
      // not every KMS tells a wrong key from a denial
      await assert.rejects(
        textsIn(withOld),
        ({ code }: PosternError) => code === "DecryptFailed" || code === "Denied",
      );
    });

    it("carries a group out and back, and leaves alone what is newer", async (t) => {
      const { group } = await prepare(t);
      await publishTexts(group, { a: "one", b: "two" });
      const folder = mkdtempSync(join(temp, "carried-"));
      const cargo = await exportGroups(folder, [group]);
      assert.deepEqual(await readCargo(folder), cargo);
      const bring = async (overwrite: boolean): Promise<readonly string[]> => [
        ...(await importGroup(folder, cargo, group, overwrite)).values(),
      ];
      assert.deepEqual(new Set(await bring(false)), new Set(["same"]));
      await putText(group, "a", "three");
      assert.ok((await bring(false)).includes("conflict"));
      assert.equal((await textsIn(group))["a"], "three");
      if (layout === "bundle") {
        await assert.rejects(bring(true), {
          code: "BadData",
          message: /expected that one or newer/,
        });
        return;
      }
      assert.ok((await bring(true)).includes("imported"));
      assert.deepEqual(await textsIn(group), { a: "one", b: "two" });
    });
  }

  it("refuses what was made from a state that is no more, and names the one that is", async (t) => {
    const { group, groupAs } = await prepare(t);
    const name = parseSecretName("a");
    const none = await see(group, name);
    await putText(await groupAs(), "a", "one");
    await refusesStale(putText(group, "a", "mine", none));
    const one = await see(group, name);
    await putText(await groupAs(), "a", "two");
    await refusesStale(putText(group, "a", "mine", one));
    await removeNamed(await groupAs(), ["a"]);
    await refusesStale(putText(group, "a", "mine", one));
    assert.deepEqual(await textsIn(group), {});
  });

  for (const [does, race] of Object.entries(RACES))
    it(`lets one of two win who ${does}, and loses nothing`, async (t) => {
      const { group, groupAs, place } = await prepare(t);
      await publishTexts(group, { a: "one", b: "two" });
      const before = await statesOf(group);
      const gateFor = atOnce(t, place.endpoints.s3);
      const ended = await Promise.allSettled(
        race.map(async (act) => act(await groupAs("web", await gateFor()))),
      );
      const lost = ended.filter((end) => end.status === "rejected");
      assert.equal(lost.length, 1, JSON.stringify(ended));
      await refusesStale(Promise.reject(lost[0]?.reason as Error));
      // what the winner wrote is all that was written of the secret that both were after
      assert.equal((await statesOf(group)).length, before.length + 1);
    });

  it("keeps what two put at once under two names", async (t) => {
    const { group, groupAs, place } = await prepare(t);
    await publishTexts(group, { a: "one", b: "two" });
    const gateFor = atOnce(t, place.endpoints.s3);
    await Promise.all(
      ["a", "c"].map(async (name) => putText(await groupAs("web", await gateFor()), name, "new")),
    );
    assert.deepEqual(await textsIn(group), { a: "new", b: "two", c: "new" });
  });
}

type Act = (group: Group) => Promise<unknown>;

const RACES: Readonly<Record<string, readonly [Act, Act]>> = {
  "put one secret": [(group) => putText(group, "a", "x"), (group) => putText(group, "a", "y")],
  "create one secret": [(group) => putText(group, "c", "x"), (group) => putText(group, "c", "y")],
  "put and remove one secret": [
    (group) => putText(group, "a", "x"),
    (group) => removeNamed(group, ["a"]),
  ],
  "publish a set": [
    (group) => publishTexts(group, { a: "x", b: "two" }),
    (group) => publishTexts(group, { a: "y", b: "two" }),
  ],
  "publish and put": [
    (group) => publishTexts(group, { a: "x", b: "two" }),
    (group) => putText(group, "a", "y"),
  ],
};

/** Gates that hold two publishers' first writes until both are there. */
function atOnce(t: TestContext, s3: URL): () => Promise<URL> {
  let missing = 2;
  let release = (): void => {};
  const both = new Promise<void>((resolve) => {
    release = resolve;
  });
  return async () => {
    let isFirst = true;
    const gate = await openGate(s3, async ({ writes }): Promise<Passage> => {
      if (writes && isFirst) {
        isFirst = false;
        if ((missing -= 1) === 0) release();
        await both;
      }
      return "pass";
    });
    t.after(() => gate.close());
    return gate.url;
  };
}

/** Every state of the bundle, or of all objects. */
async function statesOf(group: Group): Promise<readonly unknown[]> {
  return group.config.layout.kind === "bundle"
    ? bundleStates(group)
    : [...(await objectStates(group)).values()].flat();
}

async function refusesStale(act: Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error: unknown) => {
    assert.ok(error instanceof PosternError);
    assert.equal(error.code, "Conflict", error.message);
    assert.match(
      error.message,
      /got (version \S+ of \d{4}-|another one in revision \d+|none( in revision \d+)?;)/,
    );
    return true;
  });
}

/** S3's times are whole seconds. */
async function nextSecond(): Promise<void> {
  await setTimeout(1000 - (Date.now() % 1000) + 10);
}
