/** Two publishers and many readers of one group, over interleavings of their requests, with faults at any of them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { isMissingKey } from "../../agent/aws/failure.ts";
import { PosternError } from "../../agent/core/errors.ts";
import type { SecretBytes } from "../../agent/core/secret-bytes.ts";
import type { Group } from "../../agent/publish/group.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { fetchBundle, judgeRevision, unpackBundle } from "../../agent/source/bundle.ts";
import type { KnownSecret } from "../../agent/source/fetched.ts";
import { fetchPrefix } from "../../agent/source/prefix.ts";
import type { Passage } from "../support/gate.ts";
import { configOf, impatientClock, publisherFor } from "../support/publishing.ts";
import {
  bundleStates,
  objectStates,
  publishTexts,
  type State,
} from "../support/publishing-acts.ts";
import type { Values } from "../support/store.ts";
import { type Job, type Plan, type Told, workTogether } from "../support/two-publishers.ts";

type Layout = "bundle" | "prefix";

const FIRST: Values = { shared: "first", "own-0": "first", "own-1": "first" };

/** A job without its values, which are made from who does it and when: no two are the same. */
type Wish =
  | { readonly kind: "put"; readonly name: string; readonly looks: boolean }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "publish"; readonly names: readonly string[] }
  | { readonly kind: "restore"; readonly back: number };

function wishes(publisher: number): fc.Arbitrary<readonly Wish[]> {
  const name = fc.constantFrom("shared", "other", `own-${publisher}`, `new-${publisher}`);
  const wish: fc.Arbitrary<Wish> = fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant("put"), name, looks: fc.boolean() }), weight: 4 },
    { arbitrary: fc.record({ kind: fc.constant("remove"), name }), weight: 2 },
    {
      arbitrary: fc.record({
        kind: fc.constant("publish"),
        names: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      }),
      weight: 2,
    },
    { arbitrary: fc.record({ kind: fc.constant("restore"), back: fc.nat(4) }), weight: 1 },
  );
  return fc.array(wish, { minLength: 1, maxLength: 4 });
}

const passage = fc.constantFrom<Passage>("refused", "reset", "contested", "failed", "lost");
const faults = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 24 }), passage), { maxLength: 3 })
  .map((pairs) => new Map(pairs));

const scenarios = fc.record({
  wishes: fc.tuple(wishes(0), wishes(1)),
  turns: fc.array(fc.nat(1), { maxLength: 48 }),
  faults: fc.tuple(faults, faults),
});

type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;

interface World {
  readonly sandbox: Sandbox;
  readonly keys: readonly string[];
  /** S3's clock, which moves by a second every few writes. */
  readonly now: () => number;
  readonly restartClock: () => void;
  buckets: number;
}

const RUNS = 30;

describe("two publishers and many readers", () => {
  for (const layout of ["bundle", "prefix"] as const)
    it(`of a ${layout}: nothing is lost, torn or goes back, whatever the order and the faults`, async (t) => {
      const world = await worldFor(t);
      await fc.assert(
        fc.asyncProperty(scenarios, (scenario) => run(world, layout, scenario, 3)),
        { numRuns: RUNS },
      );
    });

  for (const layout of ["bundle", "prefix"] as const)
    it(`of a ${layout}: a hundred readers see it all in order`, async (t) => {
      const world = await worldFor(t);
      await fc.assert(
        fc.asyncProperty(scenarios, (scenario) => run(world, layout, scenario, 100)),
        { numRuns: 2 },
      );
    });
});

async function worldFor(t: TestContext): Promise<World> {
  const start = impatientClock.now() - 120_000;
  let writes = 0;
  // signatures of another minute are taken
  const now = (): number => start + Math.floor(writes / 3) * 1000;
  const sandbox = await startSandbox({
    clock: { ...impatientClock, now },
    beforeS3: ({ operation }) => {
      if (operation === "PutObject" || operation === "DeleteObject") writes += 1;
      return Promise.resolve();
    },
  });
  t.after(() => sandbox.close());
  const keys = [sandbox.keys.create({ region: sandbox.region }).arn];
  const restartClock = (): void => {
    writes = 0;
  };
  return { sandbox, keys, now, restartClock, buckets: 0 };
}

async function run(
  world: World,
  layout: Layout,
  scenario: Scenario,
  readers: number,
): Promise<void> {
  const { sandbox, keys } = world;
  world.restartClock();
  const bucket = `bucket-${(world.buckets += 1)}`;
  sandbox.buckets.create(bucket).setVersioning("Enabled");
  const closing: (() => void)[] = [];
  const groupAt = async (s3: URL): Promise<Group> => {
    const lies = layout === "bundle" ? { bundle: "web.bundle" } : { prefix: "web/" };
    const decrypt = { mode: layout === "bundle" ? "envelope" : "kms", keys };
    const { kms } = sandbox.endpoints;
    const config = configOf(
      { ...sandbox, bucket, endpoints: { s3, kms } },
      {
        web: { ...lies, decrypt, allow_empty: true },
      },
    );
    const test = { after: (close: () => void) => void closing.push(close) };
    const made = await publisherFor(test, config, sandbox.publisher, impatientClock);
    return made.group("web");
  };
  try {
    const group = await groupAt(sandbox.endpoints.s3);
    const from = world.now();
    await publishTexts(group, FIRST);
    const plan: Plan = {
      jobs: scenario.wishes.map((all, publisher) =>
        all.map((wish, index) => jobOf(wish, `${publisher}.${index}`, layout, from)),
      ),
      turns: scenario.turns,
      faults: scenario.faults,
    };
    const memory: Memory = new Map();
    let isOver = false;
    const reading = Array.from({ length: readers }, () =>
      layout === "bundle"
        ? readBundles(group, memory, () => isOver)
        : readObjects(group, () => isOver),
    );
    const told = await workTogether(sandbox.endpoints.s3, (_, s3) => groupAt(s3), plan).finally(
      () => (isOver = true),
    );
    const seen = await Promise.all(reading);
    for (const { kind, message } of told)
      if (kind === "conflict") assert.match(message, NAMES_WHAT_IS_THERE);
    if (layout === "bundle") {
      const states = await bundleStates(group);
      judgeBundle(states, told);
      for (const sights of seen) judgeSights(sights, states);
    } else {
      const history = await objectStates(group);
      for (const [name, states] of history) judgeObject(name, states, told);
      refuseUnwritten(history, told);
      for (const sights of seen)
        for (const [name, states] of history)
          judgeSights(
            sights.filter((one) => one.name === name),
            states,
          );
    }
  } finally {
    for (const close of closing) close();
  }
}

const NAMES_WHAT_IS_THERE =
  /got (version \S+ of \d{4}-|another one in revision \d+|none( in revision \d+)?;)/;

function jobOf(wish: Wish, who: string, layout: Layout, from: number): Job {
  switch (wish.kind) {
    case "put":
      return { ...wish, text: `${who}.${wish.name}` };
    case "remove":
      return wish;
    case "publish":
      return {
        kind: "publish",
        values: Object.fromEntries(wish.names.map((name) => [name, `${who}.${name}`])),
      };
    case "restore":
      return {
        kind: "restore",
        past:
          layout === "bundle"
            ? { by: "revision", revision: 1 + wish.back }
            : { by: "time", at: from + wish.back * 1000 },
      };
    default:
      return wish satisfies never;
  }
}

// ---- what must hold of a bundle

/** Every version is the one before it, changed as exactly one job says. */
function judgeBundle(states: readonly State[], told: readonly Told[]): void {
  const open = new Set(told.filter(({ kind }) => kind === "unknown"));
  const said = new Map(
    told.filter(({ kind }) => kind === "done").map((one) => [one.versions.get("web"), one]),
  );
  let before: State | undefined;
  for (const state of states) {
    if (before !== undefined) {
      const base = before;
      assert.ok((state.revision ?? 0) > (base.revision ?? 0), "revisions go up");
      const own = said.get(state.versionId);
      said.delete(state.versionId);
      const by = own ?? [...open].find((one) => makesBundle(one, base, state));
      assert.ok(
        by !== undefined,
        `nobody wrote ${JSON.stringify(state)} over ${JSON.stringify(base)}`,
      );
      open.delete(by);
      assert.ok(makesBundle(by, base, state), `${told.indexOf(by)} made ${JSON.stringify(state)}`);
      if (own !== undefined) assert.equal(own.revision, state.revision);
    }
    before = state;
  }
  assert.deepEqual([...said.values()], [], "all that was done is in the history");
}

function makesBundle({ job, after, bases }: Told, base: State, state: State): boolean {
  if (bases !== undefined && bases.get("web") !== base.versionId) return false;
  switch (job.kind) {
    case "put":
      return isSame(state.values, { ...base.values, [job.name]: job.text });
    case "remove": {
      const { [job.name]: gone, ...rest } = base.values ?? {};
      return gone !== undefined && isSame(state.values, rest);
    }
    case "publish":
    case "restore":
      return after !== undefined && isSame(state.values, after);
    default:
      return job satisfies never;
  }
}

// ---- what must hold of each object

/** Every version was written by a job, from what that job had read. */
function judgeObject(name: string, states: readonly State[], told: readonly Told[]): void {
  let before: State | undefined;
  const used = new Set<Told>();
  for (const state of states) {
    const value = state.values?.[""];
    const base = before;
    before = state;
    if (value === "first" && base === undefined) continue;
    const own = told.find(({ versions }) => versions.get(name) === state.versionId);
    const by =
      own ??
      told.find(
        (one) => !used.has(one) && mayHaveMade(one, name, value) && isMadeFrom(one, name, base),
      );
    const about = `${name} ${JSON.stringify(state)} over ${JSON.stringify(base)}`;
    assert.ok(by !== undefined, `nobody wrote ${about}`);
    used.add(by);
    assert.ok(wishesFor(by, name, value), `another value than was told: ${about}`);
    assert.ok(isMadeFrom(by, name, base), `not made from what was there: ${about}`);
  }
}

/** Whether the job may have written it without knowing so. */
function mayHaveMade(one: Told, name: string, value: string | undefined): boolean {
  if (!wishesFor(one, name, value)) return false;
  switch (one.kind) {
    case "unknown":
      return true;
    case "nothing":
      return false;
    case "conflict":
      // of a set, others may have been written before the one that was in the way
      return (
        one.job.kind !== "put" &&
        one.job.kind !== "remove" &&
        !one.message.includes(`"web/${name}"`)
      );
    case "done":
      // a removal whose answer was lost finds it gone, and cannot name the marker
      return value === undefined && one.versions.get(name) === undefined;
    default:
      return one.kind satisfies never;
  }
}

function wishesFor({ job, after, bases }: Told, name: string, value: string | undefined): boolean {
  switch (job.kind) {
    case "put":
      return job.name === name && job.text === value;
    case "remove":
      return job.name === name && value === undefined;
    case "publish":
    case "restore":
      return value === undefined
        ? after !== undefined && !(name in after) && bases?.get(name) !== undefined
        : after?.[name] === value;
    default:
      return job satisfies never;
  }
}

function isMadeFrom({ bases }: Told, name: string, base: State | undefined): boolean {
  if (bases === undefined) return true;
  return bases.get(name) === (base?.values === undefined ? undefined : base.versionId);
}

/** All that was said to be written is in the history. */
function refuseUnwritten(
  history: ReadonlyMap<string, readonly State[]>,
  told: readonly Told[],
): void {
  for (const { versions } of told)
    for (const [name, versionId] of versions)
      if (versionId !== undefined)
        assert.ok(
          history.get(name)?.some((state) => state.versionId === versionId),
          `${name} ${versionId} is in the history`,
        );
}

// ---- readers

/** What a reader saw: one version after the other. */
interface Sight {
  readonly name: string;
  readonly versionId: string | undefined;
  readonly values: Values;
}

/** Opened messages by their digest: opening is the same for every reader, and slow. */
type Memory = Map<string, Promise<{ readonly revision: number; readonly values: Values }>>;

/** A host's own way to read a bundle, again and again. */
async function readBundles(
  group: Group,
  memory: Memory,
  isOver: () => boolean,
): Promise<readonly Sight[]> {
  const { publisher, config } = group;
  const { s3, bucket, owner } = publisher;
  const key = config.layout.kind === "bundle" ? config.layout.key : undefined;
  assert.ok(key !== undefined);
  const sights: Sight[] = [];
  let knownEtag: string | undefined;
  let highestSeen: number | undefined;
  for (let isLast = false; !isLast;) {
    isLast = isOver();
    const maxBytes = config.maxObjectBytes;
    const found = await fetchBundle({ s3, bucket, owner, key, knownEtag, maxBytes });
    if (found.kind === "unchanged") continue;
    const digest = createHash("sha256").update(found.body.expose()).digest("hex");
    let opening = memory.get(digest);
    if (opening === undefined) memory.set(digest, (opening = open(group, key, found.body)));
    const { revision, values } = await opening;
    const rule = { revision, highestSeen, minRevision: 0, acceptOlder: false };
    assert.equal(judgeRevision(rule), undefined);
    [knownEtag, highestSeen] = [found.etag, revision];
    sights.push({ name: "web", versionId: found.versionId, values });
  }
  return sights;
}

async function open(
  { opener, config }: Group,
  key: Parameters<Group["opener"]["bundle"]>[0],
  body: SecretBytes,
): Promise<{ readonly revision: number; readonly values: Values }> {
  const { plaintext, revision } = await opener.bundle(key, body);
  const limits = { maxBytes: config.maxGroupBytes, maxEntries: 100 };
  const { secrets } = await unpackBundle(plaintext, { limits, onBadName: "refuse" });
  const texts = secrets.map((one) => [one.name, one.body.expose().toString()] as const);
  return { revision, values: Object.fromEntries(texts) };
}

/** A host's own way to read objects, again and again. */
async function readObjects(group: Group, isOver: () => boolean): Promise<readonly Sight[]> {
  const { publisher, config, opener } = group;
  const { layout } = config;
  assert.ok(layout.kind === "prefix");
  const sights: Sight[] = [];
  let known: ReadonlyMap<string, KnownSecret> | undefined;
  for (let isLast = false; !isLast;) {
    isLast = isOver();
    try {
      const found = await fetchPrefix({
        ...publisher,
        prefix: layout.prefix,
        known: known as Parameters<typeof fetchPrefix>[0]["known"],
        maxObjectBytes: config.maxObjectBytes,
        maxGroupBytes: config.maxGroupBytes,
        settleMs: 0,
        onBadName: "refuse",
        allowEmpty: true,
        rootBytes: 0,
        now: () => impatientClock.now(),
      });
      if (found.kind !== "fetched") continue;
      for (const { name, key, versionId, body } of found.objects) {
        if (body === undefined) continue;
        const value = await opener.object(key, body);
        sights.push({ name, versionId, values: { "": value.expose().toString() } });
      }
      known = new Map(found.objects.map((object) => [object.name, object]));
    } catch (error) {
      if (!(error instanceof PosternError) || !isMissingKey(error)) throw error;
    }
  }
  return sights;
}

/** What was seen is what was there, and never an older one than before. */
function judgeSights(sights: readonly Sight[], states: readonly State[]): void {
  let last = -1;
  for (const { versionId, values } of sights) {
    const at = states.findIndex((state) => state.versionId === versionId);
    assert.ok(at >= last, `a reader went back from ${last} to ${at}`);
    assert.deepEqual(values, states[at]?.values);
    last = at;
  }
}

function isSame(one: Values | undefined, other: Values | undefined): boolean {
  return sorted(one) === sorted(other);
}

function sorted(values: Values = {}): string {
  return JSON.stringify(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
}
