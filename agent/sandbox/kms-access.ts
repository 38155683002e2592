/**
 * How KMS lets a caller at a key: it finds the key, asks whether the caller may, and looks at the key's state,
 * in this order. Whatever stands in the way is an answer in KMS's own words.
 * @see AWS KMS Developer Guide, "Condition keys for AWS KMS" and "Key states of AWS KMS keys"
 * @module
 */
import {
  type Attached,
  type Authoriser,
  type Denial,
  type Principal,
  reasonOf,
} from "./authorise.ts";
import type { EncryptionContext } from "./ciphertext.ts";
import type { Found, Key, Keys } from "./keys.ts";
import {
  callerKeys,
  type ContextKeys,
  type Network,
  mergeKeys,
  networkKeys,
  placeKeys,
} from "./request-context.ts";
import type { Chance } from "../core/clock.ts";

/** What an operation knows of its caller and its surroundings. */
export interface Call {
  readonly principal: Principal;
  readonly authoriser: Authoriser;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  readonly keys: Keys;
  readonly chance: Pick<Chance, "bytes">;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The caller's address. */
  readonly remote: string;
  readonly network: Network;
}

export interface KmsFault {
  readonly kind: "fault";
  /** As in `__type`. */
  readonly code: string;
  /** KMS has faults without one. */
  readonly message: string | undefined;
  /** Which document stopped the request; not sent. */
  readonly denial?: Omit<Denial, "allowed">;
}

export type Outcome =
  | { readonly kind: "done"; readonly body: Readonly<Record<string, unknown>> }
  | KmsFault;

export interface KeyUse {
  /** "kms:Decrypt" */
  readonly action: string;
  readonly context?: EncryptionContext;
  /** Further IAM condition keys of the operation. */
  readonly conditions?: Readonly<Record<string, readonly string[]>>;
  /** Default `enabled`; `known` takes any but those pending deletion. */
  readonly state?: "enabled" | "known" | "any";
  /** Decided by, in place of what the key has. */
  readonly attached?: Attached;
}

export function fault(code: string, message?: string): KmsFault {
  return { kind: "fault", code, message };
}

export function done(body: Readonly<Record<string, unknown>> = {}): Outcome {
  return { kind: "done", body };
}

/** The key that `reference` names, if the caller may use it so and its state allows it. */
export function admit(
  call: Call,
  reference: string,
  use: KeyUse,
): { readonly kind: "key"; readonly key: Key } | KmsFault {
  const found = call.keys.find(call.region, reference);
  if (found.kind !== "key") return missing(found, reference);
  const alias = found.alias === undefined ? {} : { "kms:RequestAlias": [found.alias] };
  const refusal =
    authoriseKey(call, found.key, { ...use, conditions: { ...use.conditions, ...alias } }) ??
    refuseState(found.key, use.state ?? "enabled");
  return refusal ?? { kind: "key", key: found.key };
}

/** As `admit`, for the operations that do not take an alias. */
export function admitById(
  call: Call,
  reference: string,
  use: KeyUse,
): { readonly kind: "key"; readonly key: Key } | KmsFault {
  return /^(?:arn:[^/]*:)?alias\//.test(reference)
    ? missing({ kind: "malformed" }, reference)
    : admit(call, reference, use);
}

/** Undefined when the caller may. */
export function authoriseKey(call: Call, key: Key, use: KeyUse): KmsFault | undefined {
  const conditions = {
    ...use.conditions,
    ...contextConditions(use.context ?? {}),
    ...keyConditions(call.keys, key),
  };
  return authorise(call, use.action, key.arn, conditions, use.attached ?? call.keys.attached(key));
}

/** Condition keys that a key itself gives to every request for it. */
export function keyConditions(keys: Keys, { id, region, primaryRegion }: Key): ContextKeys {
  const aliases = keys.aliases(region).filter(({ keyId }) => keyId === id);
  return {
    "kms:KeySpec": ["SYMMETRIC_DEFAULT"],
    "kms:KeyUsage": ["ENCRYPT_DECRYPT"],
    "kms:KeyOrigin": ["AWS_KMS"],
    "kms:MultiRegion": [String(primaryRegion !== undefined)],
    ...(primaryRegion === undefined
      ? {}
      : { "kms:MultiRegionKeyType": [region === primaryRegion ? "PRIMARY" : "REPLICA"] }),
    ...(aliases.length === 0 ? {} : { "kms:ResourceAliases": aliases.map(({ name }) => name) }),
  };
}

/**
 * Undefined when the caller may; `resource` is "*" for what concerns no key.
 * @param attached what the key has
 */
export function authorise(
  call: Call,
  action: string,
  resource: string,
  conditions: ContextKeys = {},
  attached?: Attached,
): KmsFault | undefined {
  const { principal, region, account } = call;
  const context = mergeKeys(
    callerKeys(principal),
    placeKeys(region, account, call.now),
    networkKeys(call.network, "kms", call.remote),
    principal.kind === "anonymous" ? {} : { "kms:CallerAccount": [principal.account] },
    conditions,
  );
  const decision = call.authoriser.decide({ principal, action, resource, context, attached });
  if (decision.allowed) return undefined;
  const { allowed: _, ...denial } = decision;
  const message = `User: ${nameOf(principal)} is not authorized to perform: ${action} on resource: ${resource} ${reasonOf(decision, action)}`;
  return { ...fault("AccessDeniedException", message), denial };
}

/** What KMS answers for a key that it cannot find. */
export function missing(found: Exclude<Found, { kind: "key" }>, reference: string): KmsFault {
  switch (found.kind) {
    case "no-key":
      return fault("NotFoundException", `Key '${found.arn}' does not exist`);
    case "no-alias":
      return fault("NotFoundException", `Alias ${found.arn} is not found.`);
    case "other-region":
      return fault("NotFoundException", `Invalid arn ${found.region}`);
    case "malformed":
      return fault("NotFoundException", `Invalid keyId '${reference}'`);
    default:
      return found satisfies never;
  }
}

function refuseState(key: Key, wanted: "enabled" | "known" | "any"): KmsFault | undefined {
  if (wanted === "any" || key.state === "Enabled") return undefined;
  if (key.state === "PendingDeletion")
    return fault("KMSInvalidStateException", `${key.arn} is pending deletion.`);
  return wanted === "known" ? undefined : fault("DisabledException", `${key.arn} is disabled.`);
}

function contextConditions(context: EncryptionContext): Record<string, readonly string[]> {
  const names = Object.keys(context);
  // an empty context leaves the key out of the request: `Null` conditions see the difference
  if (names.length === 0) return {};
  const pairs = Object.entries(context).map(
    ([name, value]) => [`kms:EncryptionContext:${name}`, [value]] as const,
  );
  return { "kms:EncryptionContextKeys": names, ...Object.fromEntries(pairs) };
}

/** The ARN by which AWS names a caller: of a role, the session's. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case "role":
      return principal.sessionArn;
    case "user":
      return principal.arn;
    case "anonymous":
      return "anonymous";
    default:
      return principal satisfies never;
  }
}
