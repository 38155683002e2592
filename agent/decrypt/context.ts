/**
 * Which encryption context a sealed object must carry, so that it opens only where its publisher put it.
 *
 * The context is authenticated by KMS and by the message, but not secret: CloudTrail shows it.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 * @module
 */
import { type BucketName, type GroupName, quote, type S3Key } from "../core/names.ts";

/** What is sealed: one secret of a prefix group, or a whole group. */
export type Subject =
  | { readonly kind: "object"; readonly key: S3Key }
  | { readonly kind: "bundle" };

export interface Binding {
  readonly bind: "key" | "none";
  /** Pairs that the config declares. */
  readonly context: Readonly<Record<string, string>>;
  readonly group: GroupName;
  /** The home bucket, also when a replica is read: a copy keeps the context it was sealed with. */
  readonly bucket: BucketName;
}

const REVISION = "postern:revision";
// the Encryption SDK's signing suites put their verification key there
const PUBLIC_KEY = "aws-crypto-public-key";

/** The pairs that must be there. A bundle's revision is not among them, since it differs each time. */
export function requiredContext(
  { bind, context, group, bucket }: Binding,
  subject: Subject,
): Record<string, string> {
  if (bind === "none") return { ...context };
  const bound = { ...context, "postern:group": group, "postern:bucket": bucket };
  return subject.kind === "object" ? { ...bound, "postern:key": subject.key } : bound;
}

/**
 * Why `actual` is not the context of this subject, or undefined when it is: every required pair equal, a
 * bundle's revision present, and no further name but `aws-crypto-public-key`.
 */
export function judgeContext(
  required: Readonly<Record<string, string>>,
  actual: Readonly<Record<string, string>>,
  subject: Subject,
): string | undefined {
  for (const [name, value] of Object.entries(required)) {
    const got = Object.hasOwn(actual, name) ? actual[name] : undefined;
    if (got !== value) return `expected ${name} ${quote(value)}, got ${shown(got)}`;
  }
  for (const name of Object.keys(actual)) {
    const known = Object.hasOwn(required, name) || name === PUBLIC_KEY;
    if (!known && !(subject.kind === "bundle" && name === REVISION))
      return `expected no further name, got ${quote(name)}`;
  }
  if (subject.kind === "bundle" && revisionOf(actual) === undefined)
    return `expected ${REVISION} in canonical decimal, got ${shown(actual[REVISION])}`;
  return undefined;
}

/**
 * A bundle's revision: 0 to 2^53-1, in digits without sign or leading zeros, so that one number has one
 * spelling. Undefined when it is missing or spelt otherwise.
 */
export function revisionOf(context: Readonly<Record<string, string>>): number | undefined {
  const text = Object.hasOwn(context, REVISION) ? context[REVISION] : undefined;
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const revision = Number(text);
  return Number.isSafeInteger(revision) ? revision : undefined;
}

function shown(value: string | undefined): string {
  return value === undefined ? "none" : quote(value);
}
