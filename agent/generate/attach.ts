/**
 * How statements reach an identity: in one inline policy where they fit, else in managed ones.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { NamedPolicy } from "../policy/deployment.ts";
import { type Draft, documentOf, type Origin, sizeOf, type Sources } from "./draft.ts";
import { mergedStatements } from "./pack-statements.ts";

export interface Attached {
  readonly policy: NamedPolicy;
  readonly origins: readonly Origin[];
}

/** Characters of all inline policies of a role; of a user. White space is not counted. */
const MAX_INLINE = { role: 10_240, user: 2_048, "permission set": 10_240 } as const;
const MAX_MANAGED = 6_144;
/** Of one identity, unless more was asked for. */
const MAX_ATTACHED = 10;

export interface Holder {
  readonly name: string;
  readonly kind: "role" | "user" | "permission set";
  /** Whether others keep inline policies there, whose size is not known here. */
  readonly isShared: boolean;
  /** Managed policies that are attached besides. */
  readonly attached: number;
}

/** @throws {PosternError} TooLarge, with what does not fit */
export function attach(
  holder: Holder,
  drafts: readonly Draft[],
  sizes: Sources["sizes"] = "as AWS takes",
): readonly Attached[] {
  if (drafts.length === 0) return [];
  const whole = documentOf(drafts);
  const isInline = !holder.isShared && sizeOf(whole.document) <= MAX_INLINE[holder.kind];
  if (isInline) {
    const policy = { name: "postern", form: "inline", document: whole.document } as const;
    return [{ policy, origins: whole.origins }];
  }
  const room = sizes === "any" ? Infinity : MAX_ATTACHED - holder.attached;
  const plain = divide(holder, drafts);
  const parts = plain.length <= room ? plain : divide(holder, mergedStatements(drafts, isFit));
  if (parts.length <= room)
    return parts.map((part, at) => {
      const { document, origins } = documentOf(part);
      const name = `postern-${holder.name}${parts.length === 1 ? "" : `-${at + 1}`}`;
      return { policy: { name, form: "managed", document }, origins };
    });
  const left = parts.slice(room).flat();
  const sids = left.map(({ statement }) => String(statement["Sid"]));
  throw new PosternError(
    "TooLarge",
    `policies of ${quote(holder.name)}: expected at most ${room} managed policies of ${MAX_MANAGED} characters, got ${parts.length}; what does not fit: ${sids.join(", ")}`,
    { hint: "divide its groups between several roles" },
  );
}

/** In order, each as full as it gets: what comes later does not change what was before. */
function divide(holder: Holder, drafts: readonly Draft[]): readonly (readonly Draft[])[] {
  const parts: (readonly Draft[])[] = [];
  let part: readonly Draft[] = [];
  for (const one of drafts) {
    if (!isFit(one))
      throw new PosternError(
        "TooLarge",
        `policies of ${quote(holder.name)}: expected at most ${MAX_MANAGED} characters, got more in statement ${quote(String(one.statement["Sid"]))} alone`,
        { hint: "divide its groups between several roles" },
      );
    if (sizeOf(documentOf([...part, one]).document) > MAX_MANAGED) {
      parts.push(part);
      part = [];
    }
    part = [...part, one];
  }
  return [...parts, part];
}

function isFit(one: Draft): boolean {
  return sizeOf(documentOf([one]).document) <= MAX_MANAGED;
}
