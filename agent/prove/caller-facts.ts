/**
 * What AWS itself says of a caller in every request of its, whatever it asks: nobody can have it otherwise.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Principal } from "../map/access-map.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import type { AccessRequest } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { ClassInput, KeyConstraint } from "./request-class.ts";

export type Keys = NonNullable<ClassInput["keys"]>;

export const INSTANCE = "i-0123456789abcdef0";

/** A session of the principal's role, or its user. */
export function callerOf(principal: Principal): Caller {
  // the random end of a permission set's roles
  const arn = principal.kind === "sso" ? principal.arnPattern.replaceAll("?", "0") : principal.arn;
  return callerWith(arn, isInstance(principal) ? INSTANCE : "session");
}

/** @param arn of a role, then of a session of it, or of a user */
export function callerWith(arn: string, session = "session"): Caller {
  const [, partition = "", , , account = "", ...rest] = arn.split(":");
  const name = rest.join(":").split("/").at(-1) ?? "";
  const caller = rest.join(":").startsWith("role/")
    ? callerOfArn(`arn:${partition}:sts::${account}:assumed-role/${name}/${session}`, arn)
    : callerOfArn(arn);
  if (caller === undefined)
    throw new PosternError("Internal", `expected a role or user, got ${quote(arn)}`);
  return caller;
}

export function isInstance(principal: Principal): boolean {
  return principal.kind === "ec2" || (principal.kind === "existing" && principal.isInstance);
}

const FACTS = [
  "aws:PrincipalArn",
  "aws:PrincipalAccount",
  "aws:PrincipalType",
  "aws:PrincipalIsAWSService",
  "aws:PrincipalServiceName",
  "aws:username",
  "aws:ResourceAccount",
  "s3:ResourceAccount",
  "kms:CallerAccount",
] as const;

type Facts = ReadonlyMap<string, KeyConstraint>;

const known = new WeakMap<Caller, Map<string, Facts>>();

/**
 * By key in lower case, each with its one value or absent. What is asked of an object has no prefix: that key is of
 * listings alone.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function factsOf(asked: Omit<AccessRequest, "context">): Facts {
  const { caller, action, resource, resourceAccount } = asked;
  const [service = ""] = action.split(":", 1);
  const isOfObject = resource?.head[2] === "s3" && resource.tail.includes("/");
  // all that they depend on
  const name = `${service} ${resource !== undefined} ${isOfObject} ${resourceAccount}`;
  const ofCaller = known.get(caller) ?? new Map<string, Facts>();
  known.set(caller, ofCaller);
  const found = ofCaller.get(name) ?? newFacts(asked, isOfObject);
  ofCaller.set(name, found);
  return found;
}

function newFacts(asked: Omit<AccessRequest, "context">, isOfObject: boolean): Facts {
  const standard = standardKeys(asked, {}, undefined);
  return new Map(
    [...FACTS, ...(isOfObject ? ["s3:prefix"] : [])].map((key) => [
      key.toLowerCase(),
      { kind: "one of", alternatives: [standard[key] ?? []] } as const,
    ]),
  );
}
