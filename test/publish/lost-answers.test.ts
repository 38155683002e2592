/** What a publisher is told when the answer was lost, and somebody else wrote before it could ask again. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import type { Group } from "../../agent/publish/group.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { type Knock, openGate, type Passage } from "../support/gate.ts";
import { configOf, impatientClock, publisherFor } from "../support/publishing.ts";
import {
  bundleStates,
  objectStates,
  publishTexts,
  putText,
  removeNamed,
  textsIn,
} from "../support/publishing-acts.ts";

interface Scene {
  readonly group: Group;
  /** Its first write is done, and its answer lost; `meanwhile` comes before it asks again. */
  readonly unlucky: Group;
  meanwhile: () => Promise<unknown>;
}

const LIES = { prefix: { prefix: "web/" }, bundle: { bundle: "web.bundle" } };

async function sceneFor(
  t: TestContext,
  layout: keyof typeof LIES,
  how: Passage = "lost",
): Promise<Scene> {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const { arn } = sandbox.keys.create({ region: sandbox.region });
  const groupAt = async (s3: URL): Promise<Group> => {
    const { kms } = sandbox.endpoints;
    const config = configOf(
      { ...sandbox, endpoints: { s3, kms } },
      { web: { ...LIES[layout], decrypt: { mode: "envelope", keys: [arn] } } },
    );
    const publisher = await publisherFor(t, config, sandbox.publisher, impatientClock);
    return publisher.group("web");
  };
  let writes = 0;
  let next = 0;
  const admit = async (knock: Knock): Promise<Passage> => {
    if (knock.writes && (writes += 1) === 1) {
      next = knock.number + 1;
      return how;
    }
    if (knock.number === next) await scene.meanwhile();
    return "pass";
  };
  const gate = await openGate(sandbox.endpoints.s3, admit);
  t.after(() => gate.close());
  const scene: Scene = {
    group: await groupAt(sandbox.endpoints.s3),
    unlucky: await groupAt(gate.url),
    meanwhile: () => Promise.resolve(),
  };
  await publishTexts(scene.group, { a: "one", b: "two" });
  return scene;
}

describe("after the answer to a write was lost", () => {
  const CHANGES = {
    put: (group: Group) => putText(group, "a", "mine"),
    publish: (group: Group) => publishTexts(group, { a: "mine", b: "two" }),
    remove: (group: Group) => removeNamed(group, ["a"]),
  };

  for (const layout of ["prefix", "bundle"] as const)
    for (const how of ["lost", "failed"] as const)
      for (const [does, change] of Object.entries(CHANGES))
        it(`${does} on a ${layout} (${how}) that another one wrote over is not called a conflict`, async (t) => {
          const scene = await sceneFor(t, layout, how);
          scene.meanwhile = () => putText(scene.group, "a", "theirs");
          await assert.rejects(change(scene.unlucky), (error: unknown) => {
            assert.ok(error instanceof PosternError);
            assert.equal(error.code, "Unavailable", error.message);
            assert.match(error.message, /not known whether it was done before/);
            assert.match(error.message, /version \S+ of 20/);
            assert.match(error.hint ?? "", /history/);
            return true;
          });
          assert.equal((await textsIn(scene.group))["a"], "theirs");
          assert.ok((await valuesOfA(scene.group)).includes(does === "remove" ? "none" : "mine"));
        });

  for (const layout of ["prefix", "bundle"] as const)
    it(`a write on a ${layout} that was never done is called a conflict, and is one`, async (t) => {
      const scene = await sceneFor(t, layout, "contested");
      scene.meanwhile = () => putText(scene.group, "a", "theirs");
      await assert.rejects(putText(scene.unlucky, "a", "mine"), { code: "Conflict" });
      assert.ok(!(await valuesOfA(scene.group)).includes("mine"));
    });
});

/** All that secret "a" ever was. */
async function valuesOfA(group: Group): Promise<readonly string[]> {
  if (group.config.layout.kind === "bundle")
    return (await bundleStates(group)).map(({ values }) => values?.["a"] ?? "none");
  return ((await objectStates(group)).get("a") ?? []).map(({ values }) => values?.[""] ?? "none");
}
