/**
 * A set of requests that differ only in their condition keys, told by what each key may be.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { callerOfArn } from "../policy/caller.ts";
import { type Condition, parseConditions } from "../policy/condition.ts";
import { type Context, isConditionKey } from "../policy/context.ts";
import { withoutIssues } from "../policy/issues.ts";
import type { AccessRequest } from "../policy/request.ts";

/** The values of one key: none where the request lacks it, several where it is a key of several. */
export type Values = readonly string[];

export type KeyConstraint =
  /** One of these, each with all values of the key; `[[]]`: the request lacks it. */
  | { readonly kind: "one of"; readonly alternatives: readonly Values[] }
  /**
   * Any value, or none: also one that the service would never send, such as a VPC by the name "none", unless a
   * condition of the class (`where`) says what the values look like. Whether the key takes several at once is told by the documents, which compare such keys
   * with set operators alone, unless it is said here.
   */
  | { readonly kind: "free"; readonly several?: boolean | undefined };

/** Keys whose values go together: each row has the values of all `keys`, in their order. */
export interface Correlation {
  /** In lower case. */
  readonly keys: readonly string[];
  readonly rows: readonly (readonly Values[])[];
}

export interface RequestClass extends Omit<AccessRequest, "context"> {
  /** By key in lower case; those of `correlations` are not among them. */
  readonly keys: ReadonlyMap<string, KeyConstraint>;
  /** What the requests have of the keys that are not named. */
  readonly otherKeys: "free" | "absent";
  readonly correlations: readonly Correlation[];
  /** Conditions that all requests of the class meet, as those of a statement do. */
  readonly where: readonly Condition[];
}

/** What `requestClassOf` takes: keys in any case, a string for one fixed value, "free" for any. */
export interface ClassInput extends Omit<AccessRequest, "context"> {
  readonly keys?: Readonly<Record<string, string | Values | KeyConstraint>> | undefined;
  readonly otherKeys?: "free" | "absent" | undefined;
  readonly correlations?: readonly Correlation[] | undefined;
  /** A Condition element, such as `{ StringNotLike: { "s3:prefix": "web/*" } }`; its values may have variables. */
  readonly where?: unknown;
}

/**
 * Keys that are not named are free unless said otherwise.
 * @throws {PosternError} BadData for a malformed key or condition, a key with two constraints or without any value
 */
export function requestClassOf(input: ClassInput): RequestClass {
  const { keys = {}, correlations = NONE } = input;
  const constraints = constraintsOf(keys);
  const lowered = correlations.map(({ keys: names, rows }) => ({ keys: names.map(claim), rows }));
  const seen = new Set<string>();
  for (const key of lowered.flatMap((one) => one.keys)) {
    if (seen.has(key) || constraints.has(key)) throw badKey(key, "expected one constraint");
    seen.add(key);
  }
  // member by member: what is spread is copied slowly, and takes on many shapes
  return {
    caller: input.caller,
    canonicalUser: input.canonicalUser,
    action: input.action,
    resource: input.resource,
    resourceAccount: input.resourceAccount,
    keys: constraints,
    otherKeys: input.otherKeys ?? "free",
    correlations: lowered,
    where: conditionsOf(input.where),
  };
}

const NONE: readonly Correlation[] = [];

/** The same class with other constraints on keys. */
export function withKeys(
  requestClass: RequestClass,
  keys: RequestClass["keys"],
  resource: RequestClass["resource"] = requestClass.resource,
): RequestClass {
  const { caller, canonicalUser, action, resourceAccount } = requestClass;
  const { otherKeys, correlations, where } = requestClass;
  return {
    caller,
    canonicalUser,
    action,
    resource,
    resourceAccount,
    keys,
    otherKeys,
    correlations,
    where,
  };
}

const parsed = new WeakMap<object, readonly Condition[]>();

/** Each element once: many classes have the same. */
function conditionsOf(where: unknown): readonly Condition[] {
  if (where === undefined) return [];
  const read = (): readonly Condition[] =>
    withoutIssues("where", (report) => parseConditions(where, true, "", report));
  if (typeof where !== "object" || where === null) return read();
  const found = parsed.get(where) ?? read();
  parsed.set(where, found);
  return found;
}

/**
 * By key in lower case.
 * @throws {PosternError} BadData as `requestClassOf`
 */
export function constraintsOf(
  keys: NonNullable<ClassInput["keys"]>,
): ReadonlyMap<string, KeyConstraint> {
  const constraints = new Map<string, KeyConstraint>();
  for (const key of Object.keys(keys)) {
    const name = claim(key);
    if (constraints.has(name)) throw badKey(key, "expected each key once, whatever its case");
    const constraint = constraintOf(keys[key] ?? []);
    if (constraint.kind === "one of" && constraint.alternatives.length === 0)
      throw badKey(key, "expected an alternative");
    constraints.set(name, constraint);
  }
  return constraints;
}

const claimed = new Map<string, string>();

/** In lower case. */
function claim(key: string): string {
  let name = claimed.get(key);
  if (name === undefined) {
    if (!isConditionKey(key)) throw badKey(key, "expected a condition key");
    name = key.toLowerCase();
    claimed.set(key, name);
  }
  return name;
}

function constraintOf(given: string | Values | KeyConstraint): KeyConstraint {
  if (given === "free") return FREE;
  if (typeof given === "string") return { kind: "one of", alternatives: [[given]] };
  return "kind" in given ? given : { kind: "one of", alternatives: [given] };
}

function badKey(key: string, what: string): PosternError {
  return new PosternError("BadData", `${quote(key)} of a request class: ${what}`);
}

const PAIR = "kms:encryptioncontext:";

/** The constraint on a key that no correlation holds. */
export function constraintOn({ keys, otherKeys }: RequestClass, key: string): KeyConstraint {
  const own = keys.get(key);
  if (own !== undefined) return own;
  if (key.startsWith(PAIR)) {
    // there is no pair but those that are named
    const names = keys.get("kms:encryptioncontextkeys");
    const isNamed = (list: Values): boolean =>
      list.some((name) => PAIR + name.toLowerCase() === key);
    if (names?.kind === "one of" && !names.alternatives.some(isNamed)) return ABSENT;
  }
  return otherKeys === "free" ? FREE : ABSENT;
}

export const FREE: KeyConstraint = { kind: "free" };
export const ABSENT: KeyConstraint = { kind: "one of", alternatives: [[]] };

/** The request of the class that has this context; who asks is told by `aws:PrincipalArn` where the class leaves it open. */
export function requestOf(requestClass: RequestClass, context: Context): AccessRequest {
  const { keys, canonicalUser, action, resource, resourceAccount } = requestClass;
  const arn = keys.get(CALLER)?.kind === "free" ? context.get(CALLER)?.[0] : undefined;
  const told = arn === undefined ? undefined : callerOfArn(arn);
  const caller = told?.kind === requestClass.caller.kind ? told : requestClass.caller;
  return { caller, canonicalUser, action, resource, resourceAccount, context };
}

const CALLER = "aws:principalarn";
