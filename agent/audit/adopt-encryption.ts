/** What objects of an existing bucket are encrypted with: what its policy asks of each PUT, or its default. @module */
import { parseKmsKeyArn } from "../core/names.ts";
import type { Group } from "../map/access-map.ts";
import type { BucketDocuments, PolicyJson } from "../policy/deployment.ts";
import { conditionsOf, isDenialOfAll, statementsOf, textsOf } from "./adopt-statements.ts";

/** As a map's `sse` says it. */
export interface FoundEncryption {
  readonly type: "s3" | "kms" | "dsse";
  readonly key?: string;
  readonly header?: "required";
}

const KEY = /^arn:[^:]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;
const HEADER = "s3:x-amz-server-side-encryption";
const TYPES = new Map<string, FoundEncryption["type"]>([
  ["AES256", "s3"],
  ["aws:kms", "kms"],
  ["aws:kms:dsse", "dsse"],
]);

/**
 * @param bucket its ARN
 * @param key of the objects: one of them, or the prefix of all
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
 */
export function encryptionOf(
  { policy, settings: { encryption } }: BucketDocuments,
  bucket: string,
  key: string,
): FoundEncryption | undefined {
  const rules = statementsOf(policy).filter((one) => isRuleOf(one, `${bucket}/${key}`));
  const [type] = rules.flatMap((one) => demanded(one, HEADER));
  const [demandedKey] = rules.flatMap((one) => demanded(one, `${HEADER}-aws-kms-key-id`));
  const found = TYPES.get(type ?? "");
  const byDefault = encryption?.algorithm === "AES256" ? undefined : encryption?.key;
  const its = demandedKey ?? byDefault;
  if (found === "s3") return { type: "s3", header: "required" };
  if (found !== undefined && its !== undefined && KEY.test(its))
    return { type: found, key: its, header: "required" };
  if (byDefault === undefined) return undefined;
  return { type: encryption?.algorithm === "aws:kms:dsse" ? "dsse" : "kms", key: byDefault };
}

/** As a map has it that was read. */
export function encryptionFound(found: FoundEncryption | undefined): Group["sse"] {
  const header = found?.header ?? "default";
  return found?.key === undefined || found.type === "s3" || !KEY.test(found.key)
    ? { type: "s3", header }
    : { type: found.type, key: parseKmsKeyArn(found.key), oldKey: undefined, header };
}

/** Whether it says of all these objects how they have to be put. */
function isRuleOf(statement: PolicyJson, object: string): boolean {
  return (
    isDenialOfAll(statement) &&
    textsOf(statement["Action"]).some((action) =>
      /^(s3:PutObject|s3:Put\*|s3:\*|\*)$/i.test(action),
    ) &&
    textsOf(statement["Resource"]).some(
      (text) => text === object || (text.endsWith("*") && object.startsWith(text.slice(0, -1))),
    )
  );
}

/** What the one condition lets through, where it asks for the header at all. */
function demanded(statement: PolicyJson, lowerKey: string): readonly string[] {
  const [only, ...more] = conditionsOf(statement);
  const isDemand =
    only !== undefined &&
    more.length === 0 &&
    only.lowerKey === lowerKey &&
    /^(String|Arn)Not(Equals|Like)$/.test(only.operator);
  return isDemand && only.values.length === 1 ? only.values : [];
}
