/** Who may do what with each group, by documents, and how two answers differ. @module */
import { type AccessMap, type Group, type Target, VERBS, type Verb } from "../map/access-map.ts";
import { type Bindings, bindingsOf } from "../policy/bindings.ts";
import type { Deployment, PolicyJson } from "../policy/deployment.ts";
import { evaluate } from "../policy/evaluate.ts";
import { isRecord } from "../policy/issues.ts";
import { withCircumstancesMet } from "./adopt-circumstances.ts";
import { askOf, decide, exampleKey, step } from "./asks.ts";
import { rolesOf } from "./comparable.ts";

/** By principal, and group or single object. */
export type AccessTable = readonly {
  readonly principal: string;
  /** A group's name, or an object's key. */
  readonly thing: string;
  /** Undefined for a group; for an object the group it lies in, or nothing. */
  readonly inside: string | undefined;
  readonly isObject: boolean;
  readonly verbs: ReadonlySet<Verb>;
}[];

/** An object that policies name apart. */
export interface NamedObject {
  readonly key: string;
  readonly sse: Group["sse"];
}

/**
 * Asked as everything is on an ordinary day: conditions on circumstances are taken to be met.
 * @throws {PosternError} BadData when a document is none
 */
export function accessOf(
  map: AccessMap,
  deployment: Deployment,
  objects: readonly NamedObject[] = [],
): AccessTable {
  const bindings = bindingsAsked(map, deployment);
  const things = [
    ...map.groups.map((group) => {
      const prefix = group.reach.kind === "prefix" ? group.reach.prefix : undefined;
      return { name: group.name, isObject: false, inside: undefined, group, prefix };
    }),
    ...objects.map((object) => {
      const inside = map.groups.find(
        ({ reach }) => reach.kind === "prefix" && object.key.startsWith(reach.prefix),
      );
      const group = inside ?? groupAround(map, object);
      return { name: object.key, isObject: true, inside: inside?.name, group, prefix: undefined };
    }),
  ];
  const target = withKeysOf(map, objects);
  return map.principals.flatMap((principal) =>
    things.map(({ name, isObject, inside, group, prefix }) => {
      const key = isObject || group === undefined ? name : exampleKey(group);
      const verbs = VERBS.filter((verb) => !(isObject && verb === "list")).filter((verb) => {
        const asked = verb === "list" ? (prefix ?? key) : key;
        return decide(askOf(map, target, { principal, verb, key: asked, group }), bindings).allowed;
      });
      return { principal: principal.name, thing: name, inside, isObject, verbs: new Set(verbs) };
    }),
  );
}

function bindingsAsked(map: AccessMap, deployment: Deployment): Bindings {
  return bindingsOf(withForeigners(map, withoutSuffixes(withCircumstancesMet(deployment))));
}

/** As if the object were a group of its own; its key is asked for by itself. */
function groupAround({ groups: [first] }: AccessMap, { sse }: NamedObject): Group | undefined {
  return first && { ...first, sse, seal: { mode: "none" }, readers: [], publishers: [] };
}

/** A map knows the keys of its groups alone. */
function withKeysOf({ home }: AccessMap, objects: readonly NamedObject[]): Target {
  const more = objects.flatMap(({ sse }) =>
    sse.type === "s3" ? [] : [[sse.key, sse.key] as const],
  );
  return { ...home, keys: new Map([...home.keys, ...more]) };
}

/** What another account lets its roles do is not told: they are taken to be let do everything. */
function withForeigners({ principals }: AccessMap, deployment: Deployment): Deployment {
  const Statement = { Effect: "Allow", Action: "*", Resource: "*" };
  const foreigners = principals
    .filter((one) => one.kind === "foreign")
    .map(({ arn }): Deployment["identities"][number] => ({
      kind: "role",
      arn,
      trust: undefined,
      maxSessionSeconds: undefined,
      hasInstanceProfile: false,
      policies: [
        { name: "its account", form: "inline", document: { Version: "2012-10-17", Statement } },
      ],
      foreignPolicies: [],
      boundary: undefined,
    }));
  return { ...deployment, identities: [...deployment.identities, ...foreigners] };
}

/** A map knows a permission set's roles by their pattern, and asks for the one that ends in zeros. */
function withoutSuffixes(deployment: Deployment): Deployment {
  const zeros = (text: string): string =>
    text.replaceAll(/(AWSReservedSSO_[\w+=,.@-]+_)[0-9a-f]{16}/g, `$1${"0".repeat(16)}`);
  const rewritten = (document: PolicyJson): PolicyJson => {
    const value: unknown = JSON.parse(zeros(JSON.stringify(document)));
    return isRecord(value) ? value : document;
  };
  return {
    ...deployment,
    buckets: deployment.buckets.map((one) => {
      return { ...one, policy: one.policy && rewritten(one.policy) };
    }),
    keys: deployment.keys.map((one) => ({ ...one, policy: rewritten(one.policy) })),
    identities: deployment.identities.map((one) => ({ ...one, arn: zeros(one.arn) })),
  };
}

export function diffAccess(
  before: AccessTable,
  after: AccessTable,
): { readonly lost: readonly string[]; readonly gained: readonly string[] } {
  const only = (one: AccessTable, other: AccessTable): readonly string[] => {
    const [verbsOfOne, verbsOfOther] = [verbsIn(one), verbsIn(other)];
    return one.flatMap((cell) =>
      [...cell.verbs]
        .filter((verb) => {
          const isLost = (place: string): boolean =>
            verbsOfOne.get(place)?.has(verb) === true &&
            verbsOfOther.get(place)?.has(verb) !== true;
          // what is said of a group need not be said of an object in it
          const group = cell.inside ?? "";
          const isSaid = isLost(placeOf({ ...cell, thing: group, isObject: false }));
          return isLost(placeOf(cell)) && !(cell.isObject && isSaid);
        })
        .map((verb) => `${cell.principal}: ${verb} ${cell.thing}`),
    );
  };
  return { lost: only(before, after), gained: only(after, before) };
}

type Cell = AccessTable[number];

function verbsIn(table: AccessTable): ReadonlyMap<string, Cell["verbs"]> {
  return new Map(table.map((cell) => [placeOf(cell), cell.verbs]));
}

function placeOf({ principal, thing, isObject }: Cell): string {
  return JSON.stringify([principal, thing, isObject]);
}

/** With the policies that roles and users have already: they stay until somebody takes them off. */
export function withOwnPolicies(generated: Deployment, existing: Deployment): Deployment {
  const known = generated.identities.map((one) => {
    const [own] = rolesOf(one, existing);
    return own === undefined
      ? one
      : { ...one, policies: [...one.policies, ...own.policies], boundary: own.boundary };
  });
  const others = existing.identities.filter(
    ({ arn }) =>
      !generated.identities.some((one) => rolesOf(one, existing).some((role) => role.arn === arn)),
  );
  return { ...generated, identities: [...known, ...others] };
}

/** Who may change the bucket's policy, by documents in which circumstances are met. */
export function administratorsOf(map: AccessMap, deployment: Deployment): readonly string[] {
  const bindings = bindingsAsked(map, deployment);
  const bucket = `arn:${map.partition}:s3:::${map.home.bucket}`;
  return map.principals
    .filter((principal) => {
      // through no endpoint: those are for objects
      const { request } = step({ map, principal }, "s3:PutBucketPolicy", bucket, {});
      // S3 lets nobody of another account
      return (
        principal.kind !== "foreign" && evaluate(request, bindings(request)).decision === "allow"
      );
    })
    .map(({ name }) => name);
}
