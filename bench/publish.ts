/**
 * A group on its way from its publisher to a host, as objects of a prefix and as one bundle, side by side, when
 * every answer takes 20 ms:
 *
 * - `publish`: a folder becomes a group that was not there, with the look at the bucket, without lint;
 * - `fetch`: a host's first pass over it;
 * - `poll`: the pass after that one, which finds nothing new.
 *
 * Both are sealed in mode envelope, the only one that a bundle has: the secrets of a prefix have a data key each,
 * a bundle has one. Requests do not depend on the machine; times do, and are compared.
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Contestant, inTurn, ratio, type Tell, type Verdict } from "./measure.ts";
import {
  type CountedRun,
  createCountedRun,
  dollarsAMillion,
  type Kind,
  type Requests,
  saidRequests,
} from "./requests.ts";
import { inWorld, launcher, type World, writeConfig } from "./world.ts";

const LATENCY_MS = 20;
/** By the number of secrets. A thousand of a prefix are a thousand seals: long enough to be timed once. */
const ROUNDS: ReadonlyMap<number, number> = new Map([
  [10, 3],
  [100, 3],
  [1000, 1],
]);
/** The number whose times are compared. */
const COMPARED = 100;

const LAYOUTS = ["prefix", "bundle"] as const;
const STEPS = ["publish", "fetch", "poll"] as const;

type Layout = (typeof LAYOUTS)[number];
type Step = (typeof STEPS)[number];

export const bench: Bench = {
  name: "publish",
  method: `${[...ROUNDS.keys()].join(", ")} secrets, mode envelope, ${LATENCY_MS} ms of latency a request; a prefix against a bundle`,
  run: (tell) => inWorld(LATENCY_MS, (world) => measure(world, tell)),
};

/** What a step asked at most in any round, by its name. */
type Asked = Map<string, Requests>;

async function measure(world: World, tell: Tell): Promise<readonly Verdict[]> {
  const run = createCountedRun(world);
  const asked: Asked = new Map();
  const medians = new Map<string, number>();
  for (const [secrets, rounds] of ROUNDS) {
    const source = makeFolder(world, secrets);
    const contestants = LAYOUTS.flatMap((layout) =>
      stepsOf({ layout, secrets, source }, world, keepMost(run, asked)),
    );
    for (const [name, ms] of await inTurn(contestants, rounds)) medians.set(name, ms);
  }
  tellAll(medians, asked, tell);
  return judge(medians, asked);
}

function judge(medians: ReadonlyMap<string, number>, asked: Asked): readonly Verdict[] {
  const most = (kind: Kind): Verdict => {
    const counts = [...ROUNDS.keys()].map(
      (secrets) => asked.get(nameOf("fetch", "bundle", secrets))?.get(kind) ?? Number.NaN,
    );
    return { what: `first fetch of bundle: ${kind}s`, ratio: Math.max(...counts), atMost: 1 };
  };
  const times = STEPS.map((step): Verdict => {
    const [prefix, bundle] = LAYOUTS.map((layout) => nameOf(step, layout, COMPARED));
    return {
      what: `${step} of ${COMPARED}: prefix / bundle`,
      ratio: ratio(medians, prefix ?? "", bundle ?? ""),
    };
  });
  return [most("GET"), most("Decrypt"), ...times];
}

function tellAll(medians: ReadonlyMap<string, number>, asked: Asked, tell: Tell): void {
  for (const step of STEPS) {
    for (const secrets of ROUNDS.keys()) {
      for (const layout of LAYOUTS) {
        const name = nameOf(step, layout, secrets);
        const requests = asked.get(name) ?? new Map<Kind, number>();
        const ms = (medians.get(name) ?? Number.NaN).toFixed(0).padStart(6);
        const dollars = dollarsAMillion(requests).toFixed(2).padStart(9);
        tell(`${name.padEnd(22)}${ms} ms  $${dollars} a million  ${saidRequests(requests)}`);
      }
    }
  }
}

interface Place {
  readonly layout: Layout;
  readonly secrets: number;
  /** The folder that is published. */
  readonly source: string;
}

type Measured = (
  name: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
) => void;

/** The three steps of one layout, each on what the one before it left; every publication is of a new group. */
function stepsOf({ layout, secrets, source }: Place, world: World, run: Measured) {
  const name = (step: Step): string => nameOf(step, layout, secrets);
  let edition = 0;
  const next = (): Edition => writeEdition(world, layout, `${layout}-${secrets}-${(edition += 1)}`);
  let published = next();
  let fetched = published;
  const pass = (step: Step): void =>
    run(name(step), [launcher, "fetch", "--quiet", "--config", fetched.file], world.env);
  return [
    {
      name: name("publish"),
      before: () => {
        published = next();
      },
      once: () => {
        const words = ["publish", source, published.group, "--config", published.file];
        run(name("publish"), [launcher, ...words, "--yes", "--no-lint", "--json"], world.publisher);
      },
    },
    {
      name: name("fetch"),
      before: () => {
        fetched = published;
        rmSync(fetched.tree, { recursive: true, force: true });
      },
      once: () => pass("fetch"),
    },
    { name: name("poll"), once: () => pass("poll") },
  ] satisfies readonly Contestant[];
}

interface Edition {
  readonly group: string;
  readonly file: string;
  /** Where the host has it. */
  readonly tree: string;
}

/** One config for both, with what a publisher has to be told. */
function writeEdition(world: World, layout: Layout, group: string): Edition {
  const place = layout === "prefix" ? `prefix: ${group}/` : `bundle: ${group}.bundle`;
  const decrypt = `decrypt: { mode: envelope, keys: ["${world.kmsKey}"] }`;
  const home = [`region: ${world.region}`, `bucket_owner: "${world.account}"`];
  return { group, ...writeConfig(world, group, `${place}, ${decrypt}`, home) };
}

/** Values of one length, no two alike. */
function makeFolder({ folder }: World, secrets: number): string {
  const source = join(folder, `source-${secrets}`);
  mkdirSync(source);
  for (let index = 0; index < secrets; index += 1) {
    const number = String(index).padStart(4, "0");
    writeFileSync(join(source, `secret-${number}`), number.repeat(16));
  }
  return source;
}

/** What a busy machine makes a step ask again counts: the most of all rounds is kept. */
function keepMost(run: CountedRun, asked: Asked): Measured {
  return (name, command, env) => {
    const requests = new Map(asked.get(name));
    for (const [kind, count] of run(command, env))
      requests.set(kind, Math.max(count, requests.get(kind) ?? 0));
    asked.set(name, requests);
  };
}

function nameOf(step: Step, layout: Layout, secrets: number): string {
  return `${step} ${layout} of ${secrets}`;
}
