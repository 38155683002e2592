/** Messages exchanged with the AWS Encryption SDK for Python, over the sandbox's KMS. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import type { KmsKeyArn } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { PYTHON_SDK, runClient, temporaryFolder, unlessImports } from "../support/judge.ts";
import { type KmsServer, replicaOf, startKms } from "../support/kms-server.ts";
import { BOUND, KEY, openerFor } from "../support/opening.ts";
import { root } from "../support/root.ts";
import { sealEnvelope } from "../support/sealing.ts";

const skip = unlessImports("aws_encryption_sdk", PYTHON_SDK);
/** By their names in Python, with those in JavaScript. */
const SUITES = {
  AES_256_GCM_HKDF_SHA512_COMMIT_KEY: "ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY",
  AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384:
    "ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
} as const;
// of whole frames, and of some that are not
const SIZES = [0, 1, 48, 4096, 100_003];

interface Task {
  readonly do: "seal" | "open";
  readonly name: string;
  readonly suite: keyof typeof SUITES;
  readonly frame_length: number;
  readonly keys: readonly KmsKeyArn[];
  readonly context: Readonly<Record<string, string>>;
  readonly size: number;
}

let server: KmsServer;
let keys: readonly KmsKeyArn[];
before(async () => {
  server = await startKms();
  keys = Array.from({ length: 16 }, () => server.createKey());
});
after(() => server.close());

/** Every suite with every frame length and size, for the first so many keys. */
function tasks(
  action: Task["do"],
  frameLengths: readonly number[],
  counts: readonly number[],
): readonly Task[] {
  const suites = Object.keys(SUITES) as (keyof typeof SUITES)[];
  return suites.flatMap((suite) =>
    frameLengths.flatMap((frame_length) =>
      SIZES.flatMap((size) =>
        counts.map((count) => ({
          do: action,
          name: `${suite}-${frame_length}-${size}-${count}`,
          suite,
          frame_length,
          keys: keys.slice(0, count),
          context: BOUND,
          size,
        })),
      ),
    ),
  );
}

function bytesOf({ size }: Task): Buffer {
  return Buffer.alloc(size, "no frame ends where this text does");
}

async function runPlan(home: string, plan: readonly Task[]): Promise<void> {
  writeFileSync(join(home, "plan.json"), JSON.stringify(plan));
  const script = join(root, "test", "clients", "esdk_exchange.py");
  const ended = await runClient(join(PYTHON_SDK, "python3"), [script], home, server.env);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stdout, `${plan.length} done\n`);
}

/** Lets Python seal, and opens under `pinned` alone. */
async function openFromPython(
  t: TestContext,
  plan: readonly Task[],
  pinned: KmsKeyArn | undefined = keys.at(0),
): Promise<void> {
  const home = temporaryFolder(t);
  for (const task of plan) writeFileSync(join(home, `${task.name}.plain`), bytesOf(task));
  await runPlan(home, plan);
  assert.ok(pinned !== undefined);
  const opener = openerFor(server, "envelope", { keys: [pinned] });
  for (const task of plan) {
    const message = readFileSync(join(home, `${task.name}.message`));
    const plaintext = await opener.object(KEY, new SecretBytes(message));
    assert.ok(plaintext.expose().equals(bytesOf(task)), task.name);
  }
}

describe("the Encryption SDK for Python", { skip }, () => {
  it("seals what opens here, in every committing suite, framed and not, of any size", async (t) => {
    await openFromPython(t, tasks("seal", [0, 128, 4096], [1, 3]));
  });

  it("seals under as many keys as are accepted, and under any of them it opens", async (t) => {
    await openFromPython(t, tasks("seal", [4096], [16]), keys.at(-1));
  });

  it("seals under a multi-Region key what its replica opens", async (t) => {
    const primary = server.createKey({ multiRegion: true });
    const plan = tasks("seal", [4096], [1]).map((task) => ({ ...task, keys: [primary] }));
    await openFromPython(t, plan, replicaOf(primary));
  });

  it("opens what is sealed in JavaScript", async (t) => {
    const home = temporaryFolder(t);
    const plan = tasks("open", [16, 4096], [1, 3]);
    for (const task of plan) {
      const message = await sealEnvelope(server, bytesOf(task), {
        keys: task.keys,
        context: task.context,
        suite: SUITES[task.suite],
        frameLength: task.frame_length,
      });
      writeFileSync(join(home, `${task.name}.message`), message);
    }
    await runPlan(home, plan);
    for (const task of plan)
      assert.ok(readFileSync(join(home, `${task.name}.plain`)).equals(bytesOf(task)), task.name);
  });
});
