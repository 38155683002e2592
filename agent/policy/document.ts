/**
 * Policy documents of IAM, as JSON and in the form that is evaluated.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 * @module
 */
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import { type Condition, parseConditions } from "./condition.ts";
import { below, isRecord, kindOf, type Report, withoutIssues } from "./issues.ts";
import {
  type ActionPattern,
  parseActionPattern,
  parseResourcePattern,
  type ResourcePattern,
} from "./match.ts";
import { parsePrincipal, type PrincipalSet, strings } from "./principal.ts";

/** What a document is attached to, by which it has other elements. */
export type PolicyKind =
  | "identity"
  | "boundary"
  | "session"
  | "scp"
  | "rcp"
  | "endpoint"
  /** Of a bucket or a key. */
  | "resource"
  /** Of a role: who may assume it. */
  | "trust";

export interface Policy {
  /** What it is called where it is told of. */
  readonly name: string;
  readonly kind: PolicyKind;
  readonly version: "2012-10-17" | "2008-10-17";
  readonly statements: readonly Statement[];
}

/** A list, or all but a list. */
export interface Selection<Pattern> {
  readonly negated: boolean;
  readonly patterns: readonly Pattern[];
}

export interface Statement {
  readonly policy: string;
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  /** Undefined where the document's place says whom it is about. */
  readonly principal: { readonly negated: boolean; readonly set: PrincipalSet } | undefined;
  readonly actions: Selection<ActionPattern>;
  /** Undefined in a trust policy, which is about its role. */
  readonly resources: Selection<ResourcePattern> | undefined;
  readonly conditions: readonly Condition[];
}

/**
 * @param value the document as parsed JSON
 * @throws {PosternError} BadData, with every fault and its place
 */
export function parsePolicy(value: unknown, kind: PolicyKind, name: string): Policy {
  return withoutIssues(name, (report) => parseDocument(value, kind, name, report));
}

/** As `parsePolicy`, for one among other things: what is wrong is reported. */
export function parseDocument(
  value: unknown,
  kind: PolicyKind,
  name: string,
  report: Report,
): Policy | undefined {
  if (!isRecord(value)) {
    report("", `expected a policy document, got ${kindOf(value)}`);
    return undefined;
  }
  refuseUnknown(value, ["Version", "Id", "Statement"], "", report);
  // AWS: the default is the old version, whose documents have no variables
  const { Version: version = "2008-10-17", Id: id, Statement: statement } = value;
  if (version !== "2012-10-17" && version !== "2008-10-17") {
    report("Version", `expected "2012-10-17" or "2008-10-17", got ${quote(String(version))}`);
    return undefined;
  }
  // @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
  if (kind === "rcp" && version !== "2012-10-17")
    report("Version", 'expected "2012-10-17", the only version of an rcp policy');
  if (id !== undefined && typeof id !== "string")
    report("Id", `expected a string, got ${kindOf(id)}`);
  const isList = Array.isArray(statement);
  const members: readonly unknown[] = isList ? statement : [statement];
  if (statement === undefined || members.length === 0)
    report("Statement", "expected at least one statement");
  const place = { policy: name, kind, variables: version === "2012-10-17" };
  const statements = members.map((member, index) =>
    parseStatement(
      member,
      { ...place, index },
      isList ? `Statement[${index}]` : "Statement",
      report,
    ),
  );
  // IAM wants each once; of those who keep documents of resources, not all do
  if (kind !== "resource" && kind !== "endpoint") refuseSameSids(statements, report);
  return { name, kind, version, statements: statements.filter((one) => one !== undefined) };
}

interface Place {
  readonly policy: string;
  readonly kind: PolicyKind;
  readonly index: number;
  readonly variables: boolean;
}

const HAS_PRINCIPAL: ReadonlySet<PolicyKind> = new Set(["resource", "trust", "endpoint", "rcp"]);
const EITHER = ["Principal", "Action", "Resource"] as const;

function parseStatement(
  value: unknown,
  { policy, kind, index, variables }: Place,
  path: string,
  report: Report,
): Statement | undefined {
  if (!isRecord(value)) {
    report(path, `expected a statement, got ${kindOf(value)}`);
    return undefined;
  }
  const elements = EITHER.flatMap((name) => [name, `Not${name}`]);
  refuseUnknown(value, ["Sid", "Effect", ...elements, "Condition"], path, report);
  for (const name of EITHER) judgeElement(value, name, kind, path, report);
  const { Sid: sid, Effect: effect, Condition: condition } = value;
  if (sid !== undefined && typeof sid !== "string")
    report(below(path, "Sid"), `expected a string, got ${kindOf(sid)}`);
  if (effect !== "Allow" && effect !== "Deny") {
    report(below(path, "Effect"), `expected "Allow" or "Deny", got ${said(effect)}`);
    return undefined;
  }
  judgeEffect(value, kind, path, report);
  const element = <Pattern>(name: string, parse: (text: string) => Pattern | string) =>
    parseSelection(value, name, parse, path, report);
  const actions = element("Action", parseActionPattern);
  const resources = element("Resource", (text) => parseResourcePattern(text, variables));
  const principalName = value["NotPrincipal"] === undefined ? "Principal" : "NotPrincipal";
  const principal = value[principalName];
  return {
    policy,
    index,
    sid: typeof sid === "string" && sid !== "" ? sid : undefined,
    effect,
    principal:
      principal === undefined
        ? undefined
        : {
            negated: principalName === "NotPrincipal",
            set: parsePrincipal(principal, below(path, principalName), report),
          },
    actions: actions ?? { negated: false, patterns: [] },
    resources,
    conditions:
      condition === undefined
        ? []
        : parseConditions(condition, variables, below(path, "Condition"), report),
  };
}

function parseSelection<Pattern>(
  statement: Readonly<Record<string, unknown>>,
  name: string,
  parse: (text: string) => Pattern | string,
  path: string,
  report: Report,
): Selection<Pattern> | undefined {
  const negated = statement[`Not${name}`] !== undefined;
  const member = negated ? `Not${name}` : name;
  if (statement[member] === undefined) return undefined;
  const patterns = strings(statement[member], below(path, member), report).flatMap(
    ([text, place]) => {
      const pattern = parse(text);
      if (typeof pattern !== "string") return [pattern];
      report(place, pattern);
      return [];
    },
  );
  return { negated, patterns };
}

/** Whether the element, or its opposite, stands where it must and nowhere else. */
function judgeElement(
  statement: Readonly<Record<string, unknown>>,
  name: (typeof EITHER)[number],
  kind: PolicyKind,
  path: string,
  report: Report,
): void {
  const given = [name, `Not${name}`].filter((one) => statement[one] !== undefined);
  const [first, second] = given;
  if (second !== undefined) report(path, `expected ${name} or Not${name}, got both`);
  const belongs =
    name === "Principal" ? HAS_PRINCIPAL.has(kind) : name === "Action" || kind !== "trust";
  const what = `${kind} policy`;
  if (first !== undefined && !belongs) report(below(path, first), `no element of a ${what}`);
  if (first === undefined && belongs) report(path, `expected ${name}, which a ${what} has`);
}

/** What some kinds of document do not have. */
function judgeEffect(
  statement: Readonly<Record<string, unknown>>,
  kind: PolicyKind,
  path: string,
  report: Report,
): void {
  const { Effect: effect, NotPrincipal: notPrincipal, Principal: principal } = statement;
  // AWS: "You must use NotPrincipal with Effect Deny", and not in a trust policy
  if (notPrincipal !== undefined && (effect === "Allow" || kind === "trust" || kind === "rcp"))
    report(below(path, "NotPrincipal"), "expected it with the effect Deny on a resource alone");
  if (kind !== "rcp") return;
  // @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
  if (principal !== undefined && principal !== "*")
    report(below(path, "Principal"), 'expected "*", the only principal of an rcp policy');
  if (statement["NotAction"] !== undefined)
    report(below(path, "NotAction"), "no element of an rcp policy");
  const isFullAccess = statement["Action"] === "*" && statement["Resource"] === "*";
  if (effect === "Allow" && !(isFullAccess && statement["Condition"] === undefined))
    report(below(path, "Effect"), 'expected "Deny": only AWS\'s own RCPFullAWSAccess allows');
}

function refuseUnknown(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: string,
  report: Report,
): void {
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const near = nearestWord(name, known);
    const hint = near === undefined ? "" : `; did you mean ${quote(near)}?`;
    report(below(path, name), `expected a known element, got ${quote(name)}${hint}`);
  }
}

function refuseSameSids(statements: readonly (Statement | undefined)[], report: Report): void {
  const seen = new Set<string>();
  for (const [at, statement] of statements.entries()) {
    if (statement?.sid === undefined) continue;
    if (seen.has(statement.sid))
      report(`Statement[${at}].Sid`, `expected each Sid once, got ${quote(statement.sid)} again`);
    seen.add(statement.sid);
  }
}

function said(value: unknown): string {
  return typeof value === "string" ? quote(value) : kindOf(value);
}
