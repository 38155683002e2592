/**
 * What is asked for: every known action of S3, KMS and STS on what it is about, one action and one object for all that
 * no statement tells apart.
 * @module
 */
import { aboutOf, KNOWN_ACTIONS } from "../lint/action-table.ts";
import { callerOfArn } from "../policy/caller.ts";
import type { Policy } from "../policy/document.ts";
import { type Arn, matchesArn, parseArn } from "../policy/glob.ts";
import { matchesAction } from "../policy/match.ts";
import { decidedByService, isBeyondBucketPolicy } from "../policy/services.ts";
import type { Asked } from "../policy/statement.ts";
import { resourceRepresentatives } from "../prove/keys.ts";
import type { Pair } from "./suspects.ts";

export interface Thing {
  /** Of the actions that are alike the best known. */
  readonly action: string;
  /** How many are. */
  readonly alike: number;
  readonly resource: Arn;
}

export interface Things {
  readonly things: readonly Thing[];
  /** Why they may not stand for all. */
  readonly gap: string | undefined;
}

/** @param policies all documents of the deployments, as they are evaluated */
export function thingsOf(deployments: Pair, policies: readonly Policy[]): Things {
  const actions = actionGroups(policies);
  const [{ partition }] = deployments;
  const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
  const buckets = unique(deployments.flatMap((one) => one.buckets.map(({ name }) => name)));
  const keys = unique(deployments.flatMap((one) => one.keys.map(({ arn }) => arn)));
  const roles = unique(
    deployments.flatMap(({ identities }) =>
      identities.filter(({ trust }) => trust !== undefined).map(({ arn }) => arn),
    ),
  );
  const objects = buckets.map((name) => objectsOf(`arn:${partition}:s3:::${name}/*`, policies));
  const on = (about: string, resources: readonly string[]): readonly Thing[] =>
    resources.flatMap((text) => {
      const resource = parseArn(text);
      return resource === undefined
        ? []
        : (actions.get(about) ?? []).map((group) => ({ ...group, resource }));
    });
  return {
    things: [
      ...on(
        "object",
        objects.flatMap(({ arns }) => arns),
      ),
      ...on(
        "bucket",
        buckets.map((name) => `arn:${partition}:s3:::${name}`),
      ),
      ...on("key", keys),
      ...on("role", roles),
    ],
    gap: objects.find(({ gap }) => gap !== undefined)?.gap,
  };
}

type Group = Omit<Thing, "resource">;

/** What people know by name, so that they are shown these rather than others that are alike. */
const BEST_KNOWN = [
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:GetObjectVersion",
  "s3:ListBucket",
  "s3:ListBucketVersions",
  "s3:PutBucketPolicy",
  "kms:Decrypt",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:PutKeyPolicy",
  "kms:CreateGrant",
];

/** By what they are about. */
function actionGroups(policies: readonly Policy[]): ReadonlyMap<string, readonly Group[]> {
  const patterns = policies.flatMap(({ statements }) =>
    statements.flatMap(({ actions }) => actions.patterns),
  );
  const distinct = [...new Map(patterns.map((one) => [one.tokens.join(), one])).values()];
  // a name that the tables do not know is taken for whatever it could be about
  const unknown = distinct.flatMap(({ literal }) =>
    literal !== undefined && aboutOf(literal) === undefined ? [literal] : [],
  );
  const groups = new Map<string, Map<string, Group>>();
  for (const action of new Set([...BEST_KNOWN, ...KNOWN_ACTIONS, ...unknown]))
    for (const about of aboutsOf(action)) {
      const lower = action.toLowerCase();
      const matched = distinct.map((one) => (matchesAction(one, lower) ? "1" : "0")).join("");
      const signature = `${matched} ${serviceRules(lower)}`;
      const group = groups.get(about) ?? new Map<string, Group>();
      const known = group.get(signature) ?? { action, alike: 0 };
      groups.set(about, group.set(signature, { ...known, alike: known.alike + 1 }));
    }
  return new Map([...groups].map(([about, group]) => [about, [...group.values()]]));
}

function aboutsOf(action: string): readonly string[] {
  const [service] = action.split(":");
  if (service === "sts")
    return /:(assumerole\w*|tagsession|setsourceidentity)$/i.test(action) ? ["role"] : [];
  const about = aboutOf(action);
  if (about !== undefined) return about === "other" ? [] : [about];
  return service === "s3" ? ["object", "bucket"] : service === "kms" ? ["key"] : [];
}

/** Actions are alike only if the services treat them alike, too. */
function serviceRules(lowerAction: string): string {
  if (lowerAction.startsWith("sts:") || lowerAction === "kms:retiregrant") return lowerAction;
  const asked = (arn: string): Asked[] => {
    const caller = callerOfArn(arn);
    const about = {
      canonicalUser: undefined,
      resource: undefined,
      resourceAccount: "1".repeat(12),
    };
    const rest = { action: lowerAction, lowerAction, context: new Map(), hasBoundary: false };
    return caller === undefined ? [] : [{ caller, ...about, ...rest }];
  };
  const isKept = asked(`arn:aws:iam::${"2".repeat(12)}:role/x`).some(
    (one) => decidedByService(one) !== undefined,
  );
  const isBeyond = asked(`arn:aws:iam::${"1".repeat(12)}:root`).some(isBeyondBucketPolicy);
  return `${isKept} ${isBeyond}`;
}

/** One object for each combination of patterns that any has. */
function objectsOf(
  within: string,
  policies: readonly Policy[],
): { readonly arns: readonly string[]; readonly gap: string | undefined } {
  const { resources, gap } = resourceRepresentatives(within, policies, []);
  const globs = policies.flatMap(({ statements }) =>
    statements.flatMap(
      (one) =>
        one.resources?.patterns.flatMap((each) => (each.kind === "fixed" ? [each.arn] : [])) ?? [],
    ),
  );
  const bySignature = new Map<string, string>();
  // longer ones say more of what they stand for
  for (const arn of resources.toSorted((one, other) => other.text.length - one.text.length)) {
    const signature = globs.map((glob) => (matchesArn(glob, arn) ? "1" : "0")).join("");
    if (!bySignature.has(signature)) bySignature.set(signature, arn.text);
  }
  return { arns: [...bySignature.values()], gap };
}
