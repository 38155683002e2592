/**
 * An authoriser of real policy documents: a caller is stopped by what would stop it in AWS.
 *
 * Loopback is not TLS; to the documents a request came by it all the same, since the sandbox stands in for AWS.
 * @module
 */
import { ownDocuments } from "../policy/bindings.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { type Context, contextOf } from "../policy/context.ts";
import type { Deployment, EndpointDocuments } from "../policy/deployment.ts";
import { parsePolicy, type Policy } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import type { AccessRequest } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { Layer } from "../policy/verdict.ts";
import { parseKeyDocuments } from "./attached.ts";
import type {
  Attached,
  AuthorisationRequest,
  Authoriser,
  DenyingLayer,
  Principal,
} from "./authorise.ts";

/** What binds callers, wherever they go. */
export type CallerDocuments = Pick<Deployment, "account" | "identities" | "endpoints">;

/**
 * By the documents of the caller, of the endpoint that it comes through, and of what it asks for, which requests
 * bring along. A key without any opens for nobody. Of policies whose text is not known nothing is allowed or denied.
 * @param org that the account belongs to
 * @throws {PosternError} BadData when a document is none
 */
export function createAuthoriser(
  { account, identities, endpoints }: CallerDocuments,
  org?: string,
): Authoriser {
  const ownOf = ownDocuments(identities);
  const endpointOf = endpointPolicies(endpoints);
  const knownOf = remembering((principal) => {
    const caller = callerOf(principal);
    return { caller, own: ownOf("arn" in caller ? caller.arn : "") };
  });
  const standardOf = standardContexts(account, org);
  return {
    decide(request) {
      const { principal, action, attached } = request;
      const { caller, own } = knownOf(principal);
      const resource = parseArn(request.resource);
      const asked = { caller, action, resource, resourceAccount: account };
      const context = new Map(standardOf(principal, asked));
      for (const key of Object.keys(request.context)) {
        const values = request.context[key];
        if (values !== undefined && values.length > 0) context.set(key.toLowerCase(), values);
      }
      const verdict = evaluate(
        { ...asked, context },
        {
          ...own,
          resource: attached?.policy,
          scp: [],
          rcp: [],
          endpoint: endpointOf(request),
          grants: attached?.grants ?? [],
        },
      );
      if (verdict.decision === "allow") return { allowed: true };
      const { explicit, layer, statements } = verdict;
      return {
        allowed: false,
        explicit,
        layer: layerOf(layer, action),
        statement: statements[0],
      };
    },
  };
}

/** Principals are records that do not change: what follows from one is worked out once. */
function remembering<Value>(of: (principal: Principal) => Value): (principal: Principal) => Value {
  const known = new WeakMap<Principal, Value>();
  return (principal) => {
    const before = known.get(principal);
    if (before !== undefined) return before;
    const value = of(principal);
    known.set(principal, value);
    return value;
  };
}

/** The keys that follow from who asks for what, which for one caller differ by the service alone. */
function standardContexts(
  account: string,
  org: string | undefined,
): (principal: Principal, asked: Omit<AccessRequest, "context">) => Context {
  const ofPrincipal = remembering(() => new Map<string, Context>());
  return (principal, asked) => {
    const service = asked.action.split(":", 1)[0] ?? "";
    const kind = asked.resource === undefined ? service : `${service} ${account}`;
    const known = ofPrincipal(principal);
    const before = known.get(kind);
    if (before !== undefined) return before;
    const context = contextOf(standardKeys(asked, {}, org));
    known.set(kind, context);
    return context;
  };
}

/**
 * As `createAuthoriser`, where the buckets' and keys' documents are the deployment's as well.
 * @throws {PosternError} BadData when a document is none
 */
export function documentAuthoriser(deployment: Deployment, org?: string): Authoriser {
  const authoriser = createAuthoriser(deployment, org);
  const attached = new Map<string, Attached>();
  for (const { name, policy } of deployment.buckets)
    if (policy !== undefined)
      attached.set(name, { policy: parsePolicy(policy, "resource", name), grants: [] });
  for (const key of deployment.keys) attached.set(key.arn, parseKeyDocuments(key));
  return {
    decide: (request) => {
      const bucket = parseArn(request.resource)?.tail.split("/", 1)[0] ?? "";
      const name = request.action.startsWith("kms:") ? request.resource : bucket;
      return authoriser.decide({ ...request, attached: attached.get(name) });
    },
  };
}

/** Of the endpoint that a request names in its context; one that is not known has the default, which allows all. */
function endpointPolicies(
  endpoints: readonly EndpointDocuments[],
): (request: AuthorisationRequest) => Policy | undefined {
  const policies = new Map(
    endpoints.map(({ id, service, policy }) => [
      `${service} ${id}`,
      parsePolicy(policy, "endpoint", id),
    ]),
  );
  return ({ action, context }) => {
    const id = context["aws:SourceVpce"]?.[0];
    return id === undefined ? undefined : policies.get(`${action.split(":", 1)[0]} ${id}`);
  };
}

function callerOf(principal: Principal): Caller {
  if (principal.kind === "anonymous") return { kind: "anonymous" };
  const { arn } = principal;
  const named =
    principal.kind === "role" ? callerOfArn(principal.sessionArn, arn) : callerOfArn(arn);
  return named ?? { kind: "anonymous" };
}

/** In the words of the sandbox's messages; what the service itself decides reads as what no policy allows. */
function layerOf(layer: Layer, action: string): DenyingLayer {
  if (layer === "boundary" || layer === "endpoint") return layer;
  if (layer !== "resource") return "identity";
  return action.startsWith("kms:") ? "key" : "resource";
}
