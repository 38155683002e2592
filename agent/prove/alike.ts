/**
 * Objects that the documents take alike: what was found of one is true of the others.
 *
 * Of a request that differs by its object alone, the documents are about the object or not; two objects that the same
 * statements are about are decided the same in every context.
 * @module
 */
import type { Policy } from "../policy/document.ts";
import type { Arn } from "../policy/glob.ts";
import { matchesAction, matchesResource } from "../policy/match.ts";
import type { Policies } from "../policy/request.ts";
import type { Finding } from "./decide.ts";

export interface Alike {
  /** What was found of an object like this one under the same policies and action; else what `find` finds. */
  readonly find: (policies: Policies, action: string, object: Arn, find: () => Finding) => Finding;
}

export function newAlike(): Alike {
  const signatureOf = newSignatures();
  const found = new Map<Policies, Map<string, Finding>>();
  return {
    find: (policies, action, object, find) => {
      const known = found.get(policies) ?? new Map<string, Finding>();
      found.set(policies, known);
      const { identity, resource, boundary } = policies;
      const signature = [...identity, resource, boundary]
        .map((policy) => (policy === undefined ? "" : signatureOf(policy, action, object)))
        .join("|");
      const name = `${action} ${signature}`;
      const before = known.get(name);
      // of what was found the request is asked for: it is about one object
      if (before !== undefined && before.kind !== "found") return before;
      const finding = find();
      known.set(name, finding);
      return finding;
    },
  };
}

/** Which statements of a policy are about the action and the object. */
function newSignatures(): (policy: Policy, action: string, object: Arn) => string {
  const known = new Map<Policy, Map<string, Map<string, string>>>();
  return (policy, action, object) => {
    const byAction = known.get(policy) ?? new Map<string, Map<string, string>>();
    known.set(policy, byAction);
    const byObject = byAction.get(action) ?? new Map<string, string>();
    byAction.set(action, byObject);
    const signature = byObject.get(object.text) ?? aboutObject(policy, action, object);
    byObject.set(object.text, signature);
    return signature;
  };
}

function aboutObject({ statements }: Policy, action: string, object: Arn): string {
  const lowerAction = action.toLowerCase();
  return statements
    .filter(
      ({ actions }) =>
        actions.patterns.some((one) => matchesAction(one, lowerAction)) !== actions.negated,
    )
    .map(({ index, resources }) => {
      if (resources === undefined) return index;
      // what it is about depends on the request: then no two objects are alike
      if (resources.patterns.some((one) => one.kind === "variable")) return object.text;
      const isAbout = resources.patterns.some((one) => matchesResource(one, object, NOTHING));
      return isAbout === resources.negated ? "" : index;
    })
    .join();
}

const NOTHING: ReadonlyMap<string, readonly string[]> = new Map();
