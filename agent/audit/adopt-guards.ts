/**
 * Which guards an existing bucket's policy has.
 *
 * A statement is one if it denies everybody everything in the bucket, by the guard's condition alone. Beside it may stand
 * those conditions by which this program's own statements spare services, and what lacks the key.
 * @module
 */
import type { PolicyJson } from "../policy/deployment.ts";
import { conditionsOf, isDenialOfAll, statementsOf, textsOf } from "./adopt-statements.ts";

export interface FoundNetwork {
  /** Whose it is; undefined: everybody's. */
  readonly arns: readonly string[] | undefined;
  readonly vpces: readonly string[];
  readonly cidrs: readonly string[];
}

export interface FoundGuards {
  readonly tls: "1.2" | "1.3" | undefined;
  readonly org: string | undefined;
  readonly presigned: boolean;
  readonly networks: readonly FoundNetwork[];
  /** The statements that these are, and those of no more than TLS. */
  readonly statements: ReadonlySet<PolicyJson>;
}

type Found =
  | { readonly kind: "wire" | "presigned" }
  | { readonly kind: "tls" | "org"; readonly value: string }
  | { readonly kind: "network"; readonly network: FoundNetwork };

/** @param bucket its ARN */
export function foundGuards(policy: PolicyJson | undefined, bucket: string): FoundGuards {
  const found = statementsOf(policy).flatMap((statement) => {
    const guard = isOfAll(statement, bucket) ? guardOf(statement) : undefined;
    return guard === undefined ? [] : [{ statement, guard }];
  });
  const guards = found.map(({ guard }) => guard);
  const values = (kind: "tls" | "org"): readonly string[] =>
    guards.flatMap((one) => (one.kind === kind ? [one.value] : []));
  const tls = values("tls");
  return {
    tls: tls.some((one) => Number(one) === 1.3) ? "1.3" : tls.length > 0 ? "1.2" : undefined,
    org: values("org")[0],
    presigned: guards.some(({ kind }) => kind === "presigned"),
    networks: guards.flatMap((one) => (one.kind === "network" ? [one.network] : [])),
    statements: new Set(found.map(({ statement }) => statement)),
  };
}

function isOfAll(statement: PolicyJson, bucket: string): boolean {
  const resources = textsOf(statement["Resource"]);
  return (
    isDenialOfAll(statement) &&
    textsOf(statement["Action"]).some((action) => /^(s3:)?\*$/i.test(action)) &&
    [`${bucket}/*`, `${bucket}*`, "*"].some((all) => resources.includes(all))
  );
}

/** Undefined where a condition is none of the guard's: it may let through what the guard would stop. */
function guardOf(statement: PolicyJson): Found | undefined {
  const conditions = conditionsOf(statement);
  const main = conditions.filter((one) => !isSparing(one));
  const [only, ...more] = main;
  if (only === undefined) return undefined;
  const { operator, lowerKey, values } = only;
  const [value = ""] = values;
  if (more.length === 0 && values.length === 1) {
    if (/^Bool(IfExists)?$/.test(operator) && lowerKey === "aws:securetransport")
      return value === "false" ? { kind: "wire" } : undefined;
    if (/^NumericLessThan(IfExists)?$/.test(operator) && lowerKey === "s3:tlsversion")
      return Number(value) >= 1.2 ? { kind: "tls", value } : { kind: "wire" };
    if (NOT_EQUAL.test(operator) && lowerKey === "aws:principalorgid")
      return { kind: "org", value };
    if (lowerKey === "s3:authtype") return presignedOf(operator, value);
  }
  return networkOf(main);
}

const NOT_EQUAL = /^StringNotEquals(IfExists)?$/;

function presignedOf(operator: string, value: string): Found | undefined {
  const isHeader = NOT_EQUAL.test(operator) && value === "REST-HEADER";
  const isQuery = /^StringEquals(IfExists)?$/.test(operator) && value === "REST-QUERY-STRING";
  return isHeader || isQuery ? { kind: "presigned" } : undefined;
}

/** What spares services, which a map's guards do too, and requests without the key. */
function isSparing({ operator, lowerKey, values }: ReturnType<typeof conditionsOf>[number]) {
  const isFalse = values.length === 1 && values[0] === "false";
  return (
    isFalse &&
    ((/^Bool(IfExists)?$/.test(operator) &&
      ["aws:viaawsservice", "aws:principalisawsservice"].includes(lowerKey)) ||
      (operator === "Null" && lowerKey === "s3:authtype"))
  );
}

/** Endpoints, addresses, or either: of everybody, or of those that it names. */
function networkOf(conditions: ReturnType<typeof conditionsOf>): Found | undefined {
  const under = (operator: RegExp, key: string) =>
    conditions.filter((one) => operator.test(one.operator) && one.lowerKey === key);
  const vpces = under(/^StringNot(Equals|Like)(IfExists)?$/, "aws:sourcevpce");
  const cidrs = under(/^NotIpAddress(IfExists)?$/, "aws:sourceip");
  const whose = under(/^Arn(Like|Equals)$/, "aws:principalarn");
  const parts = [vpces, cidrs, whose];
  const isWhole = parts.flat().length === conditions.length;
  const isOnce = parts.every((one) => one.length <= 1);
  if (!isWhole || !isOnce || vpces.length + cidrs.length === 0) return undefined;
  const isPattern = [...vpces, ...whose].some((one) =>
    one.values.some((text) => /[*$]/.test(text)),
  );
  if (isPattern) return undefined;
  return {
    kind: "network",
    network: {
      arns: whose[0]?.values,
      vpces: vpces.flatMap(({ values }) => values),
      cidrs: cidrs.flatMap(({ values }) => values),
    },
  };
}
