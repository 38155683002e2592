/**
 * A request that shows a harm, as a scenario of `postern policy simulate`: anyone can decide it again.
 * @module
 */
import type { Caller } from "../policy/caller.ts";
import { type Context, contextOf } from "../policy/context.ts";
import { parsePolicy, type Policy } from "../policy/document.ts";
import { wordOf } from "../policy/expectation.ts";
import { parseArn } from "../policy/glob.ts";
import type { AccessRequest, Policies } from "../policy/request.ts";
import { standardKeys } from "../policy/standard-keys.ts";
import type { Verdict } from "../policy/verdict.ts";
import type { LintDocument } from "./document.ts";
import { decide, findContext, type Goal, type Question } from "./search.ts";
import type { DocumentSet } from "./set.ts";

/** The members of a scenario. */
export interface Witness {
  readonly name: string;
  readonly principal: Readonly<Record<string, string | true>>;
  readonly action: string;
  readonly resource: { readonly arn: string; readonly account: string };
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  readonly policies: Readonly<Record<string, unknown>>;
  readonly expect: string;
}

/** Documents with which a request is decided: of the set, or taken for granted. */
export interface Layers {
  readonly identity: readonly Document[];
  readonly resource?: Document | undefined;
  readonly boundary?: Document | undefined;
  /** Of the endpoint that the request comes through. */
  readonly endpoint?: Document | undefined;
}

export type Document = Pick<LintDocument, "policy" | "value">;

export interface Ask {
  readonly set: DocumentSet;
  /** What it shows, in a few words: "a sibling of the prefix is read". */
  readonly name: string;
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  readonly layers: Layers;
  /** Keys that the request has; without a value, those that it lacks. Other keys of its conditions are looked for. */
  readonly context?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Keys that follow from who asks, or are facts, by their beginning in lower case: they are not looked for. */
  readonly facts?: readonly string[] | undefined;
}

// what follows from the caller, whatever its documents say
const FACTS = [
  "aws:principalarn",
  "aws:principalaccount",
  "aws:principaltype",
  "aws:principalisawsservice",
  "aws:principalservicename",
  "aws:username",
  "aws:viaawsservice",
  "aws:resourceaccount",
  "s3:resourceaccount",
  "kms:calleraccount",
];

/** A context in which the evaluator decides as wanted; undefined when none was found. */
export function witnessOf(ask: Ask, goal: Goal): Witness | undefined {
  const found = findContext(questionOf(ask), goal);
  return found === undefined ? undefined : told(ask, found.context, found.verdict);
}

/** The request in the very context that is given, whatever is decided; undefined when it cannot be. */
export function decideAsIs(
  ask: Ask,
): { readonly verdict: Verdict; readonly witness: Witness } | undefined {
  const question = questionOf(ask);
  const { context } = question.request;
  const verdict = decide(question, context);
  return verdict && { verdict, witness: told(ask, context, verdict) };
}

/** A witness, if the request is not allowed in the very context that is given. */
export function refusalOf(ask: Ask): Witness | undefined {
  const decided = decideAsIs(ask);
  return decided?.verdict.decision === "deny" ? decided.witness : undefined;
}

function questionOf({
  set,
  caller,
  action,
  resource,
  layers,
  context = {},
  facts = [],
}: Ask): Question {
  const request: Omit<AccessRequest, "context"> = {
    caller,
    action,
    resource: parseArn(resource),
    resourceAccount: accountIn(resource, set),
  };
  const fixed = [...FACTS, ...Object.keys(context).map((key) => key.toLowerCase())];
  return {
    request: {
      ...request,
      context: contextOf({ ...standardKeys(request, context, undefined), ...context }),
    },
    policies: policiesOf(layers),
    isFixed: (key) => fixed.includes(key) || facts.some((one) => key.startsWith(one)),
  };
}

/** Buckets and objects do not show their account. */
function accountIn(resource: string, { account }: DocumentSet): string {
  return /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(resource)?.[1] ?? account;
}

function policiesOf({ identity, resource, boundary, endpoint }: Layers): Policies {
  return {
    identity: identity.map(({ policy }) => policy),
    resource: resource?.policy,
    boundary: boundary?.policy,
    endpoint: endpoint?.policy,
    scp: [],
    rcp: [],
    grants: [],
  };
}

function told(
  { set, name, caller, action, resource, layers }: Ask,
  context: Context,
  verdict: Verdict,
): Witness {
  const { identity, resource: own, boundary, endpoint } = layers;
  return {
    name,
    principal: principalOf(caller),
    action,
    resource: { arn: resource, account: accountIn(resource, set) },
    context: Object.fromEntries(
      [...context].map(([key, values]) => [
        key,
        values.length === 1 && values[0] !== undefined ? values[0] : values,
      ]),
    ),
    policies: {
      ...(identity.length > 0 ? { identity: identity.map(({ value }) => value) } : {}),
      ...(own === undefined ? {} : { resource: own.value }),
      ...(boundary === undefined ? {} : { boundary: boundary.value }),
      ...(endpoint === undefined ? {} : { endpoint: endpoint.value }),
    },
    expect: wordOf(verdict),
  };
}

function principalOf(caller: Caller): Readonly<Record<string, string | true>> {
  switch (caller.kind) {
    case "service":
      return { service: caller.name };
    case "federated":
      return { federated: caller.provider };
    case "anonymous":
      return { anonymous: true };
    case "role":
      return { arn: caller.session ?? caller.arn };
    case "root":
    case "user":
    case "federated user":
      return { arn: caller.arn };
    default:
      return caller satisfies never;
  }
}

/** Taken for granted of a caller whose own documents are not judged: whatever they may allow. */
export const ALL_ACCESS: Document = documentOf("identity", {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});

/** Taken for granted of a key whose policy is not known: it lets the account's own policies decide. */
export function openKey({ partition, account }: DocumentSet): Document {
  return documentOf("resource", {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:${partition}:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
}

export function documentOf(kind: Policy["kind"], value: unknown): Document {
  return { value, policy: parsePolicy(value, kind, "assumed") };
}
