/**
 * Why AWS let somebody not assume a role of the map: whom its trust policy lets in, and under what.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { AccessMap, Principal } from "../map/access-map.ts";
import type { Bindings } from "../policy/bindings.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import type { Statement } from "../policy/document.ts";
import { parseArn } from "../policy/glob.ts";
import { namingOf } from "../policy/principal.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Denial } from "./denial.ts";
import { othersRemedy, type Remedy } from "./remedy.ts";

export interface ExplainedAssume {
  readonly denial: Denial;
  /** Whose role it is. */
  readonly role: Principal;
  /** Of the trust policy; undefined where that is not known. */
  readonly statements: readonly Statement[] | undefined;
  /** Those that let the caller in, if their conditions hold. */
  readonly naming: readonly Statement[];
  readonly remedy: Remedy | undefined;
}

export function isAssuming({ action }: Denial): boolean {
  return action === "sts:AssumeRole";
}

/** @throws {PosternError} NotFound for a role that is not in the map */
export function explainAssume(map: AccessMap, bindings: Bindings, denial: Denial): ExplainedAssume {
  const { caller, told } = denial;
  const role = roleOf(map, denial);
  const statements = bindings(requestOf(map, denial)).resource?.statements;
  const naming = (statements ?? []).filter((one) => one.effect === "Allow" && names(one, caller));
  const others = told === undefined ? undefined : othersRemedy(map, told);
  const own = naming.length === 0 ? trustRemedy(map, role, caller) : undefined;
  return { denial, role, statements, naming, remedy: others ?? own };
}

/** @throws {PosternError} NotFound */
function roleOf({ principals, file }: AccessMap, { resource }: Denial): Principal {
  if (resource === undefined)
    throw new PosternError(
      "NotFound",
      `expected a role of ${file}, got a message that names none`,
      {
        hint: 'write "on resource: ARN" with the ARN of the role behind sts:AssumeRole',
      },
    );
  const role = principals.find((one) => "arn" in one && one.arn === resource);
  if (role !== undefined) return role;
  throw new PosternError("NotFound", `${quote(resource)}: expected a role of ${file}, got another`);
}

/** By which the trust policy is found. */
function requestOf({ account }: AccessMap, { action, resource = "" }: Denial): AccessRequest {
  return {
    caller: { kind: "anonymous" },
    action,
    resource: parseArn(resource),
    resourceAccount: account,
    context: new Map(),
  };
}

function names({ principal }: Statement, caller: Denial["caller"]): boolean {
  if (principal === undefined || principal.negated || caller.kind === "unnamed") return false;
  if (namingOf(principal.set, caller) !== undefined) return true;
  return caller.kind === "role" && [...principal.set.arns].some((arn) => isSameRole(arn, caller));
}

/** A session's ARN lacks the path of its role; an account has no two roles of one name. */
function isSameRole(
  arn: string,
  { account, arn: own }: Caller & { readonly kind: "role" },
): boolean {
  const named = callerOfArn(arn);
  return (
    named?.kind === "role" &&
    named.account === account &&
    named.arn.split("/").at(-1) === own.split("/").at(-1)
  );
}

/** Of who is not trusted. */
function trustRemedy(map: AccessMap, role: Principal, caller: Denial["caller"]): Remedy {
  const line = map.lineOf(["principals", role.name]);
  switch (role.kind) {
    case "human":
      return "arn" in caller && "account" in caller
        ? { kind: "edit", edit: `add ${quote(caller.arn)} to trusted of ${role.name}`, line }
        : none("only people whom the map names assume that role", line);
    case "ec2":
      return none("nothing need change: nobody but EC2 assumes that role, for instances", line);
    case "service":
      return none(`nothing need change: nobody but ${role.service} assumes that role`, line);
    case "oidc":
      return none(
        `nothing need change: that role is assumed with a token of ${role.provider} alone, by sts:AssumeRoleWithWebIdentity`,
        line,
      );
    case "existing":
    case "sso":
    case "user":
    case "foreign":
      return none(
        "the map makes no trust policy for it: who keeps the role says who assumes it",
        line,
      );
    default:
      return role satisfies never;
  }
}

function none(edit: string, line: number): Remedy {
  return { kind: "none", edit, line };
}
