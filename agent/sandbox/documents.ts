/**
 * An authoriser of real policy documents: the sandbox then stops a caller by what would stop it in AWS.
 *
 * Loopback is not TLS; to the documents a request came by it all the same, since the sandbox stands in for AWS.
 * @module
 */
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { contextOf } from "../policy/context.ts";
import type { Deployment, IdentityDocuments, KeyDocuments } from "../policy/deployment.ts";
import { parsePolicy, type Policy } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import { type ArnGlob, arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { type Grant, parseGrant } from "../policy/grant.ts";
import { withoutIssues } from "../policy/issues.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { AuthorisationRequest, Authoriser, Decision, Principal } from "./authorise.ts";

/**
 * A bucket or a key that the deployment does not know has no policy: such a key opens for nobody. Of policies whose
 * text is not known nothing is allowed or denied.
 * @param org that the account belongs to
 * @throws {PosternError} BadData when a document is none
 */
export function documentAuthoriser(deployment: Deployment, org?: string): Authoriser {
  const { account } = deployment;
  const ownOf = ownDocuments(deployment.identities);
  const buckets = new Map(
    deployment.buckets.map(({ name, policy }) => [
      name,
      policy === undefined ? undefined : parsePolicy(policy, "resource", name),
    ]),
  );
  const keys = new Map(deployment.keys.map((key) => [key.arn, parseKey(key)]));
  return {
    decide: (request) => {
      const caller = callerOf(request.principal);
      const resource = parseArn(request.resource);
      const isKey = request.action.startsWith("kms:");
      const asked = { caller, action: request.action, resource, resourceAccount: account };
      const context = { ...standardKeys(asked, request.context, org), ...request.context };
      const own = ownOf("arn" in caller ? caller.arn : "");
      const key = keys.get(request.resource);
      const verdict = evaluate(
        { ...asked, context: contextOf(context) },
        {
          ...own,
          resource: isKey ? key?.policy : buckets.get(bucketOf(request)),
          scp: [],
          rcp: [],
          grants: key?.grants ?? [],
        },
      );
      if (verdict.decision === "allow") return { allowed: true };
      const { explicit, layer } = verdict;
      return { allowed: false, explicit, layer: layerOf(layer, isKey) };
    },
  };
}

interface OwnDocuments {
  readonly identity: readonly Policy[];
  readonly boundary: Policy | undefined;
}

/** By the ARN of a role or a user: of all that it matches, since a permission set stands for many roles. */
function ownDocuments(identities: readonly IdentityDocuments[]): (arn: string) => OwnDocuments {
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
    const found = {
      identity: own.flatMap(({ identity }) => identity),
      boundary: own.find(({ boundary }) => boundary !== undefined)?.boundary,
    };
    known.set(text, found);
    return found;
  };
}

function parseKey({ arn, policy, grants }: KeyDocuments): {
  readonly policy: Policy;
  readonly grants: readonly Grant[];
} {
  return {
    policy: parsePolicy(policy, "resource", arn),
    grants: withoutIssues(arn, (report) =>
      grants
        .map((grant, at) => parseGrant(grant, `grants[${at}]`, report))
        .filter((grant) => grant !== undefined),
    ),
  };
}

function callerOf(principal: Principal): Caller {
  if (principal.kind === "anonymous") return { kind: "anonymous" };
  const { arn } = principal;
  const named =
    principal.kind === "role" ? callerOfArn(principal.sessionArn, arn) : callerOfArn(arn);
  return named ?? { kind: "anonymous" };
}

function bucketOf({ resource }: AuthorisationRequest): string {
  return parseArn(resource)?.tail.split("/", 1)[0] ?? "";
}

/** In the words of the sandbox's messages, which know of no other layers. */
function layerOf(layer: string, isKey: boolean): Extract<Decision, { allowed: false }>["layer"] {
  if (layer !== "resource") return "identity";
  return isKey ? "key" : "resource";
}
