/**
 * Proves one obligation after the other.
 *
 * 1. For each key of those that the documents tell apart; of keys that the same statements are about, for one.
 * 2. Of a guard, the statements that keep it: those that deny what breaks nothing else.
 * 3. Each way of asking, as a class of requests: whether any of it is decided otherwise than it must be (decide.ts).
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { type Arn, parseArn } from "../policy/glob.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { type Alike, newAlike } from "./alike.ts";
import type { Chain, Decision } from "./chain.ts";
import { type Finding, newProver, type Prover } from "./decide.ts";
import { denialsOf, plainRequestOf } from "./guard-statements.ts";
import type { KeySpaces } from "./key-spaces.ts";
import { askedBy, type Kept, type Layers } from "./layers.ts";
import type { Actor, Obligation, Way } from "./obligation.ts";

export interface Result {
  readonly obligation: Obligation;
  readonly outcome: Outcome;
  /** A key that it was asked of, "" where it is about none; undefined where there is no such key. */
  readonly example: string | undefined;
  /** How many classes of requests it took. */
  readonly classes: number;
}

export type Outcome =
  | { readonly kind: "proved" }
  /** A request that is decided otherwise; none where what has to work has no way to be asked. */
  | {
      readonly kind: "fails";
      readonly requests: readonly AccessRequest[];
      readonly verdicts: readonly Verdict[];
    }
  /** None was found, but not all were looked at. */
  | { readonly kind: "sampled"; readonly reason: string };

/** What is shared by the obligations of one deployment. */
export interface Proving {
  readonly layers: Layers;
  readonly spaces: KeySpaces;
  readonly prover: Prover;
  readonly alike: Alike;
  readonly before: Before;
  readonly count: (decisions: number) => void;
}

/** What was found or made before. */
export interface Before {
  /** Under the same policies, by what is wanted of which action, then by signature. */
  readonly findings: Map<Policies, Map<string, Map<string | number, Finding>>>;
  /** By the list of keys and what is before them. */
  readonly resources: Map<readonly string[], Map<string, readonly Arn[]>>;
}

export function newProving(layers: Layers, spaces: KeySpaces, count: Proving["count"]): Proving {
  const before = { findings: new Map(), resources: new Map() };
  return { layers, spaces, prover: newProver(), alike: newAlike(), before, count };
}

// what a principal's organisation is does not change between two of its requests
const SHARED: ReadonlySet<string> = new Set(["aws:principalorgid"]);

export function proveObligation(obligation: Obligation, proving: Proving): Result {
  const { expected } = obligation;
  const keys = proving.spaces.keysOf(obligation);
  const wanted: Decision = expected === "allow" ? "deny" : "allow";
  const [example] = keys;
  let classes = 0;
  let reason: string | undefined;
  for (const { finding, stands } of findings(obligation, keys, wanted, proving)) {
    classes += stands;
    if (finding.kind === "found") {
      const { requests, verdicts } = finding;
      return { obligation, example, classes, outcome: { kind: "fails", requests, verdicts } };
    }
    if (finding.kind === "sampled") reason ??= finding.reason;
  }
  // what has to work cannot even be asked: the map leaves it no way
  if (classes === 0 && expected === "allow" && keys.length > 0)
    return { obligation, example, classes, outcome: { kind: "fails", requests: [], verdicts: [] } };
  const outcome: Outcome = reason === undefined ? PROVED : { kind: "sampled", reason };
  return { obligation, example, classes, outcome };
}

const PROVED: Outcome = { kind: "proved" };

interface Found {
  readonly finding: Finding;
  /** For how many keys. */
  readonly stands: number;
}

/** What speaks against the obligation: of each way for each key, or for one of all keys that the documents take alike. */
function* findings(
  obligation: Obligation,
  keys: readonly string[],
  wanted: Decision,
  proving: Proving,
): Generator<Found> {
  const { layer, actor, similar, typical, ways } = obligation;
  const { layers, alike, before } = proving;
  if (similar === undefined) {
    for (const key of keys) yield* findingsFor(obligation, key, 1, wanted, proving);
    return;
  }
  const { action, within } = similar;
  const resources = resourcesOf(before, within, keys);
  const [resource] = resources;
  const asked = { resource, endpoint: undefined };
  const policies =
    typical === undefined
      ? layers.policiesFor(layer, actor, asked)
      : layers.policiesFor("whole", wholeOf(actor), asked);
  const apart = alike.apart(alike.signatureOf(policies, action), resources);
  const byQuestion = entryOf(before.findings, policies, () => new Map());
  const known = entryOf(
    byQuestion,
    `${wanted} ${action}`,
    () => new Map<string | number, Finding>(),
  );
  for (const [signature, { text, stands }] of apart) {
    const key = text.slice(within.length);
    if (typical !== undefined) {
      yield* findingsFor(obligation, key, stands, wanted, proving);
      continue;
    }
    let finding = known.get(signature);
    // of what was found the request is asked for: it is about one resource
    if (finding === undefined || finding.kind === "found") {
      finding = find(chainOf(obligation, ways(key)[0] ?? [], layers, undefined), wanted, proving);
      known.set(signature, finding);
    }
    yield { finding, stands };
  }
}

function* findingsFor(
  obligation: Obligation,
  key: string,
  stands: number,
  wanted: Decision,
  proving: Proving,
): Generator<Found> {
  const kept = keptOf(obligation, key, proving.layers);
  for (const way of obligation.ways(key)) {
    const chain = chainOf(obligation, way, proving.layers, kept);
    yield { finding: find(chain, wanted, proving), stands };
  }
}

function find(chain: Chain, wanted: Decision, { prover, count }: Proving): Finding {
  const finding = prover.find(chain, wanted);
  if (finding.kind !== "found") count(finding.decisions);
  return finding;
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

/** @throws {PosternError} Internal for what is no ARN */
function resourcesOf(
  { resources }: Before,
  within: string,
  keys: readonly string[],
): readonly Arn[] {
  return entryOf(
    entryOf(resources, keys, () => new Map()),
    within,
    () =>
      keys.map((key) => {
        const arn = parseArn(`${within}${key}`);
        if (arn === undefined) throw new PosternError("Internal", `no resource ${quote(key)}`);
        return arn;
      }),
  );
}

function chainOf(
  { layer, actor }: Obligation,
  way: Way,
  { policiesFor }: Layers,
  kept: Kept | undefined,
): Chain {
  const links = way.map((step) => ({
    policies: policiesFor(layer, actor, askedBy(step), kept),
    requestClass: step.requestClass,
  }));
  return { links, shared: way.length > 1 ? SHARED : NOTHING };
}

const NOTHING: ReadonlySet<string> = new Set();

/** The statements that keep a guard. */
function keptOf({ typical, actor }: Obligation, key: string, layers: Layers): Kept | undefined {
  if (typical === undefined) return undefined;
  const whole = wholeOf(actor);
  return new Set(
    typical(key)
      .flat()
      .flatMap((step) =>
        denialsOf(
          plainRequestOf(step.requestClass),
          layers.policiesFor("whole", whole, askedBy(step)),
        ),
      ),
  );
}

const wholes = new WeakMap<Actor, Actor>();

/** The actor with `*:*` besides its own; the same for the same, since what binds it is remembered. */
function wholeOf(actor: Actor): Actor {
  const found = wholes.get(actor) ?? { ...actor, own: "both" };
  wholes.set(actor, found);
  return found;
}
