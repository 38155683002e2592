/** The requests of which two deployments are asked, each in whatever context. @module */
import { standardKeys } from "../policy/standard-keys.ts";
import { type RequestClass, requestClassOf } from "../prove/request-class.ts";
import type { Somebody } from "./access-callers.ts";
import type { Thing } from "./access-requests.ts";
import type { Candidate, Pair } from "./suspects.ts";

/** One request but for its context. */
export interface Ask {
  readonly somebody: Somebody;
  readonly thing: Thing;
  readonly candidate: Candidate;
  /** Those whose policies are known, of which it comes through none unless `candidate` says so. */
  readonly endpoints: readonly string[];
}

export function asksOf(
  {
    callers,
    things,
    deployments,
  }: {
    readonly callers: readonly Somebody[];
    readonly things: readonly Thing[];
    readonly deployments: Pair;
  },
  isSuspect: (candidate: Candidate) => boolean,
): readonly Ask[] {
  const [{ account }] = deployments;
  return things.flatMap((thing) => {
    const [service] = thing.action.split(":");
    const all = deployments.flatMap((one) => one.endpoints);
    const endpoints = [
      ...new Set(all.filter((one) => one.service === service).map(({ id }) => id)),
    ];
    return callers.flatMap((somebody) =>
      [undefined, ...endpoints].flatMap((endpoint): readonly Ask[] => {
        const candidate: Candidate = {
          caller: somebody.caller,
          action: thing.action,
          lowerAction: thing.action.toLowerCase(),
          resource: thing.resource,
          resourceAccount: account,
          hasBoundary: false,
          endpoint,
        };
        return isSuspect(candidate) ? [{ somebody, thing, candidate, endpoints }] : [];
      }),
    );
  });
}

/** What follows from who asks for what; all else may be anything. */
const OPEN = new Set(["aws:SecureTransport", "aws:ViaAWSService"]);

/** Condition keys that follow from who asks for what. */
export function fixedKeys({
  caller,
  action,
  resource,
  resourceAccount,
}: Candidate): readonly (readonly [key: string, values: readonly string[]])[] {
  const asked = { caller, action, resource, resourceAccount };
  return Object.entries(standardKeys(asked, {}, undefined)).filter(([key]) => !OPEN.has(key));
}

/** All contexts in which it can be asked. */
export function classOf({ candidate, endpoints }: Ask): RequestClass {
  const { caller, action, resource, resourceAccount, endpoint } = candidate;
  const through = endpoint === undefined ? [] : [["aws:SourceVpce", [endpoint]] as const];
  const isElsewhere = endpoint === undefined && endpoints.length > 0;
  return requestClassOf({
    caller,
    action,
    resource,
    resourceAccount,
    keys: Object.fromEntries([...fixedKeys(candidate), ...through]),
    otherKeys: "free",
    where: isElsewhere ? { StringNotEquals: { "aws:SourceVpce": endpoints } } : {},
  });
}
