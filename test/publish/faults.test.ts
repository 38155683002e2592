/** Each change of a group, with each fault at each of its requests. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { type KmsKeyArn, parseKmsKeyArn, parseSecretName } from "../../agent/core/names.ts";
import { exportGroups, importGroup, readCargo } from "../../agent/publish/carry.ts";
import { copySecret } from "../../agent/publish/copy.ts";
import type { Group } from "../../agent/publish/group.ts";
import { resealGroup } from "../../agent/publish/reseal.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { type Knock, openGate, type Passage } from "../support/gate.ts";
import { configOf, impatientClock, type Place, publisherFor } from "../support/publishing.ts";
import {
  bundleStates,
  objectStates,
  publishTexts,
  putText,
  removeNamed,
  restoreTo,
  textsIn,
} from "../support/publishing-acts.ts";
import type { Values } from "../support/store.ts";
import { tempDir } from "../support/temp.ts";

const LAYOUTS = ["prefix", "bundle"] as const;
type Layout = (typeof LAYOUTS)[number];

const FIRST: Values = { a: "one", b: "two" };
const SECOND: Values = { a: "three", b: "two", c: "four" };

/** What an act may need beside its group. */
interface Tools {
  readonly otherKey: KmsKeyArn;
  /** When the first set was there, and not yet the second. */
  readonly between: number;
  /** An export of the first set. */
  readonly carried: string;
}

interface Act {
  readonly does: string;
  readonly act: (group: Group, tools: Tools) => Promise<unknown>;
  /** What it makes of the second set; undefined where it is refused. */
  readonly makes: Readonly<Partial<Record<Layout, Values>>>;
}

const ACTS: readonly Act[] = [
  {
    does: "put",
    act: (group) => putText(group, "a", "five"),
    makes: both({ ...SECOND, a: "five" }),
  },
  {
    does: "put of a new secret",
    act: (group) => putText(group, "d", "five"),
    makes: both({ ...SECOND, d: "five" }),
  },
  {
    does: "remove",
    act: (group) => removeNamed(group, ["a", "b"]),
    makes: both({ c: "four" }),
  },
  {
    does: "publish",
    act: (group) => publishTexts(group, { a: "five", b: "two", d: "six" }),
    makes: both({ a: "five", b: "two", d: "six" }),
  },
  {
    does: "restore",
    act: (group, { between }) =>
      restoreTo(
        group,
        group.config.layout.kind === "bundle"
          ? { by: "revision", revision: 1 }
          : { by: "time", at: between },
      ),
    makes: both(FIRST),
  },
  {
    does: "copy",
    act: (group) => {
      const [from, to] = [parseSecretName("a"), parseSecretName("e")];
      return copySecret({ group, name: from }, { group, name: to }, () => {});
    },
    makes: both({ ...SECOND, e: "three" }),
  },
  {
    does: "reseal",
    act: (group, { otherKey }) => resealGroup(group, { key: otherKey }),
    makes: both(SECOND),
  },
  {
    does: "import",
    act: async (group, { carried }) => importGroup(carried, await readCargo(carried), group, true),
    // a bundle that is older than what S3 holds is refused
    makes: { prefix: { ...SECOND, ...FIRST } },
  },
];

function both(values: Values): Act["makes"] {
  return { prefix: values, bundle: values };
}

function actsOn(layout: Layout): readonly (Omit<Act, "makes"> & { readonly makes: Values })[] {
  return ACTS.flatMap(({ does, act, makes: { [layout]: makes } }) =>
    makes === undefined ? [] : [{ does, act, makes }],
  );
}

const temp = tempDir();

interface Scene {
  /** As one who is never disturbed. */
  readonly group: Group;
  /** As one whose requests to S3 and KMS go through a gate. */
  readonly gated: Group;
  readonly tools: Tools;
  /** Begins again: the bucket as it was, and the gate's requests counted from 1. */
  readonly begin: (admit: (knock: Knock) => Passage) => void;
  /** How many requests came since then. */
  readonly count: () => number;
}

/** A bucket that holds the second set, and before it the first. */
async function sceneFor(t: TestContext, layout: Layout): Promise<Scene> {
  let behindMs = 240_000;
  const now = (): number => impatientClock.now() - behindMs;
  const sandbox = await startSandbox({ clock: { ...impatientClock, now } });
  t.after(() => sandbox.close());
  const keys = ["", ""].map(() => sandbox.keys.create({ region: sandbox.region }).arn);
  const groupAt = async (at: Place): Promise<Group> => {
    const decrypt = { mode: layout === "bundle" ? "envelope" : "kms", keys };
    const lies = layout === "bundle" ? { bundle: "web.bundle" } : { prefix: "web/" };
    const config = configOf(at, { web: { ...lies, decrypt } });
    const publisher = await publisherFor(t, config, sandbox.publisher, impatientClock);
    return publisher.group("web");
  };
  const group = await groupAt(sandbox);
  const carried = mkdtempSync(join(temp, "carried-"));
  await publishTexts(group, FIRST);
  await exportGroups(carried, [group]);
  const between = now();
  behindMs -= 120_000;
  await publishTexts(group, SECOND);
  behindMs -= 120_000;

  const bucket = sandbox.buckets.get(sandbox.bucket);
  const versionsNow = (): ReadonlySet<string> =>
    new Set(
      bucket?.keys().flatMap((key) => bucket.versions(key).map(({ versionId }) => versionId)),
    );
  const kept = versionsNow();
  let number = 0;
  let admit: (knock: Knock) => Passage = () => "pass";
  const numbered = (knock: Knock): Passage => admit({ ...knock, number: (number += 1) });
  const { s3, kms } = sandbox.endpoints;
  const gates = await Promise.all([openGate(s3, numbered), openGate(kms, numbered)]);
  t.after(() => Promise.all(gates.map((gate) => gate.close())));
  return {
    group,
    gated: await groupAt({ ...sandbox, endpoints: { s3: gates[0].url, kms: gates[1].url } }),
    tools: { otherKey: parseKmsKeyArn(keys[1] ?? ""), between, carried },
    begin: (next) => {
      for (const key of bucket?.keys() ?? [])
        for (const { versionId } of bucket?.versions(key) ?? [])
          if (!kept.has(versionId)) bucket?.removeVersion(key, versionId);
      [number, admit] = [0, next];
    },
    count: () => number,
  };
}

/** Every state that the group ever had, as far as it does not differ from run to run. */
async function historyOf(group: Group): Promise<unknown> {
  if (group.config.layout.kind === "bundle")
    return (await bundleStates(group)).map(({ revision, values }) => ({ revision, values }));
  const states = [...(await objectStates(group))].sort(([one], [other]) => (one < other ? -1 : 1));
  return states.map(([name, all]) => [name, all.map(({ values }) => values?.[""])]);
}

/** What may befall a request: of what changes nothing, one on either way will do, in turn. */
function passagesOf(at: number, writes: boolean): readonly Passage[] {
  if (writes) return ["refused", "reset", "contested", "failed", "lost"];
  return at % 2 === 0 ? ["refused", "lost"] : ["reset", "failed"];
}

describe("one fault at any request", () => {
  for (const layout of LAYOUTS)
    for (const { does, act, makes } of actsOn(layout))
      it(`costs ${does} on a ${layout} nothing, and is not written twice`, async (t) => {
        const { group, gated, tools, begin } = await sceneFor(t, layout);
        const writes: boolean[] = [];
        begin((knock) => {
          writes.push(knock.writes);
          return "pass";
        });
        await act(gated, tools);
        const history = await historyOf(group);
        assert.ok(writes.includes(true));
        for (const [index, isWrite] of writes.entries())
          for (const passage of passagesOf(index + 1, isWrite)) {
            const about = `${passage} at ${index + 1}`;
            begin(({ number }) => (number === index + 1 ? passage : "pass"));
            await assert.doesNotReject(act(gated, tools), about);
            assert.deepEqual(await textsIn(group), makes, about);
            assert.deepEqual(await historyOf(group), history, about);
          }
      });
});

describe("a publisher that dies at any request", () => {
  for (const layout of LAYOUTS)
    for (const { does, act, makes } of actsOn(layout))
      it(`leaves of ${does} on a ${layout} what doing it again completes`, async (t) => {
        const { group, gated, tools, begin, count } = await sceneFor(t, layout);
        for (const last of ["reset", "lost"] as const) {
          let isOver = false;
          for (let at = 1; !isOver; at += 1) {
            const about = `${last} at ${at}`;
            begin(({ number }) => {
              if (number < at) return "pass";
              return number === at ? last : "reset";
            });
            const death = await failureOf(act(gated, tools));
            isOver = count() < at;
            assert.equal(death, isOver ? undefined : "Unavailable", about);
            const left = await textsIn(group);
            if (layout === "bundle")
              assert.ok(isEqual(left, SECOND) || isEqual(left, makes), `${about}: ${said(left)}`);
            else refuseTorn(left, makes, about);
            const again = await failureOf(act(group, tools));
            // a secret that is gone already cannot be removed
            const mayBeGone = does === "remove" && !isEqual(left, SECOND);
            if (!(mayBeGone && again === "NotFound")) assert.equal(again, undefined, about);
            if (mayBeGone) await removeRest(group, makes);
            assert.deepEqual(await textsIn(group), makes, about);
          }
        }
      });
});

/** New names first, removals last, and of each name the old value or the new one. */
function refuseTorn(left: Values, makes: Values, about: string): void {
  const names = new Set([...Object.keys(SECOND), ...Object.keys(makes)]);
  const state = (name: string): "same" | "old" | "new" => {
    if (SECOND[name] === makes[name]) return "same";
    if (left[name] === makes[name]) return "new";
    assert.equal(left[name], SECOND[name], `${about}: ${name}`);
    return "old";
  };
  const kindOf = (name: string): number => {
    if (!(name in SECOND)) return 0;
    return name in makes ? 1 : 2;
  };
  const states = [...names].map((name) => ({ kind: kindOf(name), state: state(name) }));
  for (const { kind, state } of states)
    if (state === "new")
      assert.ok(
        states.every((other) => other.kind >= kind || other.state !== "old"),
        `${about}: out of order: ${said(left)}`,
      );
}

async function removeRest(group: Group, makes: Values): Promise<void> {
  const rest = Object.keys(await textsIn(group)).filter((name) => !(name in makes));
  if (rest.length > 0) await removeNamed(group, rest);
}

async function failureOf(act: Promise<unknown>): Promise<string | undefined> {
  try {
    await act;
    return undefined;
  } catch (error) {
    if (error instanceof PosternError) return error.code;
    throw error;
  }
}

function isEqual(one: Values, other: Values): boolean {
  return said(one) === said(other);
}

function said(values: Values): string {
  return JSON.stringify(Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1)));
}
