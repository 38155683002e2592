/** Which groups an existing bucket has, told by the objects that policies name. @module */
import type { Deployment, PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { statementsOf, textsOf } from "./adopt-statements.ts";

export interface FoundGroup {
  readonly name: string;
  readonly prefix: string;
  /** Where it was found, and what lies in it that was named apart. */
  readonly from: string;
}

export interface FoundGroups {
  readonly groups: readonly FoundGroup[];
  /** Objects that policies name and that are no group. */
  readonly others: readonly { readonly text: string; readonly places: readonly string[] }[];
  /** Keys by which to ask for what is named apart, be it in a group: of a pattern, one that it matches. */
  readonly objects: readonly string[];
}

/** A map's prefixes; the rest is told. */
const PREFIX = /^([A-Za-z0-9._-]+\/)+$/;

/** @param bucket its ARN */
export function foundGroups(deployment: Deployment, bucket: string): FoundGroups {
  const named = new Map<string, readonly string[]>();
  const add = (text: string, place: string): void => {
    named.set(text, [...(named.get(text) ?? []), place]);
  };
  for (const [place, document] of documentsIn(deployment))
    for (const statement of statementsOf(document))
      if (statement["Effect"] === "Allow" && !isOfService(statement))
        for (const text of textsOf(statement["Resource"]))
          if (text.startsWith(`${bucket}/`) && !isAdministration(statement, text, bucket))
            add(text.slice(bucket.length + 1), place);
  const patterns = [...named].map(([text, places]) => {
    return { text, places, place: places.at(-1) ?? "", prefix: prefixOf(text) };
  });
  const prefixes = patterns.filter(({ prefix }) => prefix !== undefined);
  const isInside = (one: string): boolean =>
    prefixes.some(({ prefix = "" }) => one !== prefix && one.startsWith(prefix));
  // a group inside another is read by the other's readers: the outer one is taken for the group
  const outer = new Map(
    prefixes
      .filter(({ prefix = "" }) => !isInside(prefix))
      .map(({ prefix = "", place }) => [prefix, place]),
  );
  const names = new Set<string>();
  const groups = [...outer]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([prefix, place]): FoundGroup => {
      const name = freeName(prefix.slice(0, -1).replaceAll("/", "-"), names);
      names.add(name);
      const inner = prefixes.filter(
        (one) => one.prefix !== prefix && one.prefix?.startsWith(prefix),
      );
      const also =
        inner.length === 0 ? "" : `; ${inner.map(({ text }) => text).join(", ")} lies in it`;
      return { name, prefix, from: `${place}${also}` };
    });
  const others = patterns
    .filter(
      ({ text, prefix }) =>
        prefix === undefined && ![...outer.keys()].some((one) => text.startsWith(one)),
    )
    .map(({ text, places }) => ({ text, places: [...new Set(places)] }));
  const objects = patterns
    .filter(({ text, prefix }) => text !== "*" && (prefix === undefined || isInside(prefix)))
    .map(({ text, prefix }) =>
      prefix === undefined ? text.replaceAll(/[*?]/g, "x") : `${prefix}example`,
    );
  return { groups, others, objects: [...new Set(objects)] };
}

/** Who may do everything with everything is no reader of anything in particular. */
function isAdministration(statement: PolicyJson, text: string, bucket: string): boolean {
  return (
    text === `${bucket}/*` &&
    textsOf(statement["Action"]).every(
      (action) => /^(s3:)?\*$/.test(action) || !/object|\*/i.test(action),
    )
  );
}

/** What services of AWS put into the bucket is no group of anybody. */
function isOfService({ Principal: principal }: PolicyJson): boolean {
  return isRecord(principal) && principal["AWS"] === undefined;
}

/** "web/" of "web/*". */
function prefixOf(text: string): string | undefined {
  const prefix = text.endsWith("/*") ? text.slice(0, -1) : undefined;
  return prefix !== undefined && PREFIX.test(prefix) ? prefix : undefined;
}

function documentsIn({ buckets, identities }: Deployment) {
  return [
    ...buckets.map(({ name, policy }) => [`the policy of ${name}`, policy] as const),
    ...identities.flatMap(({ arn, policies }) =>
      policies.map(({ name, document }) => [`policy ${name} of ${arn}`, document] as const),
    ),
  ];
}

/** Names of groups must differ by more than their case. */
function freeName(text: string, taken: ReadonlySet<string>): string {
  const base = text.replace(/^[^A-Za-z0-9]+/, "").slice(0, 60);
  const lower = new Set([...taken].map((one) => one.toLowerCase()));
  for (let number = 1; ; number += 1) {
    const one = number === 1 && base !== "" ? base : `${base === "" ? "group" : base}-${number}`;
    if (!lower.has(one.toLowerCase())) return one;
  }
}
