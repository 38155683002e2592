/** Which guards an existing bucket's policy has, and what of it nothing in a map stands for. @module */
import type { PolicyJson } from "../policy/deployment.ts";
import { statementsOf, textsOf, valuesUnder } from "./adopt-statements.ts";

export interface FoundGuards {
  readonly tls: "1.2" | "1.3" | undefined;
  readonly org: string | undefined;
  readonly presigned: boolean;
  readonly vpces: readonly string[];
  readonly cidrs: readonly string[];
  /** The statements that these are, and those of no more than TLS. */
  readonly statements: ReadonlySet<PolicyJson>;
}

/** Statements that deny everybody what does not come as it should. */
export function foundGuards(policy: PolicyJson | undefined): FoundGuards {
  const statements = new Set<PolicyJson>();
  const all = statementsOf(policy).filter(
    ({ Effect: effect, Principal: principal }) =>
      effect === "Deny" && /^("\*"|\{"AWS":\[?"\*"\]?\})$/.test(JSON.stringify(principal)),
  );
  const values = (operator: RegExp, key: string): readonly string[] =>
    all.flatMap((statement) => {
      // of several conditions one may let through what the guard would stop
      const isAlone = conditionsIn(statement) === 1;
      const found = isAlone ? valuesUnder(statement, operator, key) : [];
      if (found.length > 0) statements.add(statement);
      return found;
    });
  values(/^Bool(IfExists)?$/, "aws:securetransport");
  const tls = values(/^NumericLessThan(IfExists)?$/, "s3:tlsversion");
  const org = values(/^StringNotEquals(IfExists)?$/, "aws:principalorgid");
  const presigned = values(/^String(NotEquals|Equals)(IfExists)?$/, "s3:authtype");
  return {
    tls: tls.some((one) => Number(one) === 1.3) ? "1.3" : tls.length > 0 ? "1.2" : undefined,
    org: org[0],
    presigned: presigned.length > 0,
    vpces: values(/^StringNot(Equals|Like)(IfExists)?$/, "aws:sourcevpce"),
    cidrs: values(/^NotIpAddress(IfExists)?$/, "aws:sourceip"),
    statements,
  };
}

function conditionsIn({ Condition: condition }: PolicyJson): number {
  return Object.values(condition ?? {}).flatMap((keys) => Object.keys(keys ?? {})).length;
}

/**
 * Statements of the bucket's policy that a map does not explain, word for word.
 * @param known ARNs of principals, and of what the groups are
 */
export function keptOfBucket(
  policy: PolicyJson | undefined,
  guards: FoundGuards,
  known: ReadonlySet<string>,
): readonly PolicyJson[] {
  return statementsOf(policy).filter(
    (statement) =>
      !guards.statements.has(statement) && !isExplained(statement, known, USE_OF_BUCKET),
  );
}

/** Likewise of a key's policy, but for what hands it to the account, which a map's key policies do not. */
export function keptOfKey(
  policy: PolicyJson,
  account: string,
  known: ReadonlySet<string>,
): readonly PolicyJson[] {
  return statementsOf(policy).filter(
    (statement) =>
      !isDelegation(statement, account) &&
      !isExplained(statement, new Set([...known, "*"]), USE_OF_KEY),
  );
}

const USE_OF_BUCKET =
  /^s3:(GetObject|PutObject|DeleteObject|ListBucket|GetObjectVersion|ListBucketVersions)$/i;
const USE_OF_KEY = /^kms:(Decrypt|Encrypt|GenerateDataKey|DescribeKey)$/i;

/** Whether it lets principals of the map do, on groups of the map, what readers and publishers do. */
function isExplained(statement: PolicyJson, known: ReadonlySet<string>, use: RegExp): boolean {
  const { Effect: effect, Principal: principal, Action: actions, Resource: resources } = statement;
  const own =
    typeof principal === "object" && principal !== null && "AWS" in principal
      ? principal.AWS
      : undefined;
  const isOnlyAws = typeof principal === "object" && Object.keys(principal ?? {}).length === 1;
  return (
    effect === "Allow" &&
    isOnlyAws &&
    areAll(textsOf(own), (arn) => known.has(arn)) &&
    areAll(textsOf(actions), (action) => use.test(action)) &&
    areAll(textsOf(resources), (resource) => known.has(resource))
  );
}

function areAll(texts: readonly string[], isOne: (text: string) => boolean): boolean {
  return texts.length > 0 && texts.every(isOne);
}

function isDelegation(
  { Effect: effect, Principal: principal }: PolicyJson,
  account: string,
): boolean {
  const said = JSON.stringify(principal ?? null);
  return (
    effect === "Allow" &&
    new RegExp(`^\\{"AWS":\\[?"(arn:aws[a-z-]*:iam::)?${account}(:root)?"\\]?\\}$`).test(said)
  );
}
