/**
 * Proves that the documents of a deployment do what an access map says, no more and no less.
 *
 * 1. The obligations, from the map alone; and from the documents what tells keys and callers apart.
 * 2. Each obligation for one key of each kind that the documents tell apart.
 * 3. Whether any request of a class is decided otherwise than it must be (decide.ts).
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";
import { parseArn } from "../policy/glob.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Verdict } from "../policy/verdict.ts";
import { assumptionsOf } from "./assumptions.ts";
import { type Alike, newAlike } from "./alike.ts";
import type { Chain, Decision } from "./chain.ts";
import { type Finding, newProver, type Prover } from "./decide.ts";
import { documentWordsOf } from "./document-words.ts";
import { denialsOf, plainRequestOf } from "./guard-statements.ts";
import { type Kept, type Layers, layersOf } from "./layers.ts";
import { hostileVerdicts, type HostileVerdict } from "./hostile.ts";
import { knownArns, sessionsOf, strangersOf } from "./strangers.ts";
import { namedIn } from "./named.ts";
import { keySpaceOf, type KeySpace } from "./object-keys.ts";
import { obligationsOf } from "./obligations.ts";
import type { Obligation, Step, Way } from "./obligation.ts";
import { settingFaults, type SettingFault } from "./settings.ts";

export interface ProofReport {
  readonly results: readonly Result[];
  readonly settings: readonly SettingFault[];
  readonly hostile: readonly HostileVerdict[];
  readonly assumptions: readonly string[];
  /** What tells keys or callers apart and was not followed to its end. */
  readonly gaps: readonly string[];
  /** How often the evaluator decided. */
  readonly decisions: number;
}

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
  /** A request that is decided otherwise. */
  | {
      readonly kind: "fails";
      readonly requests: readonly AccessRequest[];
      readonly verdicts: readonly Verdict[];
    }
  /** None was found, but not all were looked at. */
  | { readonly kind: "sampled"; readonly reason: string };

/** @throws {PosternError} BadData when a document is none */
export function proveMap(map: AccessMap, deployment: Deployment): ProofReport {
  const layers = layersOf(deployment);
  const { keyPatterns, gaps } = documentWordsOf(map, deployment);
  const space = keySpaceOf(map, keyPatterns);
  const prover = newProver();
  const named = namedIn(deployment);
  const strangers = strangersOf(map, named.onResources, knownArns(map));
  const obligations = obligationsOf(map, named, strangers, layers.hasDocuments);
  const alike = newAlike();
  let decisions = 0;
  const count = (amount: number): void => {
    decisions += amount;
  };
  const results = obligations.map((one) =>
    proveObligation(one, { layers, space, prover, alike, count }),
  );
  return {
    results,
    settings: settingFaults(map, deployment),
    hostile: hostileVerdicts(map, strangers, { layers, prover }),
    assumptions: assumptionsOf(map),
    gaps: [
      ...gaps,
      ...(space.gap === undefined ? [] : [space.gap]),
      ...sessionsOf(map, named.onResources).map((arn) => `what the session ${arn} alone is given`),
    ],
    decisions,
  };
}

/** What is shared by the obligations of one deployment. */
export interface Proving {
  readonly layers: Layers;
  readonly space: KeySpace;
  readonly prover: Prover;
  readonly alike: Alike;
  readonly count: (decisions: number) => void;
}

// what a principal's organisation is does not change between two of its requests
const SHARED: ReadonlySet<string> = new Set(["aws:principalorgid"]);

export function proveObligation(obligation: Obligation, proving: Proving): Result {
  const { objects, expected } = obligation;
  const keys = objects === undefined ? [""] : proving.space.keysOf(objects);
  const wanted: Decision = expected === "allow" ? "deny" : "allow";
  const [example] = keys;
  let classes = 0;
  let reason: string | undefined;
  for (const finding of findings(obligation, keys, wanted, proving)) {
    classes += 1;
    if (finding.kind === "found") {
      const { requests, verdicts } = finding;
      return { obligation, example, classes, outcome: { kind: "fails", requests, verdicts } };
    }
    if (finding.kind === "sampled") reason ??= finding.reason;
  }
  const outcome: Outcome = reason === undefined ? { kind: "proved" } : { kind: "sampled", reason };
  return { obligation, example, classes, outcome };
}

/** Of each way for each key, what speaks against the obligation. */
function* findings(
  obligation: Obligation,
  keys: readonly string[],
  wanted: Decision,
  { layers, prover, alike, count }: Proving,
): Generator<Finding> {
  const find = (chain: Chain): Finding => {
    const finding = prover.find(chain, wanted);
    if (finding.kind !== "found") count(finding.decisions);
    return finding;
  };
  const [first] = keys;
  const example =
    obligation.isAlike === true && first !== undefined ? obligation.ways(first)[0]?.[0] : undefined;
  for (const key of keys) {
    if (example !== undefined && first !== undefined) {
      yield alikeFinding(obligation, example, [first, key], { layers, alike, find });
      continue;
    }
    const kept = keptOf(obligation, key, layers);
    for (const way of obligation.ways(key)) yield find(chainOf(obligation, way, layers, kept));
  }
}

function alikeFinding(
  { layer, actor }: Obligation,
  { requestClass, endpoint }: Step,
  [first, key]: readonly [string, string],
  {
    layers,
    alike,
    find,
  }: Pick<Proving, "layers" | "alike"> & {
    readonly find: (chain: Chain) => Finding;
  },
): Finding {
  const { text = "" } = requestClass.resource ?? {};
  const object = parseArn(text.slice(0, text.length - first.length) + key);
  if (object === undefined) throw new PosternError("Internal", `no object ${quote(key)}`);
  const policies = layers.policiesFor(layer, actor, { requestClass, endpoint });
  return alike.find(policies, requestClass.action, object, () =>
    find({
      links: [{ policies, requestClass: { ...requestClass, resource: object } }],
      shared: NOTHING,
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
    policies: policiesFor(layer, actor, step, kept),
    requestClass: step.requestClass,
  }));
  return { links, shared: way.length > 1 ? SHARED : NOTHING };
}

const NOTHING: ReadonlySet<string> = new Set();

/** The statements that keep a guard. */
function keptOf({ typical, actor }: Obligation, key: string, layers: Layers): Kept | undefined {
  if (typical === undefined) return undefined;
  return new Set(
    typical(key)
      .flat()
      .flatMap((step) =>
        denialsOf(
          plainRequestOf(step.requestClass),
          layers.policiesFor("whole", { ...actor, own: "both" }, step),
        ),
      ),
  );
}
