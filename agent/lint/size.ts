/**
 * Rules about the sizes that AWS takes.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * @module
 */
import type { LintDocument } from "./document.ts";
import type { DocumentKind } from "./kind.ts";
import type { Harm, Rule } from "./rule.ts";

const QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";

export const SIZE_RULES: readonly Rule[] = [
  {
    id: "size-over-limit",
    severity: "error",
    title: "a document that is larger than AWS takes",
    why: "It is refused when it is deployed.",
    page: QUOTAS,
    fix: "merge statements that differ in their resources alone, or split the document",
    witness: false,
    judges: "set",
    find: ({ documents }) => documents.flatMap((document) => tooLarge(document, documents, false)),
  },
  {
    id: "size-near-limit",
    severity: "note",
    title: "a document of more than 80 % of what AWS takes",
    why: "The next groups do not fit.",
    page: QUOTAS,
    fix: "merge statements that differ in their resources alone, or plan how to split it",
    witness: false,
    judges: "set",
    find: ({ documents }) => documents.flatMap((document) => tooLarge(document, documents, true)),
  },
];

interface Limit {
  readonly most: number;
  readonly what: string;
  readonly counts: "all" | "without white space";
}

const LIMITS: Readonly<Record<Exclude<DocumentKind, "session">, Limit>> = {
  // IAM does not count white space; the inline policies of a role count together
  identity: { most: 10_240, what: "the inline policies of a role", counts: "without white space" },
  boundary: { most: 6144, what: "a managed policy", counts: "without white space" },
  // the default quota; it can be raised to 8,192
  trust: { most: 2048, what: "a trust policy by default", counts: "without white space" },
  // "20 KB"; AWS normalises before it counts, by a rule that is not published
  // @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html
  bucket: { most: 20_480, what: "a bucket policy", counts: "without white space" },
  // @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
  key: { most: 32_768, what: "a key policy", counts: "all" },
  // "including white space"
  // @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
  endpoint: { most: 20_480, what: "an endpoint policy", counts: "all" },
  // the console takes white space out, the API does not
  // @see https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
  scp: { most: 5120, what: "a service control policy", counts: "all" },
  rcp: { most: 5120, what: "a resource control policy", counts: "all" },
};

function tooLarge(
  document: LintDocument,
  documents: readonly LintDocument[],
  isNear: boolean,
): readonly Harm[] {
  // session policies are packed, and their limit is told when they are passed
  if (document.kind === "session") return [];
  const { most, what, counts } = LIMITS[document.kind];
  const together = documents.filter((one) => one === document || isSameRole(one, document));
  // told once, at the first of them
  if (together[0] !== document) return [];
  const size = together.reduce((sum, one) => sum + sizeOf(one, counts), 0);
  const isOver = size > most;
  if (isNear ? isOver || size <= most * 0.8 : !isOver) return [];
  const of = together.length > 1 ? ` in ${together.length} documents` : "";
  const message = `expected at most ${most} characters in ${what}, got ${size}${of}, counted ${counts === "all" ? "with white space" : counts}`;
  return [{ document, path: "", message }];
}

function isSameRole({ kind, attachedTo }: LintDocument, other: LintDocument): boolean {
  return (
    kind === "identity" &&
    kind === other.kind &&
    attachedTo !== undefined &&
    attachedTo === other.attachedTo
  );
}

function sizeOf({ text, value }: LintDocument, counts: Limit["counts"]): number {
  return counts === "all"
    ? Buffer.byteLength(text.trim())
    : Buffer.byteLength(JSON.stringify(value).replace(/\s/g, ""));
}
