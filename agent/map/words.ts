/**
 * The words of an access map. All of them end up in policies, so none may hold what becomes a wildcard, a variable or a
 * separator there: "*", "?", "$", "{", "}", ",", quotes, or anything beyond ASCII.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import { PosternError } from "../core/errors.ts";
import {
  type GroupName,
  parseGroupName,
  parseKmsKeyArn,
  parseS3Key,
  parseS3Prefix,
  quote,
  type S3Key,
  type S3Prefix,
} from "../core/names.ts";
import { type MapExpectation, type PrincipalName, VERBS } from "./access-map.ts";

/** @throws {PosternError} BadName */
export function parsePrincipalName(text: string): PrincipalName {
  const form = "a-z, 0-9, '.', '_' and '-', at most 56, the first a letter or digit";
  return matching(text, /^[a-z0-9][a-z0-9._-]{0,55}$/, "principal", form) as PrincipalName;
}

/** The name of a role made for hosts, which no principal of the file can have. @throws {PosternError} BadName */
export function parseHostRole(text: string): PrincipalName {
  const form = "host+GROUP+GROUP, at most 64 characters";
  return matching(text, /^host\+[A-Za-z0-9._+-]{1,59}$/, "role", form) as PrincipalName;
}

/** @throws {PosternError} BadName */
export function parseMapGroup(text: string): GroupName {
  return parseGroupName(text);
}

const SEGMENTS = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const SEGMENT_FORM = "letters, digits, '.', '_' and '-' between the slashes";

/** @throws {PosternError} BadName */
export function parseMapKey(text: string): S3Key {
  return parseS3Key(matching(text, SEGMENTS, "key", SEGMENT_FORM));
}

/** @throws {PosternError} BadName */
export function parseMapPrefix(text: string): S3Prefix {
  const prefix = parseS3Prefix(text);
  matching(text.slice(0, -1), SEGMENTS, "prefix", SEGMENT_FORM);
  return prefix;
}

/** A key's ARN, or a name that stands for one. @throws {PosternError} BadName */
export function parseKeyReference(text: string): string {
  if (text.startsWith("arn:")) return parseKmsKeyArn(text);
  const form = "a key ARN, or a name of a-z, 0-9, '_' and '-'";
  return matching(text, /^[a-z0-9][a-z0-9_-]{0,63}$/, "key", form);
}

/** @throws {PosternError} BadName */
export function parseEndpointId(text: string): string {
  return matching(text, /^vpce-[0-9a-f]{8,17}$/, "endpoint", "the id of a VPC endpoint (vpce-...)");
}

/** @throws {PosternError} BadName */
export function parseCidr(text: string): string {
  const [, address = "", bits = ""] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  if (Number(bits) <= most) return text;
  throw refuse("range", text, "an address range such as 203.0.113.0/24");
}

/** @throws {PosternError} BadName */
export function parsePolicyArn(text: string): string {
  const form = "the ARN of a managed policy (arn:aws:iam::ACCOUNT:policy/NAME)";
  return matching(text, /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/, "policy", form);
}

/** A role or user by name, with its path, or by its ARN. @throws {PosternError} BadName */
export function parseRolePath(text: string): string {
  const form = "a name with its path (team/name), or an ARN";
  return matching(
    text,
    /^(arn:aws[a-z-]*:iam::\d{12}:(role|user)\/)?[\w+=.@-]+(\/[\w+=.@-]+)*$/,
    "name",
    form,
  );
}

/** @throws {PosternError} BadName */
export function parseRoleArn(text: string): string {
  const form = "the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME)";
  return matching(text, /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=.@/-]+$/, "role", form);
}

/** @throws {PosternError} BadName */
export function parsePrincipalArn(text: string): string {
  const form = "the ARN of a role or user";
  return matching(text, /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=.@/-]+$/, "ARN", form);
}

/** @throws {PosternError} BadName */
export function parseProvider(text: string): string {
  const form = "a provider's address without https:// (token.actions.githubusercontent.com)";
  return matching(text, /^[a-z0-9.-]+\.[a-z]{2,}(\/[A-Za-z0-9._/-]+)?$/, "provider", form);
}

/**
 * A token's subject; "*" may stand at its end, after something that says whose it is.
 * @throws {PosternError} BadName
 */
export function parseSubject(text: string): string {
  const form = `a subject such as "repo:acme/secrets:ref:refs/heads/main", with "*" at most at its end and not alone`;
  return matching(text, /^[\w:/.@+=|-]{4,}\*?$/, "subject", form);
}

/** @throws {PosternError} BadName */
export function parseService(text: string): string {
  const form = "a service such as ecs-tasks.amazonaws.com";
  return matching(text, /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/, "service", form);
}

/**
 * "web may not read db/*".
 * @throws {PosternError} BadName
 */
export function parseExpectation(text: string): Omit<MapExpectation, "line"> {
  const verbs = VERBS.toSorted((a, b) => b.length - a.length).join("|");
  const found = new RegExp(`^(\\S+) may (not )?(${verbs}) (\\S+)$`).exec(text);
  const [, who = "", not, verb = "", pattern = ""] = found ?? [];
  const isKey = /^([A-Za-z0-9._-]+\/)*([A-Za-z0-9._-]+)?\*?$/.test(pattern);
  if (found === null || !isKey)
    throw refuse(
      "expectation",
      text,
      `"NAME may [not] ${VERBS.join(" | ")} KEY", where KEY may end in "*"`,
    );
  return {
    text,
    principal: parsePrincipalName(who),
    allowed: not === undefined,
    verb: VERBS.find((one) => one === verb) ?? "read",
    pattern,
  };
}

function matching(text: string, pattern: RegExp, what: string, form: string): string {
  if (pattern.test(text)) return text;
  throw refuse(what, text, form);
}

function refuse(what: string, text: string, form: string): PosternError {
  return new PosternError("BadName", `invalid ${what} ${quote(text)}: expected ${form}`);
}
