/** Which documents of a deployment bind a request. @module */
import type { Deployment, IdentityDocuments } from "./deployment.ts";
import { parsePolicy } from "./document.ts";
import { type Arn, type ArnGlob, arnGlobOf, matchesArn, parseArn, wildTokens } from "./glob.ts";
import { type Grant, parseGrant } from "./grant.ts";
import { withoutIssues } from "./issues.ts";
import type { AccessRequest, Policies } from "./request.ts";

/** The documents that bind a request; of policies whose text is not known nothing is allowed or denied. */
export type Bindings = (request: AccessRequest) => Policies;

/**
 * Reads every document once. A bucket or a key that the deployment does not know has no policy: such a key opens for
 * nobody.
 * @throws {PosternError} BadData when a document is none
 */
export function bindingsOf(deployment: Deployment): Bindings {
  const own = ownDocuments(deployment.identities);
  const attached = attachedDocuments(deployment);
  const endpoints = new Map(
    deployment.endpoints.map(({ id, policy }) => [id, parsePolicy(policy, "endpoint", id)]),
  );
  return (request) => {
    const endpoint = request.context.get("aws:sourcevpce")?.[0];
    return {
      ...own("arn" in request.caller ? request.caller.arn : ""),
      ...(attached.get(nameOf(request.resource)) ?? NOTHING),
      endpoint: endpoint === undefined ? undefined : endpoints.get(endpoint),
      scp: [],
      rcp: [],
    };
  };
}

type Attached = Pick<Policies, "resource" | "grants">;
/** What a caller has itself. */
export type OwnDocuments = Pick<Policies, "identity" | "boundary">;

const NOTHING: Attached = { resource: undefined, grants: [] };

/** Of an object its bucket; a key's ARN as it is. */
function nameOf(resource: Arn | undefined): string {
  if (resource === undefined) return "";
  return resource.head[2] === "s3" ? (resource.tail.split("/", 1)[0] ?? "") : resource.text;
}

function attachedDocuments({
  buckets,
  keys,
  identities,
}: Deployment): ReadonlyMap<string, Attached> {
  const attached = new Map<string, Attached>();
  for (const { name, policy } of buckets)
    if (policy !== undefined)
      attached.set(name, { resource: parsePolicy(policy, "resource", name), grants: [] });
  for (const { arn, policy, grants } of keys)
    attached.set(arn, {
      resource: parsePolicy(policy, "resource", arn),
      grants: grantsOf(arn, grants),
    });
  for (const { arn, trust } of identities)
    if (trust !== undefined)
      attached.set(arn, { resource: parsePolicy(trust, "trust", `${arn} trust`), grants: [] });
  return attached;
}

/** @throws {PosternError} BadData */
export function grantsOf(arn: string, grants: readonly unknown[]): readonly Grant[] {
  return withoutIssues(arn, (report) =>
    grants
      .map((grant, at) => parseGrant(grant, `grants[${at}]`, report))
      .filter((grant) => grant !== undefined),
  );
}

/**
 * By the ARN of a role or a user: the documents of all that it matches, since a permission set stands for many roles.
 * @throws {PosternError} BadData when a document is none
 */
export function ownDocuments(
  identities: readonly IdentityDocuments[],
): (arn: string) => OwnDocuments {
  const parsed = identities.map((one): OwnDocuments & { readonly pattern: ArnGlob } => ({
    pattern: arnGlobOf(wildTokens(one.arn)),
    identity: one.policies.map(({ name, document }) =>
      parsePolicy(document, "identity", `${one.arn} ${name}`),
    ),
    boundary:
      one.boundary === undefined
        ? undefined
        : parsePolicy(one.boundary, "boundary", `${one.arn} boundary`),
  }));
  const known = new Map<string, OwnDocuments>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const arn = parseArn(text);
    const own = arn === undefined ? [] : parsed.filter(({ pattern }) => matchesArn(pattern, arn));
    const found: OwnDocuments = {
      identity: own.flatMap(({ identity }) => identity),
      boundary: own.find(({ boundary }) => boundary !== undefined)?.boundary,
    };
    known.set(text, found);
    return found;
  };
}
