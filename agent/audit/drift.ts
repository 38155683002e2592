/**
 * How what is deployed differs from what was generated: in its documents and settings, and in who may do what.
 * @module
 */
import type { Permission } from "../aws/question.ts";
import type {
  BucketDocuments,
  Deployment,
  EndpointDocuments,
  KeyDocuments,
} from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { type AccessDrift, accessDrift } from "./access-drift.ts";
import { comparable } from "./comparable.ts";
import { type Change, documentChanges, settingChange, unknown } from "./drift-change.ts";
import { identityChanges } from "./drift-identities.ts";
import type { Exported } from "./exported.ts";

export interface Drift {
  readonly changes: readonly Change[];
  readonly access: AccessDrift;
  /** What nobody could look at here, whatever the export: it counts for neither same nor other. */
  readonly apart: readonly string[];
  /** What who asked AWS was not allowed to look at. */
  readonly denied: readonly Permission[];
}

/**
 * @param denied why something of `actual` may not be told
 * @throws {PosternError} BadData when a document of either side is none
 */
export function driftOf(
  expected: Deployment,
  actual: Exported,
  denied: readonly Permission[] = [],
): Drift {
  const { deployment } = actual;
  const changes = [
    ...expected.buckets.flatMap((one) =>
      bucketChanges(
        one,
        deployment.buckets.find(({ name }) => name === one.name),
        actual,
      ),
    ),
    ...expected.keys.flatMap((one) =>
      keyChanges(
        one,
        deployment.keys.find(({ arn }) => arn === one.arn),
        actual,
      ),
    ),
    ...expected.identities
      .filter((one) => isOwn(one.arn, expected))
      .flatMap((one) => identityChanges(one, actual)),
    ...expected.endpoints.flatMap((one) =>
      endpointChanges(
        one,
        deployment.endpoints.find(({ id }) => id === one.id),
        actual,
      ),
    ),
  ];
  const sides = comparable(expected, actual);
  return {
    changes,
    denied,
    access: accessDrift(sides.expected, sides.actual),
    apart: [
      ...expected.identities
        .filter((one) => !isOwn(one.arn, expected))
        .map(({ arn }) => `${arn}: what another account attaches`),
      ...sides.refused,
    ],
  };
}

/** Whether anything differs, or could not be told. */
export function hasDrifted({ changes, access, denied }: Drift): boolean {
  return changes.length > 0 || access.changes.length > 0 || denied.length > 0;
}

function isOwn(arn: string, { account }: Deployment): boolean {
  return arn.split(":")[4] === account;
}

function bucketChanges(
  { name, policy, settings }: BucketDocuments,
  actual: BucketDocuments | undefined,
  { knows }: Exported,
): readonly Change[] {
  const subject = `bucket ${name}`;
  const found = actual?.settings;
  const setting = (
    aspect: Parameters<Exported["knows"]>[1],
    pairs: readonly (readonly [what: string, expected: unknown, actual: unknown])[],
  ): readonly Change[] =>
    knows(name, aspect)
      ? pairs.flatMap(([what, one, other]) => settingChange(subject, what, one, other))
      : [unknown(subject, aspect)];
  const { encryption } = settings;
  return [
    ...(knows(name, "policy")
      ? documentChanges(subject, "policy", policy, actual?.policy)
      : [unknown(subject, "policy")]),
    ...setting("public access block", [
      ["public access blocked", settings.publicAccessBlocked, found?.publicAccessBlocked],
    ]),
    ...setting("ownership", [["object ownership", settings.ownership, found?.ownership]]),
    ...setting("versioning", [["versioning", settings.versioning, found?.versioning]]),
    ...setting("encryption", [
      ["default encryption", encryption?.algorithm, found?.encryption?.algorithm],
      [
        "key of default encryption",
        encryption?.key,
        keyAs(found?.encryption?.key, encryption?.key),
      ],
      ["bucket key", encryption?.bucketKey, found?.encryption?.bucketKey],
    ]),
  ];
}

/** A key may be told by its id alone; an alias may be that of any key. */
function keyAs(actual: string | undefined, expected: string | undefined): string | undefined {
  return actual !== undefined && expected?.endsWith(`:key/${actual}`) === true ? expected : actual;
}

function keyChanges(
  { arn, policy }: KeyDocuments,
  actual: KeyDocuments | undefined,
  { knows }: Exported,
): readonly Change[] {
  const subject = `key ${arn}`;
  return [
    ...(knows(arn, "policy")
      ? documentChanges(subject, "policy", policy, actual?.policy)
      : [unknown(subject, "policy")]),
    // what is generated never has one, and each is a way in that no policy shows
    ...(knows(arn, "grants")
      ? (actual?.grants ?? []).map((grant): Change => {
          return {
            kind: "extra",
            subject,
            what: "grant",
            actual: grantText(grant),
            statements: [],
          };
        })
      : [unknown(subject, "grants")]),
  ];
}

function grantText(grant: unknown): string {
  if (!isRecord(grant)) return JSON.stringify(grant);
  const { GranteePrincipal: grantee, GranteeServicePrincipal: service, Operations: may } = grant;
  const operations = Array.isArray(may) ? may.join(", ") : "";
  const id = typeof grant["GrantId"] === "string" ? ` (grant ${grant["GrantId"]})` : "";
  return `${typeof grantee === "string" ? grantee : JSON.stringify(service)}: ${operations}${id}`;
}

function endpointChanges(
  { id, policy }: EndpointDocuments,
  actual: EndpointDocuments | undefined,
  { knows }: Exported,
): readonly Change[] {
  const subject = `endpoint ${id}`;
  return knows(id, "policy")
    ? documentChanges(subject, "policy", policy, actual?.policy)
    : [unknown(subject, "policy")];
}
