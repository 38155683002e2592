/**
 * Grants of KMS, in the words of its API: a way to allow the use of a key that no policy shows.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
 * @module
 */
import type { Caller } from "./caller.ts";
import type { Context } from "./context.ts";
import { below, isRecord, kindOf, type Report } from "./issues.ts";
import { strings } from "./principal.ts";

export interface Grant {
  readonly name: string;
  /** The ARN of a user, role or session, or the name of a service. */
  readonly grantee: string;
  readonly retiring: string | undefined;
  /** "kms:decrypt": as actions, in lower case. */
  readonly actions: ReadonlySet<string>;
  /** Pairs that the encryption context must have, and no others if `exactly`. */
  readonly encryptionContext: ReadonlyMap<string, string>;
  readonly exactly: boolean;
}

/** What ListGrants tells besides, which decides nothing. */
const TOLD = ["GrantId", "Name", "KeyId", "CreationDate", "IssuingAccount"];
const DECIDING = [
  "GranteePrincipal",
  "GranteeServicePrincipal",
  "RetiringPrincipal",
  "Operations",
  "Constraints",
];

/** What is wrong is reported. */
export function parseGrant(value: unknown, path: string, report: Report): Grant | undefined {
  if (!isRecord(value)) {
    report(path, `expected a grant, got ${kindOf(value)}`);
    return undefined;
  }
  for (const name of Object.keys(value))
    if (!DECIDING.includes(name) && !TOLD.includes(name))
      report(below(path, name), `expected a member of ListGrants' entries, got "${name}"`);
  const { Operations: operations, RetiringPrincipal: retiring } = value;
  const grantee = value["GranteePrincipal"] ?? value["GranteeServicePrincipal"];
  if (typeof grantee !== "string")
    report(below(path, "GranteePrincipal"), `expected a string, got ${kindOf(grantee)}`);
  if (retiring !== undefined && typeof retiring !== "string")
    report(below(path, "RetiringPrincipal"), `expected a string, got ${kindOf(retiring)}`);
  const { pairs, exactly } = parseConstraints(
    value["Constraints"] ?? {},
    below(path, "Constraints"),
    report,
  );
  return {
    name: path,
    grantee: String(grantee),
    retiring: typeof retiring === "string" ? retiring : undefined,
    actions: new Set(
      strings(operations, below(path, "Operations"), report).map(
        ([operation]) => `kms:${operation.toLowerCase()}`,
      ),
    ),
    encryptionContext: pairs,
    exactly,
  };
}

function parseConstraints(
  value: unknown,
  path: string,
  report: Report,
): { readonly pairs: ReadonlyMap<string, string>; readonly exactly: boolean } {
  const pairs = new Map<string, string>();
  if (!isRecord(value)) {
    report(path, `expected an object, got ${kindOf(value)}`);
    return { pairs, exactly: false };
  }
  for (const [name, given] of Object.entries(value)) {
    const at = below(path, name);
    if (name !== "EncryptionContextEquals" && name !== "EncryptionContextSubset")
      report(at, `expected EncryptionContextEquals or EncryptionContextSubset, got "${name}"`);
    else if (!isRecord(given)) report(at, `expected an object, got ${kindOf(given)}`);
    else
      for (const [key, text] of Object.entries(given)) {
        if (typeof text === "string") pairs.set(key, text);
        else report(below(at, key), `expected a string, got ${kindOf(text)}`);
      }
  }
  return { pairs, exactly: "EncryptionContextEquals" in value };
}

/** @param action in lower case */
export function isGranted(grant: Grant, caller: Caller, action: string, context: Context): boolean {
  // who may retire it is named by the grant, whatever its operations
  // @see https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
  if (action === "kms:retiregrant" && grant.retiring !== undefined)
    return isNamed(grant.retiring, caller);
  return isNamed(grant.grantee, caller) && grant.actions.has(action) && hasContext(grant, context);
}

function isNamed(name: string, caller: Caller): boolean {
  if (caller.kind === "service") return name === caller.name;
  if (caller.kind === "role") return name === caller.arn || name === caller.session;
  return "arn" in caller && name === caller.arn;
}

const PAIR = "kms:encryptioncontext:";

// @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html (compared with case)
function hasContext({ encryptionContext, exactly }: Grant, context: Context): boolean {
  const given = [...context.keys()].filter((key) => key.startsWith(PAIR));
  if (exactly && given.length !== encryptionContext.size) return false;
  return [...encryptionContext].every(
    ([key, value]) => context.get(`${PAIR}${key.toLowerCase()}`)?.includes(value) === true,
  );
}
