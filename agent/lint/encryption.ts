/** Rules about how objects are sealed, and what the key sees of it. @module */
import { allowedBy, undenied, deniedBy, flippedBy } from "./probe.ts";
import { allowsOf, deniesOf, hasAction, keyFor } from "./sample.ts";
import { namedIn } from "./asking.ts";
import type { LintDocument, WrittenCondition, WrittenStatement } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import { bucketOf, type DocumentSet, STRANGER } from "./set.ts";

const CONTEXT = "kms:EncryptionContext:aws:s3:arn";
const SSE = "s3:x-amz-server-side-encryption";
const KEY_ID = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const BUCKET_KEYS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html";
const SSE_KMS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html";

export const ENCRYPTION_RULES: readonly Rule[] = [
  {
    id: "mixed-encryption-context",
    severity: "error",
    title: "the bucket beside objects of it in `kms:EncryptionContext:aws:s3:arn`",
    why: "With a Bucket Key the context is the bucket for every object, so that the key no longer tells groups apart.",
    page: BUCKET_KEYS,
    fix: "turn the Bucket Key off and name the objects alone, or take a key for each group",
    witness: true,
    judges: "document",
    kinds: ["identity", "key"],
    find: (document, set) =>
      contextsOf(document).flatMap(([statement, written]) =>
        mixedOf(document, set, statement, written),
      ),
  },
  {
    id: "bucket-key-mismatch",
    severity: "error",
    title: "an encryption context that S3 does not send with the bucket's Bucket Key as it is",
    why: "With a Bucket Key the context is the bucket's ARN, without one the object's: another is denied.",
    page: BUCKET_KEYS,
    fix: "with a Bucket Key name the bucket, without one name the objects",
    witness: true,
    judges: "document",
    kinds: ["identity", "key"],
    find: (document, set) =>
      contextsOf(document).flatMap(([statement, written]) =>
        unsentOf(document, set, statement, written),
      ),
  },
  {
    id: "key-id-not-enforced",
    severity: "warning",
    title: "a Deny of what is not sealed with aws:kms that does not look at the key",
    why: "A header without a key id means the AWS managed key, and any other key is taken: the key policy then guards nothing.",
    page: SSE_KMS,
    fix: `deny PutObject unless \`${KEY_ID}\` is the key`,
    witness: true,
    judges: "document",
    kinds: ["bucket"],
    find: (document, set) =>
      deniesOf(document).flatMap((statement) => keylessOf(document, set, statement)),
  },
  {
    id: "default-encryption-denied",
    severity: "warning",
    title:
      "one Deny that lets requests without headers use the bucket's default encryption, and another that does not",
    why: "A condition on the key id without a Null denies every PutObject without headers.",
    page: SSE_KMS,
    fix: `add \`"Null": {"${KEY_ID}": "false"}\` to the Deny of other keys`,
    witness: true,
    judges: "document",
    kinds: ["bucket"],
    find: defaultsOf,
  },
];

type Found = readonly [WrittenStatement, WrittenCondition];

function contextsOf(document: LintDocument): readonly Found[] {
  return allowsOf(document).flatMap((statement) =>
    statement.conditions
      .filter(
        ({ condition: { lowerKey, operator } }) =>
          lowerKey === CONTEXT.toLowerCase() && !operator.negated,
      )
      .map((written) => [statement, written] as const),
  );
}

function isBucket(value: string): boolean {
  return /^arn:[^:]*:s3:::[^/*]+$/.test(value);
}

function useOf(statement: WrittenStatement): string | undefined {
  return ["kms:Decrypt", "kms:GenerateDataKey"].find((one) => hasAction(statement, one));
}

function mixedOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { condition, path }: WrittenCondition,
): readonly Harm[] {
  const bucket = condition.values.find(isBucket);
  const action = useOf(statement);
  if (bucket === undefined || action === undefined || condition.values.every(isBucket)) return [];
  const witness = allowedBy(statement, {
    document,
    set,
    action,
    name: "with a Bucket Key the objects of any group are opened",
    resource: keyFor(document, statement, set),
    context: { [CONTEXT]: [bucket] },
  });
  if (witness === undefined) return [];
  const message = `expected either the bucket or objects of it, got both, so that "${bucket}" stands for every object`;
  return [{ document, path, message, witness }];
}

function unsentOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { condition, path }: WrittenCondition,
): readonly Harm[] {
  const action = useOf(statement);
  const [value] = condition.values;
  const [bucket = ""] = value?.split("/") ?? [];
  const hasKey = set.hasBucketKey(bucket);
  if (hasKey === undefined || action === undefined || value === undefined) return [];
  if (condition.values.some((one) => isBucket(one) === hasKey)) return [];
  // DSSE has no Bucket Key: where it is spoken of, an object's context may be one of its
  if (hasKey && set.documents.some(({ text }) => text.includes("aws:kms:dsse"))) return [];
  const sent = hasKey ? bucket : `${bucket}/some/secret`;
  const witness = flippedBy(
    statement,
    {
      document,
      set,
      action,
      name: "what S3 asks of KMS is refused",
      resource: keyFor(document, statement, set),
    },
    CONTEXT,
    [value.replaceAll("*", "x").replaceAll("?", "x")],
    { [CONTEXT]: [sent] },
  );
  if (witness === undefined) return [];
  const message = `expected ${hasKey ? "the bucket, which has a Bucket Key" : "objects, since the bucket has no Bucket Key"}, got "${value}"`;
  return [{ document, path, message, witness }];
}

function putOf(
  document: LintDocument,
  set: DocumentSet,
): {
  readonly document: LintDocument;
  readonly set: DocumentSet;
  readonly action: string;
  readonly resource: string;
} {
  const resource = `arn:${set.partition}:s3:::${bucketOf(document, set)}/some/secret`;
  return { document, set, action: "s3:PutObject", resource };
}

function keylessOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const sse = statement.conditions.find(
    ({ condition: { lowerKey, operator, values } }) =>
      lowerKey === SSE && operator.negated && values.some((value) => value.startsWith("aws:kms")),
  );
  if (sse === undefined || !hasAction(statement, "s3:PutObject")) return [];
  const put = putOf(document, set);
  // a key of this account is what default encryption would take; a stranger's is not
  const foreign = `arn:${set.partition}:kms:${set.region}:${STRANGER}:key/another-key`;
  const named = statement.resources.find(({ text }) =>
    /^arn:[^:]*:s3:::[^/]+\/.+/.test(text),
  )?.text;
  const resource = named?.replaceAll("*", "some-secret") ?? put.resource;
  for (const keyId of [[], [foreign]]) {
    const context = { [SSE]: sse.condition.values.slice(0, 1), [KEY_ID]: keyId };
    const name = "an object is sealed with another key";
    const request = { ...put, resource, name, context };
    // those who may write at all
    const witness = [undefined, ...namedIn(document, set)]
      .map((caller) => undenied(request, caller))
      .find((one) => one !== undefined);
    if (witness === undefined) continue;
    const message = `expected a Deny of other keys beside it, got none: ${keyId.length === 0 ? "the AWS managed key" : "any key"} is taken`;
    return [{ document, path: sse.path, message, witness }];
  }
  return [];
}

function defaultsOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const denies = deniesOf(document);
  const has = ({ conditions }: WrittenStatement, key: string, isNull: boolean): boolean =>
    conditions.some(
      ({ condition: { lowerKey, operator } }) =>
        lowerKey === key && (operator.name === "Null") === isNull,
    );
  const sparing = denies.find((one) => has(one, SSE, true) && has(one, SSE, false));
  if (sparing === undefined) return [];
  return denies.flatMap((statement) => {
    if (!has(statement, KEY_ID, false)) return [];
    const witness = deniedBy(statement, {
      ...putOf(document, set),
      name: "a PutObject without headers is denied",
      context: { [SSE]: [], [KEY_ID]: [] },
    });
    if (witness === undefined) return [];
    const message = `expected it to spare requests without headers, as ${sparing.path} does, got a Deny of them`;
    return [{ document, path: statement.path, message, witness }];
  });
}
