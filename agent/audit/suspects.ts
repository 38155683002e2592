/**
 * What of two deployments differs, so that requests may be decided otherwise: a request that none of it is about is
 * decided alike by both.
 * @module
 */
import type { Caller } from "../policy/caller.ts";
import type { Deployment, IdentityDocuments, PolicyJson } from "../policy/deployment.ts";
import { type PolicyKind, parsePolicy, type Statement } from "../policy/document.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { type Grant, isGranted, parseGrant } from "../policy/grant.ts";
import { withoutIssues } from "../policy/issues.ts";
import { type Asked, coversAction, coversResource, namingBy } from "../policy/statement.ts";
import { statementsBeyond } from "./canonical.ts";

/** A request but for its context, and the endpoint that it comes through. */
export interface Candidate extends Omit<Asked, "context"> {
  readonly endpoint: string | undefined;
}

/** What is compared. */
export type Pair = readonly [before: Deployment, after: Deployment];

/** Whether the difference may matter to such requests. */
export type Suspect = (candidate: Candidate) => boolean;

/** @throws {PosternError} BadData when a document is none */
export function suspectsBetween(before: Deployment, after: Deployment): readonly Suspect[] {
  return [
    ...pairs(before.buckets, after.buckets, ({ name }) => name).flatMap(([name, one, other]) =>
      documentSuspects("resource", [one?.policy, other?.policy], name, isOf(name)),
    ),
    ...pairs(before.keys, after.keys, ({ arn }) => arn).flatMap(([arn, one, other]) => [
      ...documentSuspects("resource", [one?.policy, other?.policy], arn, isOf(arn)),
      ...grantSuspects(one?.grants ?? [], other?.grants ?? [], arn),
    ]),
    ...pairs(before.identities, after.identities, ({ arn }) => arn).flatMap(([arn, one, other]) =>
      identitySuspects(arn, one, other),
    ),
    ...pairs(before.endpoints, after.endpoints, ({ id }) => id).flatMap(([id, one, other]) => {
      const place: Suspect = ({ endpoint }) => endpoint === id;
      return [
        // an endpoint without a policy of its own lets everything through
        ...((one === undefined) === (other === undefined) ? [] : [place]),
        ...documentSuspects("endpoint", [one?.policy, other?.policy], id, place),
      ];
    }),
  ];
}

/** Things of both, by name; undefined where one side lacks it. */
function pairs<Thing>(
  before: readonly Thing[],
  after: readonly Thing[],
  nameOf: (thing: Thing) => string,
): readonly (readonly [name: string, one: Thing | undefined, other: Thing | undefined])[] {
  const [one, other] = [before, after].map(
    (things) => new Map(things.map((thing) => [nameOf(thing), thing])),
  );
  const names = new Set([...before, ...after].map(nameOf));
  return [...names].map((name) => [name, one?.get(name), other?.get(name)]);
}

/** What is said of a bucket is said of its objects. */
function isOf(name: string): Suspect {
  return ({ resource }) => {
    if (resource === undefined) return false;
    const own = resource.head[2] === "s3" ? resource.tail.split("/", 1)[0] : resource.text;
    return own === name;
  };
}

function identitySuspects(
  arn: string,
  one: IdentityDocuments | undefined,
  other: IdentityDocuments | undefined,
): readonly Suspect[] {
  const pattern = arnGlobOf(wildTokens(arn));
  const isCaller: Suspect = ({ caller }) => {
    const own = "arn" in caller ? parseArn(caller.arn) : undefined;
    return own !== undefined && matchesArn(pattern, own);
  };
  const [own, others] = [one, other].map((side) => wholePolicy(side?.policies ?? []));
  const hadBoundary = one?.boundary !== undefined;
  return [
    ...documentSuspects("identity", [own, others], arn, isCaller),
    ...(hadBoundary === (other?.boundary !== undefined) ? [] : [isCaller]),
    ...documentSuspects("boundary", [one?.boundary, other?.boundary], arn, isCaller),
    ...documentSuspects("trust", [one?.trust, other?.trust], arn, isOf(arn)),
  ];
}

/** How the statements are spread over documents makes no difference, but their versions do. */
function wholePolicy(policies: IdentityDocuments["policies"]): readonly PolicyJson[] {
  return policies.map(({ document }) => document);
}

type Side = PolicyJson | readonly PolicyJson[] | undefined;

function documentSuspects(
  kind: PolicyKind,
  [one, other]: readonly (Side | undefined)[],
  name: string,
  isPlace: Suspect,
): readonly Suspect[] {
  return [...beyond(one, other), ...beyond(other, one)].map(([version, raw]): Suspect => {
    const [statement] = parsePolicy({ Version: version, Statement: [raw] }, kind, name).statements;
    return (candidate) =>
      isPlace(candidate) && statement !== undefined && mayApply(statement, candidate);
  });
}

function beyond(one: Side, other: Side): readonly (readonly [version: unknown, raw: unknown])[] {
  const others = sidesOf(other);
  return sidesOf(one).flatMap((document) => {
    const rest = others.reduce<readonly unknown[]>(
      (left, each) => {
        const there = new Set(statementsBeyond(document, each));
        return left.filter((statement) => there.has(statement));
      },
      statementsBeyond(document, undefined),
    );
    return rest.map((raw) => [document["Version"] ?? "2008-10-17", raw] as const);
  });
}

function sidesOf(side: Side): readonly PolicyJson[] {
  if (side === undefined) return [];
  return isList(side) ? side : [side];
}

function isList(side: PolicyJson | readonly PolicyJson[]): side is readonly PolicyJson[] {
  return Array.isArray(side);
}

/** Its conditions aside, and what a variable in its resources may be. */
function mayApply(statement: Statement, candidate: Candidate): boolean {
  const asked: Asked = { ...candidate, context: new Map() };
  if (!coversAction(statement, asked)) return false;
  const isOpen = statement.resources?.patterns.some(({ kind }) => kind === "variable") ?? false;
  if (!isOpen && !coversResource(statement, asked)) return false;
  // who has such an id is not known
  if ((statement.principal?.set.canonicalUsers.size ?? 0) > 0) return true;
  return namingBy(statement, asked) !== undefined;
}

function grantSuspects(
  before: readonly unknown[],
  after: readonly unknown[],
  arn: string,
): readonly Suspect[] {
  const [one, other] = [before, after].map((grants) => parseGrants(grants, arn));
  const [texts, others] = [before, after].map((grants) =>
    grants.map((grant) => JSON.stringify(grant)),
  );
  const changed = [
    ...(one ?? []).filter((_, at) => others?.includes(texts?.[at] ?? "") !== true),
    ...(other ?? []).filter((_, at) => texts?.includes(others?.[at] ?? "") !== true),
  ];
  return changed.map(
    (grant): Suspect =>
      ({ resource, caller, lowerAction }) =>
        resource?.text === arn && mayGrant(grant, caller, lowerAction),
  );
}

export function parseGrants(grants: readonly unknown[], arn: string): readonly Grant[] {
  return withoutIssues(arn, (report) =>
    grants.flatMap((grant, at) => parseGrant(grant, `grants[${at}]`, report) ?? []),
  );
}

/** Whatever the encryption context. */
function mayGrant(grant: Grant, caller: Caller, action: string): boolean {
  return isGranted(
    { ...grant, encryptionContext: new Map(), exactly: false },
    caller,
    action,
    new Map(),
  );
}
