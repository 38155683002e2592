/** What is told to the one of two publishers who came second. @module */
import type { Condition, ObjectHead } from "../aws/object-store.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/** The state that a change was made from. */
export type Base =
  | { readonly kind: "absent" }
  | {
      readonly kind: "version";
      readonly etag: string;
      readonly versionId: string | undefined;
    };

/** The state that was found; undefined for none. */
export function baseOf(found: Pick<ObjectHead, "etag" | "versionId"> | undefined): Base {
  if (found === undefined) return { kind: "absent" };
  return { kind: "version", etag: found.etag, versionId: found.versionId };
}

/** What makes a write hold only there. */
export function conditionOf(base: Base): Condition {
  return base.kind === "absent" ? base : { kind: "etag", etag: base.etag };
}

/**
 * Nothing was overwritten: says which version is there instead, and since when.
 * @param subject "web/db_password", or a bundle's group
 */
export function conflict(
  subject: string,
  base: Base,
  current: ObjectHead | undefined,
): PosternError {
  const group = subject.split("/", 1)[0] ?? "";
  return new PosternError(
    "Conflict",
    `${quote(subject)} was changed by somebody else: expected ${saidBase(base)}, got ${saidHead(current)}; nothing was overwritten`,
    { hint: `see postern history ${group}, and make the change again from what is there now` },
  );
}

function saidBase(base: Base): string {
  if (base.kind === "absent") return "none";
  return base.versionId === undefined ? "the state that was read" : `version ${base.versionId}`;
}

function saidHead(head: ObjectHead | undefined): string {
  if (head === undefined) return "none";
  const since = new Date(head.lastModified).toISOString();
  return head.versionId === undefined
    ? `one written at ${since}`
    : `version ${head.versionId} of ${since}`;
}
