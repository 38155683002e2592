/**
 * Whether an obligation fails of documents of which one is changed.
 *
 * Asked are the obligations that the changed document takes part in, since the others were proved of the same
 * documents already; first those that found something out in changes like this, and none after the first that fails.
 * @module
 */
import type { AccessMap } from "../../agent/map/access-map.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { parsePolicy, type Policy } from "../../agent/policy/document.ts";
import type { Policies } from "../../agent/policy/request.ts";
import { type KeySpaces, keySpacesOf } from "../../agent/prove/key-spaces.ts";
import { askedBy, type Layers, layersOf } from "../../agent/prove/layers.ts";
import { namedIn } from "../../agent/prove/named.ts";
import type { Obligation, Way } from "../../agent/prove/obligation.ts";
import { obligationsOf } from "../../agent/prove/obligations.ts";
import { newProving, type Proving, proveObligation } from "../../agent/prove/proving.ts";
import { settingFaults } from "../../agent/prove/settings.ts";
import { knownArns, strangersOf } from "../../agent/prove/strangers.ts";
import { subjectsOf } from "../../agent/prove/use-obligations.ts";
import type { Mutant } from "./mutants.ts";

/** What does not hold of the mutant, or undefined. */
export type Trial = (mutant: Mutant) => string | undefined;

/** @param deployment of which every obligation holds */
export function newTrial(map: AccessMap, deployment: Deployment): Trial {
  const parse = rememberingParse();
  const base = readingOf(map, deployment, parse);
  const touching = touchedBy(base);
  const telling = new Map<string, string[]>();
  return ({ deployment: changed, at }) => {
    const [fault] = settingFaults(map, changed);
    if (fault !== undefined) return fault.message;
    const reading = readingOf(map, changed, parse, base);
    const name = at?.place.name ?? "";
    const told = telling.get(name) ?? [];
    telling.set(name, told);
    const isTouched = (id: string): boolean =>
      at === undefined || reading.obligations !== base.obligations || touching(name).has(id);
    const asked = reading.obligations.filter(({ id }) => isTouched(id));
    const failing = told
      .flatMap((id) => reading.byId.get(id) ?? [])
      .concat(asked.filter(({ id }) => !told.includes(id)))
      .find((one) => proveObligation(one, reading.proving).outcome.kind === "fails");
    if (failing === undefined) return undefined;
    told.splice(0, told.length, failing.id, ...told.filter((id) => id !== failing.id));
    return failing.id;
  };
}

interface Reading {
  readonly proving: Proving;
  readonly obligations: readonly Obligation[];
  readonly byId: ReadonlyMap<string, Obligation>;
  /** On what, besides the map, the obligations depend. */
  readonly signature: string;
}

function readingOf(
  map: AccessMap,
  deployment: Deployment,
  parse: typeof parsePolicy,
  before?: Reading,
): Reading {
  const layers = layersOf(deployment, parse);
  const spaces = keySpacesOf(map, deployment);
  const named = namedIn(deployment);
  const strangers = strangersOf(map, named.onResources, knownArns(map));
  const trusted = deployment.identities.map(({ arn }) => inJson(named.inTrust(arn)));
  const documented = subjectsOf(map, layers.hasDocuments).map((one) => one.hasDocuments);
  const signature = JSON.stringify([strangers, trusted, documented]);
  const isSame = before?.signature === signature;
  const obligations = isSame
    ? before.obligations
    : obligationsOf(map, named, strangers, layers.hasDocuments);
  const proving = newProving(layers, spaces, () => undefined);
  const byId = isSame ? before.byId : new Map(obligations.map((one) => [one.id, one]));
  return { proving, obligations, byId, signature };
}

function inJson(set: object): readonly unknown[] {
  return Object.values(set).map((one: unknown) => (one instanceof Set ? [...one] : one));
}

/** The same document is read once. */
function rememberingParse(): typeof parsePolicy {
  const known = new WeakMap<object, Policy>();
  return (value, kind, name) => {
    if (typeof value !== "object" || value === null) return parsePolicy(value, kind, name);
    const found = known.get(value) ?? parsePolicy(value, kind, name);
    known.set(value, found);
    return found;
  };
}

/** By document, the obligations that it takes part in. */
function touchedBy({ obligations, proving }: Reading): (document: string) => ReadonlySet<string> {
  const touched = new Map<string, Set<string>>();
  for (const obligation of obligations)
    for (const document of documentsOf(obligation, proving)) {
      const ids = touched.get(document) ?? new Set();
      touched.set(document, ids.add(obligation.id));
    }
  return (document) => touched.get(document) ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();

function documentsOf(
  obligation: Obligation,
  { layers, spaces }: { readonly layers: Layers; readonly spaces: KeySpaces },
): ReadonlySet<string> {
  const { actor, layer, similar, typical } = obligation;
  const keys = spaces.keysOf(obligation);
  const asked = similar === undefined ? keys : keys.slice(0, 1);
  const names = new Set<string>();
  const collect = (ways: readonly Way[], policiesOf: (step: Way[number]) => Policies): void => {
    for (const policies of ways.flat().map(policiesOf))
      for (const name of namesIn(policies)) names.add(name);
  };
  const whole = { ...actor, own: "both" } as const;
  for (const key of asked) {
    collect(obligation.ways(key), (step) => layers.policiesFor(layer, actor, askedBy(step)));
    collect(typical?.(key) ?? [], (step) => layers.policiesFor("whole", whole, askedBy(step)));
  }
  return names;
}

function namesIn({ identity, resource, boundary, endpoint }: Policies): readonly string[] {
  return [...identity, resource, boundary, endpoint].flatMap((one) => one?.name ?? []);
}
