/**
 * `postern fetch` of 100 small secrets when every answer takes 20 ms, against the path that no client can
 * shorten: a process, three questions to IMDS one after the other (token, role, credentials), and then
 *
 * - for a prefix: one LIST, and as many rounds of GETs as the bound on concurrency makes of 100;
 * - for a bundle: one GET, and one Decrypt.
 *
 * Each part is timed in the same run, between the fetches, with a bare client and a kept connection. What
 * postern does beyond that path (a second LIST after the GETs, files, their checks) counts against it. Told
 * beside it, to see what is left to save: the path with that second LIST, and what a program takes for it that
 * does nothing else (`bare.ts`).
 * @module
 */
import { rmSync } from "node:fs";
import http from "node:http";
import { fileURLToPath } from "node:url";
import type { AwsCredentialIdentity } from "@smithy/types";
import { ask, AT_ONCE, createSigner, roleCredentials } from "./bare.ts";
import {
  type Bench,
  type Contestant,
  inTurn,
  runProgram,
  type Tell,
  type Verdict,
} from "./measure.ts";
import { encryptNothing, seedBundle } from "./sealed.ts";
import { inWorld, launcher, seedGroup, type World, writeConfig } from "./world.ts";

const bare = new URL("./bare.js", import.meta.url);
const SECRETS = 100;
const LATENCY_MS = 20;
const ROUNDS = 9;

export const bench: Bench = {
  name: "fetch",
  method: `${SECRETS} secrets, ${LATENCY_MS} ms of latency a request; against an empty Node and the round trips that cannot be saved`,
  run: (tell) => inWorld(LATENCY_MS, (world) => measureFetch(world, tell)),
};

async function measureFetch(world: World, tell: Tell): Promise<readonly Verdict[]> {
  const agent = new http.Agent({ keepAlive: true });
  try {
    const credentials = await roleCredentials(world.endpoints.imds, agent);
    seedGroup(world, "web", SECRETS);
    await seedBundle(world, credentials, SECRETS);
    const medians = await inTurn(
      [
        commandOnce("node", [process.execPath, "-e", "0"], world),
        ...(await barePath(world, credentials, agent)),
        commandOnce("bare", [process.execPath, fileURLToPath(bare), "web/"], world),
        fetchOnce("prefix", world, "web", "prefix: web/"),
        fetchOnce("bundle", world, "sealed", `bundle: sealed/bundle, ${decrypt(world)}`),
      ],
      ROUNDS,
    );
    return judge(medians, tell);
  } finally {
    agent.destroy();
  }
}

function judge(medians: ReadonlyMap<string, number>, tell: Tell): readonly Verdict[] {
  const ms = (name: string): number => medians.get(name) ?? Number.NaN;
  const start = ms("node") + ms("imds");
  const rounds = Math.ceil(SECRETS / AT_ONCE);
  const critical = {
    prefix: start + ms("list") + rounds * ms("get"),
    bundle: start + ms("get") + ms("decrypt"),
  };
  for (const [name, value] of medians) tell(`${name.padEnd(12)}${value.toFixed(1).padStart(8)} ms`);
  tell(`prefix: ${critical.prefix.toFixed(1)} ms = node + imds + list + ${rounds} × get`);
  const confirmed = critical.prefix + ms("list");
  tell(
    `prefix: ${confirmed.toFixed(1)} ms with a second list: ${(ms("prefix") / confirmed).toFixed(2)}`,
  );
  tell(`prefix: a bare client takes ${(ms("bare") / critical.prefix).toFixed(2)} times the path`);
  tell(`bundle: ${critical.bundle.toFixed(1)} ms = node + imds + get + decrypt`);
  return [
    { what: "fetch of a prefix / its path", ratio: ms("prefix") / critical.prefix, atMost: 1.5 },
    { what: "fetch of a bundle / its path", ratio: ms("bundle") / critical.bundle, atMost: 1.5 },
  ];
}

/** The parts of the path, each as a bare client has them. */
async function barePath(
  world: World,
  credentials: AwsCredentialIdentity,
  agent: http.Agent,
): Promise<readonly Contestant[]> {
  const { endpoints, bucket, region, kmsKey } = world;
  const s3 = createSigner(credentials, region, "s3");
  const kms = createSigner(credentials, region, "kms");
  const base = `${endpoints.s3.href}${bucket}`;
  const signedGet = (path: string) => s3({ method: "GET", url: new URL(base + path) });
  const decryption = (ciphertext: string) =>
    kms({
      method: "POST",
      url: endpoints.kms,
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "TrentService.Decrypt",
      },
      body: JSON.stringify({ CiphertextBlob: ciphertext, KeyId: kmsKey }),
    });
  const ciphertext = await encryptNothing(world, credentials);
  return [
    { name: "imds", once: async () => void (await roleCredentials(endpoints.imds, agent)) },
    questionOnce("list", () => signedGet("?list-type=2&prefix=web%2F"), agent),
    questionOnce("get", () => signedGet("/web/secret-0000"), agent),
    questionOnce("decrypt", () => decryption(ciphertext), agent),
  ];
}

function questionOnce(
  name: string,
  sign: () => ReturnType<ReturnType<typeof createSigner>>,
  agent: http.Agent,
): Contestant {
  return {
    name,
    once: async () => {
      const { status } = await ask(await sign(), agent);
      if (status !== 200) throw new Error(`${name}: HTTP ${status}`);
    },
  };
}

function fetchOnce(name: string, world: World, group: string, layout: string): Contestant {
  const { file, tree } = writeConfig(world, group, layout);
  return {
    ...commandOnce(name, [launcher, "fetch", "--quiet", "--config", file], world),
    before: () => rmSync(tree, { recursive: true, force: true }),
  };
}

function commandOnce(name: string, command: readonly string[], { env }: World): Contestant {
  return { name, once: () => runProgram(command, env) };
}

function decrypt({ kmsKey }: World): string {
  return `decrypt: { mode: envelope, keys: ["${kmsKey}"] }`;
}
