/**
 * Which documents of callers are in force: those of a deployment, and those that grants come to.
 *
 * Documents are read once, and again when what they are made of changes.
 * @module
 */
import type { Deployment } from "../policy/deployment.ts";
import type { Authoriser } from "./authorise.ts";
import { createAuthoriser } from "./documents.ts";
import { type ActionGrant, type Grants, identitiesOf } from "./grants.ts";

export interface Enforcement {
  authoriser(this: void): Authoriser;
  /** Adds to the grants. */
  grant(this: void, ...grants: readonly ActionGrant[]): void;
  /** Puts other grants in force. */
  setGrants(this: void, grants: Grants): void;
  /** Puts something else in force altogether. */
  setAuthoriser(this: void, authoriser: Authoriser): void;
}

/** @throws {PosternError} BadData when a document of the deployment is none */
export function createEnforcement(options: {
  readonly account: string;
  readonly org: string | undefined;
  readonly grants: Grants;
  readonly deployment: Deployment | undefined;
  /** By name, those that there are: what is granted of objects is so in all of them. */
  readonly bucketNames: () => readonly string[];
}): Enforcement {
  const { account, org, deployment, bucketNames } = options;
  let { grants } = options;
  let override: Authoriser | undefined;
  let compiled: { readonly buckets: string; readonly authoriser: Authoriser } | undefined;
  const compile = (names: readonly string[]): Authoriser =>
    createAuthoriser(
      {
        account,
        identities: [
          ...identitiesOf(grants, account, names),
          ...(deployment === undefined ? [] : deployment.identities),
        ],
        endpoints: deployment?.endpoints ?? [],
      },
      org,
    );
  // before anything is served: a document that is none is told of at once
  compile([]);
  const put = (next: Grants): void => {
    grants = next;
    override = undefined;
    compiled = undefined;
  };
  return {
    authoriser() {
      if (override !== undefined) return override;
      const names = bucketNames();
      // no bucket's name has a space
      const buckets = names.join(" ");
      if (compiled?.buckets !== buckets) compiled = { buckets, authoriser: compile(names) };
      return compiled.authoriser;
    },
    grant(...more) {
      put({ ...grants, actions: [...(grants.actions ?? []), ...more] });
    },
    setGrants: put,
    setAuthoriser(other) {
      override = other;
    },
  };
}
