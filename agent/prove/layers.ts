/**
 * The documents of a deployment, read once, and what of them binds a request where layers are taken away.
 * @module
 */
import { accountOf } from "../policy/caller.ts";
import type { Deployment } from "../policy/deployment.ts";
import { parsePolicy, type Policy, type Statement } from "../policy/document.ts";
import {
  type Arn,
  type ArnGlob,
  arnGlobOf,
  matchesArn,
  parseArn,
  wildTokens,
} from "../policy/glob.ts";
import { type Grant, parseGrant } from "../policy/grant.ts";
import { withoutIssues } from "../policy/issues.ts";
import type { Policies } from "../policy/request.ts";
import { type LeftOvers, newLeftOvers } from "./left-over.ts";
import type { Actor, Layer, Own, Step } from "./obligation.ts";

/** Of statements that deny, those that are kept. */
export type Kept = ReadonlySet<Statement>;

/** What of a step tells by which documents it is bound. */
export interface Asked {
  readonly resource: Arn | undefined;
  readonly endpoint: string | undefined;
}

export function askedBy({ requestClass: { resource }, endpoint }: Step): Asked {
  return { resource, endpoint };
}

export interface Layers {
  /** @param kept only for a guard */
  readonly policiesFor: (layer: Layer, actor: Actor, asked: Asked, kept?: Kept) => Policies;
  readonly hasDocuments: (arn: string) => boolean;
}

/**
 * For the same layer, caller and resource the policies are the same object.
 * @param parse to read each document with, where one is read for several deployments
 * @throws {PosternError} BadData when a document is none
 */
export function layersOf(deployment: Deployment, parse: Parse = parsePolicy): Layers {
  const { policiesFor, hasDocuments } = newLayers(deployment, parse);
  const known = new Map<Actor, Map<string, Policies>>();
  return {
    hasDocuments,
    policiesFor: (layer, actor, asked, kept) => {
      if (kept !== undefined) return policiesFor(layer, actor, asked, kept);
      const own = known.get(actor) ?? new Map<string, Policies>();
      known.set(actor, own);
      const { resource, endpoint } = asked;
      // without policies of resources it is only asked whether it is a key
      const about = layer === "identity alone" ? (resource?.head[2] ?? "") : nameOf(resource);
      const name = `${layer} ${about} ${endpoint ?? ""}`;
      const found = own.get(name) ?? policiesFor(layer, actor, asked);
      own.set(name, found);
      return found;
    },
  };
}

type Parse = typeof parsePolicy;

function newLayers(deployment: Deployment, parse: Parse): Layers {
  const resources = resourcesOf(deployment, parse);
  const own = identitiesOf(deployment, parse);
  const endpoints = new Map(
    deployment.endpoints.map(({ id, policy }) => [id, parse(policy, "endpoint", id)]),
  );
  const open = openPolicies(deployment);
  const leftOvers = newLeftOvers();
  const policiesFor: Layers["policiesFor"] = (layer, actor, { resource, endpoint }, kept) => {
    const isKey = resource?.head[2] === "kms";
    const found = resources.get(nameOf(resource)) ?? NOTHING;
    const attached =
      actor.isRecreated === true && "arn" in actor.caller
        ? {
            ...found,
            resource: found.resource && leftOvers.withoutArn(found.resource, actor.caller.arn),
          }
        : found;
    const base = { ...attached, scp: [], rcp: [], endpoint: undefined, session: undefined };
    const ownIn = (which: Own): Identity => {
      const documents = own("arn" in actor.caller ? actor.caller.arn : "");
      if (which === "documents") return documents;
      if (which === "everything") return { identity: [EVERYTHING], boundary: undefined };
      return { ...documents, identity: [...documents.identity, EVERYTHING] };
    };
    switch (layer) {
      case "whole":
        return {
          ...base,
          ...ownIn(actor.own),
          endpoint: endpoint === undefined ? undefined : endpoints.get(endpoint),
        };
      case "identity alone":
        return {
          ...base,
          resource:
            accountOf(actor.caller) === deployment.account
              ? isKey
                ? open.key
                : undefined
              : open.anything,
          grants: [],
          ...ownIn("documents"),
        };
      case "bucket policy alone":
        return isKey
          ? { ...base, resource: open.key, ...ownIn("everything") }
          : { ...base, ...ownIn("everything") };
      case "key policy alone":
        return isKey
          ? { ...base, ...ownIn("everything") }
          : { ...base, resource: undefined, ...ownIn("everything") };
      case "guard alone":
        return guarding({ ...base, ...ownIn("both") }, kept ?? NONE, leftOvers);
      case "endpoint policy alone":
        return {
          ...base,
          resource: open.anything,
          grants: [],
          ...ownIn("everything"),
          endpoint: endpoint === undefined ? undefined : endpoints.get(endpoint),
        };
      default:
        return layer satisfies never;
    }
  };
  return { policiesFor, hasDocuments: (arn) => own(arn).identity.length > 0 };
}

const NONE: Kept = new Set();

function guarding(policies: Policies, kept: Kept, { withThose }: LeftOvers): Policies {
  const { identity, resource, boundary } = policies;
  return {
    ...policies,
    identity: identity.map((one) => withThose(one, kept)),
    resource: resource && withThose(resource, kept),
    boundary: boundary && withThose(boundary, kept),
  };
}

type Attached = Pick<Policies, "resource" | "grants">;
type Identity = Pick<Policies, "identity" | "boundary">;

const NOTHING: Attached = { resource: undefined, grants: [] };

const VERSION = "2012-10-17";
const ALLOW_ALL = { Effect: "Allow", Action: "*", Resource: "*" };
const EVERYTHING = parsePolicy({ Version: VERSION, Statement: ALLOW_ALL }, "identity", "*:*");

interface Open {
  /** Leaves all to the policies of the account. */
  readonly key: Policy;
  readonly anything: Policy;
}

function openPolicies({ account }: Deployment): Open {
  const policy = (Principal: unknown, name: string): Policy =>
    parsePolicy({ Version: VERSION, Statement: { ...ALLOW_ALL, Principal } }, "resource", name);
  return {
    key: policy({ AWS: account }, "an open key policy"),
    anything: policy("*", "an open policy"),
  };
}

/** Of an object its bucket; a key's or role's ARN as it is. */
function nameOf(resource: Arn | undefined): string {
  if (resource === undefined) return "";
  return resource.head[2] === "s3" ? (resource.tail.split("/", 1)[0] ?? "") : resource.text;
}

function resourcesOf(
  { buckets, keys, identities }: Deployment,
  parse: Parse,
): ReadonlyMap<string, Attached> {
  const attached = new Map<string, Attached>();
  for (const { name, policy } of buckets)
    if (policy !== undefined)
      attached.set(name, { resource: parse(policy, "resource", name), grants: [] });
  for (const { arn, policy, grants } of keys)
    attached.set(arn, {
      resource: parse(policy, "resource", arn),
      grants: parseGrants(arn, grants),
    });
  for (const { arn, trust } of identities)
    if (trust !== undefined)
      attached.set(arn, { resource: parse(trust, "trust", `${arn} trust`), grants: [] });
  return attached;
}

function parseGrants(arn: string, grants: readonly unknown[]): readonly Grant[] {
  return withoutIssues(arn, (report) =>
    grants
      .map((grant, at) => parseGrant(grant, `grants[${at}]`, report))
      .filter((grant) => grant !== undefined),
  );
}

/** By ARN: the documents of all that it matches, since a permission set stands for many roles. */
function identitiesOf({ identities }: Deployment, parse: Parse): (arn: string) => Identity {
  const parsed = identities.map(({ arn, policies, boundary }): Identity & { pattern: ArnGlob } => ({
    pattern: arnGlobOf(wildTokens(arn)),
    identity: policies.map(({ name, document }) => parse(document, "identity", `${arn} ${name}`)),
    boundary: boundary === undefined ? undefined : parse(boundary, "boundary", `${arn} boundary`),
  }));
  const known = new Map<string, Identity>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const arn = parseArn(text);
    const own = arn === undefined ? [] : parsed.filter(({ pattern }) => matchesArn(pattern, arn));
    const found: Identity = {
      identity: own.flatMap(({ identity }) => identity),
      boundary: own.find(({ boundary }) => boundary !== undefined)?.boundary,
    };
    known.set(text, found);
    return found;
  };
}
