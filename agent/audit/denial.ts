/**
 * What AWS says of a request that it denied, in the message of an error.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import type { Layer } from "../policy/verdict.ts";

/** Somebody of another account, whom CloudTrail does not name to the owner of what was asked for. */
export interface Unnamed {
  readonly kind: "unnamed";
  readonly account: string;
}

/** A request as far as AWS told of it. */
export interface Denial {
  /** An event tells what was asked for whole, a message names no more than a resource. */
  readonly from: "message" | "event";
  readonly caller: Caller | Unnamed;
  /** "s3:GetObject" */
  readonly action: string;
  /** Undefined where AWS did not name it. */
  readonly resource: string | undefined;
  /** The condition keys that can be told, each with its values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  /** Why, where AWS said so. */
  readonly told: Told | undefined;
}

export interface Told {
  readonly layer: Layer;
  /** A statement denied it, rather than none having allowed it. */
  readonly explicit: boolean;
  /** The ARN of the policy, where AWS named it. */
  readonly policy: string | undefined;
}

const MESSAGE =
  /User: (\S+) is not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)(?: on resource: "?([^"\s]+)"?| on the resource associated with this ciphertext)?/;

/**
 * @param text with or without what a client put around it
 * @throws {PosternError} BadData when it says nothing of who and what
 */
export function parseMessage(text: string): Denial {
  const { arn = "", action = "", resource } = namedIn(text);
  const caller = arn === "anonymous" ? ({ kind: "anonymous" } as const) : callerOfArn(arn);
  if (caller === undefined)
    throw new PosternError(
      "BadData",
      'expected "User: ARN is not authorized to perform: ACTION on resource: ...", got another message',
      {
        hint: 'S3\'s plain "Access Denied" says nothing of who and what: take the event from CloudTrail, or ask postern policy explain ROLE KEY',
      },
    );
  return { from: "message", caller, action, resource, context: {}, told: toldBy(text) };
}

interface NamedThings {
  readonly arn: string | undefined;
  readonly action: string | undefined;
  readonly resource: string | undefined;
}

/** Who, what and on what, as far as a message names them. */
export function namedIn(text: string): NamedThings {
  const [, arn, action, resource] = MESSAGE.exec(text) ?? [];
  return { arn, action, resource };
}

/** In AWS's words, with ours for it. */
const LAYERS: readonly (readonly [words: string, layer: Layer])[] = [
  ["identity-based policy", "identity"],
  ["resource-based polic", "resource"],
  ["role trust policy", "resource"],
  ["permissions boundary", "boundary"],
  ["session policy", "session"],
  ["service control policy", "scp"],
  ["resource control policy", "rcp"],
  ["VPC endpoint policy", "endpoint"],
];

/** Why, where a message says so. */
export function toldBy(text: string): Denial["told"] {
  const found =
    /(with an explicit deny in (?:an?|the)|because no) ([A-Za-z -]+)(?:: "?(arn:[^\s"]+))?/.exec(
      text,
    );
  const [, how, words = "", policy] = found ?? [];
  const layer = LAYERS.find(([begin]) => words.startsWith(begin))?.[1];
  return layer === undefined ? undefined : { layer, explicit: how !== "because no", policy };
}
