import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { parseSecretName } from "../../agent/core/names.ts";
import { putSecret, see } from "../../agent/publish/put.ts";
import { compareSets, readCurrent, writeSet } from "../../agent/publish/set.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { configOf, publisherFor, type TestPublisher } from "../support/publishing.ts";
import { sandboxFor } from "../support/sandbox.ts";

const A = parseSecretName("a");
const B = parseSecretName("b");
const judge = (): void => undefined;

const LAYOUTS = [
  ["a prefix", (key: string) => ({ prefix: "web/", decrypt: { mode: "kms", keys: [key] } })],
  [
    "a bundle",
    (key: string) => ({ bundle: "web.bundle", decrypt: { mode: "envelope", keys: [key] } }),
  ],
] as const;

interface Scene {
  readonly sandbox: Sandbox;
  readonly one: TestPublisher;
  readonly other: TestPublisher;
}

async function sceneOf(
  t: TestContext,
  lies: (key: string) => Record<string, unknown>,
): Promise<Scene> {
  const sandbox = await sandboxFor(t);
  const { arn } = sandbox.keys.create({ region: sandbox.region });
  const config = configOf(sandbox, { web: lies(arn) });
  const one = await publisherFor(t, config, sandbox.publisher);
  const other = await publisherFor(t, config, sandbox.publisher);
  return { sandbox, one, other };
}

function isConflict(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PosternError);
    assert.equal(error.code, "Conflict", error.message);
    assert.match(error.message, pattern);
    return true;
  };
}

const value = (text: string): Buffer => Buffer.from(text);

async function valueOf({ one }: Scene, name = A): Promise<string | undefined> {
  return (await see(one.group("web"), name)).value?.toString();
}

for (const [what, lies] of LAYOUTS)
  describe(`of two publishers of ${what}`, () => {
    it("the one who edited an older value is told, and the newer one stays", async (t) => {
      const scene = await sceneOf(t, lies);
      const [mine, theirs] = [scene.one.group("web"), scene.other.group("web")];
      await putSecret(mine, { name: A, value: value("first"), judge });
      const seen = await see(mine, A);
      await putSecret(theirs, { name: A, value: value("theirs"), judge });
      await assert.rejects(
        putSecret(mine, { name: A, value: value("mine"), seen, judge }),
        isConflict(
          /"web\/a" was changed by somebody else: expected .*, got .*; nothing was overwritten/,
        ),
      );
      assert.equal(await valueOf(scene), "theirs");
    });

    it("the one who creates what is there by now is told", async (t) => {
      const scene = await sceneOf(t, lies);
      const [mine, theirs] = [scene.one.group("web"), scene.other.group("web")];
      const seen = await see(mine, A);
      await putSecret(theirs, { name: A, value: value("theirs"), judge });
      await assert.rejects(
        putSecret(mine, { name: A, value: value("mine"), seen, judge }),
        isConflict(/expected (none|the value that was read), got/),
      );
      assert.equal(await valueOf(scene), "theirs");
    });

    it("both keep their work when they change different secrets", async (t) => {
      const scene = await sceneOf(t, lies);
      const [mine, theirs] = [scene.one.group("web"), scene.other.group("web")];
      await putSecret(mine, { name: A, value: value("first"), judge });
      const seen = await see(mine, A);
      await putSecret(theirs, { name: B, value: value("theirs"), judge });
      await putSecret(mine, { name: A, value: value("mine"), seen, judge });
      assert.deepEqual([await valueOf(scene), await valueOf(scene, B)], ["mine", "theirs"]);
    });

    it("the one who publishes a set from an older one is told, and what is newer stays", async (t) => {
      const scene = await sceneOf(t, lies);
      const [mine, theirs] = [scene.one.group("web"), scene.other.group("web")];
      await putSecret(mine, { name: A, value: value("first"), judge });
      const current = await readCurrent(mine);
      await putSecret(theirs, { name: A, value: value("theirs"), judge });
      const after = new Map([[A, value("mine")]]);
      await assert.rejects(
        writeSet(mine, current, after),
        isConflict(/was changed by somebody else/),
      );
      assert.equal(await valueOf(scene), "theirs");
    });

    it("the one who removes what is another by now is told", async (t) => {
      const scene = await sceneOf(t, lies);
      const [mine, theirs] = [scene.one.group("web"), scene.other.group("web")];
      await putSecret(mine, { name: A, value: value("first"), judge });
      const current = await readCurrent(mine);
      await putSecret(theirs, { name: A, value: value("theirs"), judge });
      await assert.rejects(writeSet(mine, current, new Map([[B, value("b")]])), isConflict(/web/));
      assert.equal(await valueOf(scene), "theirs");
    });
  });

describe("a comparison of sets", () => {
  it("tells added, changed, removed and same apart, sorted", () => {
    const names = ["z", "a", "m", "k"].map(parseSecretName);
    const [z = A, a = A, m = A, k = A] = names;
    const before = new Map([
      [z, value("1")],
      [a, value("1")],
      [k, value("1")],
    ]);
    const after = new Map([
      [z, value("2")],
      [a, value("1")],
      [m, value("1")],
    ]);
    assert.deepEqual(compareSets(before, after), {
      added: [m],
      changed: [z],
      removed: [k],
      same: [a],
    });
  });
});
