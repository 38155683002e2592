/** Who may do what with each group, by documents, and how two answers differ. @module */
import { type AccessMap, VERBS, type Verb } from "../map/access-map.ts";
import { bindingsOf } from "../policy/bindings.ts";
import { contextOf } from "../policy/context.ts";
import type { Deployment, PolicyJson } from "../policy/deployment.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import { isRecord } from "../policy/issues.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import { sessionOf } from "./access-callers.ts";
import type { FoundPrincipal } from "./adopt-principals.ts";
import { askOf, decide, exampleKey } from "./asks.ts";
import { rolesOf } from "./comparable.ts";

/** By principal and group. */
export type AccessTable = readonly {
  readonly principal: string;
  readonly group: string;
  readonly verbs: ReadonlySet<Verb>;
}[];

/** @throws {PosternError} BadData when a document is none */
export function accessOf(map: AccessMap, deployment: Deployment): AccessTable {
  const bindings = bindingsOf(withForeigners(map, withoutSuffixes(deployment)));
  return map.principals.flatMap((principal) =>
    map.groups.map((group) => {
      const key = exampleKey(group);
      const verbs = VERBS.filter((verb) => {
        const asked = verb === "list" && group.reach.kind === "prefix" ? group.reach.prefix : key;
        const ask = askOf(map, map.home, { principal, verb, key: asked, group });
        return decide(ask, bindings).allowed;
      });
      return { principal: principal.name, group: group.name, verbs: new Set(verbs) };
    }),
  );
}

/** What another account lets its roles do is not told: they are taken to be let do everything. */
function withForeigners({ principals }: AccessMap, deployment: Deployment): Deployment {
  const Statement = { Effect: "Allow", Action: "*", Resource: "*" };
  const foreigners = principals
    .filter((one) => one.kind === "foreign")
    .map(({ arn }): Deployment["identities"][number] => ({
      kind: "role",
      arn,
      trust: undefined,
      maxSessionSeconds: undefined,
      hasInstanceProfile: false,
      policies: [
        { name: "its account", form: "inline", document: { Version: "2012-10-17", Statement } },
      ],
      foreignPolicies: [],
      boundary: undefined,
    }));
  return { ...deployment, identities: [...deployment.identities, ...foreigners] };
}

/** A map knows a permission set's roles by their pattern, and asks for the one that ends in zeros. */
function withoutSuffixes(deployment: Deployment): Deployment {
  const zeros = (text: string): string =>
    text.replaceAll(/(AWSReservedSSO_[\w+=,.@-]+_)[0-9a-f]{16}/g, `$1${"0".repeat(16)}`);
  const rewritten = (document: PolicyJson): PolicyJson => {
    const value: unknown = JSON.parse(zeros(JSON.stringify(document)));
    return isRecord(value) ? value : document;
  };
  return {
    ...deployment,
    buckets: deployment.buckets.map((one) => {
      return { ...one, policy: one.policy && rewritten(one.policy) };
    }),
    keys: deployment.keys.map((one) => ({ ...one, policy: rewritten(one.policy) })),
    identities: deployment.identities.map((one) => ({ ...one, arn: zeros(one.arn) })),
  };
}

export function diffAccess(
  before: AccessTable,
  after: AccessTable,
): { readonly lost: readonly string[]; readonly gained: readonly string[] } {
  const only = (one: AccessTable, other: AccessTable): readonly string[] =>
    one.flatMap(({ principal, group, verbs }) => {
      const match = other.find((cell) => cell.principal === principal && cell.group === group);
      return [...verbs]
        .filter((verb) => match?.verbs.has(verb) !== true)
        .map((verb) => `${principal}: ${verb} ${group}`);
    });
  return { lost: only(before, after), gained: only(after, before) };
}

/** With the policies that roles and users have already: they stay until somebody takes them off. */
export function withOwnPolicies(generated: Deployment, existing: Deployment): Deployment {
  const known = generated.identities.map((one) => {
    const [own] = rolesOf(one, existing);
    return own === undefined
      ? one
      : { ...one, policies: [...one.policies, ...own.policies], boundary: own.boundary };
  });
  const others = existing.identities.filter(
    ({ arn }) =>
      !generated.identities.some((one) => rolesOf(one, existing).some((role) => role.arn === arn)),
  );
  return { ...generated, identities: [...known, ...others] };
}

/** Who may change the bucket's policy. */
export function administratorsOf(
  deployment: Deployment,
  bucket: string,
  principals: readonly FoundPrincipal[],
): readonly string[] {
  const bindings = bindingsOf(deployment);
  return principals.flatMap(({ name, arn }) => {
    const caller = sessionOf(arn);
    if (caller === undefined) return [];
    const asked = {
      caller,
      action: "s3:PutBucketPolicy",
      resource: parseArn(`arn:${deployment.partition}:s3:::${bucket}`),
      resourceAccount: deployment.account,
    };
    const keys = { "s3:TlsVersion": ["1.3"], "s3:authType": ["REST-HEADER"] };
    const context = contextOf({ ...standardKeys(asked, keys, undefined), ...keys });
    const request = { ...asked, context };
    return evaluate(request, bindings(request)).decision === "allow" ? [name] : [];
  });
}
