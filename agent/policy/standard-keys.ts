/** Condition keys that follow from who asks for what. @module */
import { accountOf } from "./caller.ts";
import type { AccessRequest } from "./request.ts";

type Keys = Readonly<Record<string, readonly string[]>>;

/**
 * The keys that AWS puts into every such request and whose values follow from who asks for what, but those that are
 * given. What depends on the network, the instance or the time is not guessed.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function standardKeys(
  { caller, action, resource, resourceAccount }: Omit<AccessRequest, "context">,
  given: Keys,
  org: string | undefined,
): Keys {
  const account = accountOf(caller);
  const service = action.split(":")[0]?.toLowerCase();
  const keys: Record<string, string | undefined> = {
    "aws:SecureTransport": "true",
    "aws:ViaAWSService": "false",
    "aws:PrincipalIsAWSService": String(caller.kind === "service"),
    "aws:PrincipalServiceName": caller.kind === "service" ? caller.name : undefined,
    "aws:PrincipalArn": account !== undefined && "arn" in caller ? caller.arn : undefined,
    "aws:PrincipalAccount": account,
    "aws:PrincipalOrgID": account === undefined ? undefined : org,
    "aws:PrincipalType": TYPES[caller.kind],
    "aws:username": caller.kind === "user" ? caller.arn.split("/").at(-1) : undefined,
    "aws:ResourceAccount": resource === undefined ? undefined : resourceAccount,
    "s3:ResourceAccount": service === "s3" && resource !== undefined ? resourceAccount : undefined,
    "kms:CallerAccount": service === "kms" ? account : undefined,
  };
  const has = new Set(Object.keys(given).map((key) => key.toLowerCase()));
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) =>
      value === undefined || has.has(key.toLowerCase()) ? [] : [[key, [value]]],
    ),
  );
}

const TYPES: Readonly<Record<string, string>> = {
  root: "Account",
  user: "User",
  role: "AssumedRole",
  "federated user": "FederatedUser",
  anonymous: "Anonymous",
};
