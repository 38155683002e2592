/**
 * What must hold of the documents that lie in an account, told by the access map alone.
 *
 * Nothing here knows a document: which statement keeps a promise is found out when it is proved.
 * @module
 */
import type { BucketName } from "../core/names.ts";
import type { Caller } from "../policy/caller.ts";
import type { Decision } from "./chain.ts";
import type { RequestClass } from "./request-class.ts";

export interface Obligation {
  /** "web/read/db denied: bucket policy alone"; each once, the same from one run to the next. */
  readonly id: string;
  readonly kind: ObligationKind;
  readonly layer: Layer;
  /** Of the map. */
  readonly line: number;
  readonly actor: Actor;
  /** That groups lie in and of whose keys it is; undefined for the home bucket. */
  readonly bucket?: BucketName | undefined;
  readonly expected: Decision;
  /** What objects it is about; undefined when it is about none. */
  readonly objects: ObjectSet | undefined;
  /**
   * For an object's key (or "") the ways of asking, each of which must be decided as expected: a chain of requests
   * is allowed when all of them are.
   */
  readonly ways: (key: string) => readonly Way[];
  /**
   * From key to key the requests differ by their resource alone: of keys that the documents take alike one is asked for.
   * Where nothing is `typical`, it is one request in whatever context, the same for all obligations of the actor, layer and
   * action.
   */
  readonly similar?: Similar | undefined;
  /**
   * Of a guard: requests in which it alone is broken, by which the statements that keep it are found.
   */
  readonly typical?: ((key: string) => readonly Way[]) | undefined;
}

export const KINDS = [
  "use",
  "list",
  "administration",
  "keys",
  "guard",
  "stranger",
  "takeover",
  "trust",
  "endpoint",
  "expectation",
] as const;
export type ObligationKind = (typeof KINDS)[number];

/** Requests on resources that the same documents bind. */
export interface Similar {
  readonly action: string;
  /** Before the key in the ARN of the resource. */
  readonly within: string;
}

/**
 * What is taken away, or taken for open, so that the rest must hold by itself.
 * - identity alone: no bucket policy, and key policies that leave all to the account.
 * - bucket policy alone: the caller's own policies are `*:*`, and so are the key policies.
 * - key policy alone: the caller's own policies are `*:*`, and there is no bucket policy.
 * - guard alone: of all statements that deny only those remain that keep this guard; the caller has `*:*` besides its
 *   own policies.
 * - endpoint policy alone: all others allow everything.
 */
export const LAYERS = [
  "whole",
  "identity alone",
  "bucket policy alone",
  "key policy alone",
  "guard alone",
  "endpoint policy alone",
] as const;
export type Layer = (typeof LAYERS)[number];

/** Somebody who asks, and what is taken for its own policies where all layers are there. */
export interface Actor {
  readonly name: string;
  readonly caller: Caller;
  readonly own: Own;
  /** Whose policies of resources no longer mean this caller, though its ARN is the same. */
  readonly isRecreated?: boolean | undefined;
}

/** - documents: those of the deployment; everything: `*:*`; both: the documents and `*:*`. */
export type Own = "documents" | "everything" | "both";

export type Way = readonly Step[];

export interface Step {
  readonly requestClass: RequestClass;
  /** The VPC endpoint whose policy binds it. */
  readonly endpoint: string | undefined;
}

export type ObjectSet =
  /** The group's objects; `withRoot`: also the empty name below its prefix. */
  | { readonly kind: "groups"; readonly names: ReadonlySet<string>; readonly withRoot: boolean }
  | { readonly kind: "outside" }
  | { readonly kind: "everywhere" }
  /** With "*" at its end, or one key. */
  | { readonly kind: "pattern"; readonly pattern: string }
  /** No objects, but what has these ARNs, which are the keys. */
  | { readonly kind: "arns"; readonly arns: readonly string[] };
