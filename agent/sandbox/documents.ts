/**
 * An authoriser of real policy documents: the sandbox then stops a caller by what would stop it in AWS.
 *
 * Loopback is not TLS; to the documents a request came by it all the same, since the sandbox stands in for AWS.
 * @module
 */
import { type Caller, callerOfArn } from "../policy/caller.ts";
import { contextOf } from "../policy/context.ts";
import { parsePolicy, type Policy } from "../policy/document.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseArn } from "../policy/glob.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { AuthorisationRequest, Authoriser, Decision, Principal } from "./authorise.ts";

/** Documents as parsed JSON. */
export interface Documents {
  /** The account that owns the buckets and keys. */
  readonly account: string;
  readonly org?: string;
  /** By the ARN of the role or user. */
  readonly identities: Readonly<Record<string, readonly unknown[]>>;
  readonly boundaries?: Readonly<Record<string, unknown>>;
  /** By the bucket's name. */
  readonly buckets?: Readonly<Record<string, unknown>>;
  /** By the key's ARN. A key without a policy opens for nobody. */
  readonly keys?: Readonly<Record<string, unknown>>;
}

/** @throws {PosternError} BadData when a document is none */
export function documentAuthoriser(documents: Documents): Authoriser {
  const { account, org, boundaries = {}, buckets = {}, keys = {} } = documents;
  const identities = new Map(
    Object.entries(documents.identities).map(([arn, list]) => [
      arn,
      list.map((one, at) => parsePolicy(one, "identity", `${arn}[${at}]`)),
    ]),
  );
  const boundaryOf = parsedEach(boundaries, "boundary");
  const bucketPolicies = parsedEach(buckets, "resource");
  const keyPolicies = parsedEach(keys, "resource");
  return {
    decide: (request) => {
      const caller = callerOf(request.principal);
      const own = "arn" in caller ? caller.arn : "";
      const resource = parseArn(request.resource);
      const isKey = request.action.startsWith("kms:");
      const asked = { caller, action: request.action, resource, resourceAccount: account };
      const verdict = evaluate(
        {
          ...asked,
          context: contextOf({
            ...standardKeys(asked, request.context, org),
            ...request.context,
          }),
        },
        {
          identity: identities.get(own) ?? [],
          boundary: boundaryOf.get(own),
          resource: isKey
            ? keyPolicies.get(request.resource)
            : bucketPolicies.get(bucketOf(request)),
          scp: [],
          rcp: [],
          grants: [],
        },
      );
      if (verdict.decision === "allow") return { allowed: true };
      const { explicit, layer } = verdict;
      return { allowed: false, explicit, layer: layerOf(layer, isKey) };
    },
  };
}

function parsedEach(
  documents: Readonly<Record<string, unknown>>,
  kind: "boundary" | "resource",
): ReadonlyMap<string, Policy> {
  return new Map(
    Object.entries(documents).map(([name, one]) => [name, parsePolicy(one, kind, name)]),
  );
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
