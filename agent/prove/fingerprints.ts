/** Documents by what they say: their order of members and white space do not matter. @module */
import { createHash } from "node:crypto";
import type { Deployment } from "../policy/deployment.ts";

export interface Fingerprint {
  readonly document: string;
  readonly sha256: string;
}

export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Of every document and setting, by name. */
export function fingerprintsOf(deployment: Deployment): readonly Fingerprint[] {
  const { buckets, keys, identities, endpoints } = deployment;
  const documents: readonly (readonly [string, unknown])[] = [
    ...buckets.flatMap(({ name, policy, settings }) => [
      [`bucket ${name} policy`, policy] as const,
      [`bucket ${name} settings`, settings] as const,
    ]),
    ...keys.flatMap(({ arn, policy, grants }) => [
      [`${arn} policy`, policy] as const,
      [`${arn} grants`, grants] as const,
    ]),
    ...identities.flatMap(({ arn, trust, boundary, policies, foreignPolicies }) => [
      [`${arn} trust`, trust] as const,
      [`${arn} boundary`, boundary] as const,
      [`${arn} attached`, foreignPolicies] as const,
      ...policies.map(({ name, document }) => [`${arn} policy ${name}`, document] as const),
    ]),
    ...endpoints.map(({ id, policy }) => [`endpoint ${id} policy`, policy] as const),
  ];
  return documents
    .filter(([, value]) => value !== undefined)
    .map(([document, value]) => ({ document, sha256: sha256Of(JSON.stringify(ordered(value))) }))
    .toSorted((one, other) => (one.document < other.document ? -1 : 1));
}

/** The members of every object by name. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, ordered(member)]),
  );
}
