/**
 * What callers of KMS may send, member by member, and the words in which KMS refuses the rest.
 *
 * A member of the wrong JSON type is a `SerializationException`; one that is missing, too long or not in a
 * list is named in a `ValidationException`, all of them in one.
 * @see AWS KMS API Reference, "Request Parameters" of each operation
 * @module
 */
import * as v from "valibot";
import type { EncryptionContext } from "./ciphertext.ts";
import { fault, type Call, type KmsFault, type Outcome } from "./kms-access.ts";

/** Reads a parsed request body, and answers it. */
export type Operation = (body: unknown, call: Call) => Outcome;

/** An operation whose input is read by `schema` before `run` sees it. */
export function operation<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (input: v.InferOutput<Schema>, call: Call) => Outcome,
): Operation {
  return (body, call) => {
    const read = v.safeParse(schema, body);
    return read.success ? run(read.output, call) : refuse(read.issues);
  };
}

/** `KeyIdType` */
export const keyId: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(2048),
);

/** `EncryptionContextType`. Not `v.record`, which drops names such as "constructor". */
export const encryptionContext: v.GenericSchema<EncryptionContext | undefined, EncryptionContext> =
  v.optional(
    v.custom<EncryptionContext>(
      (value) =>
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((item) => typeof item === "string"),
    ),
    {},
  );

/** `EncryptionAlgorithmSpec`: a symmetric key takes the first alone. */
export const algorithm: v.GenericSchema<string | undefined, string> = v.optional(
  v.picklist(["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"]),
  "SYMMETRIC_DEFAULT",
);

/** Bytes, sent as base64. */
export function blob(maxBytes: number): v.GenericSchema<string, Buffer> {
  return v.pipe(
    v.string(),
    v.base64(),
    v.transform((text) => Buffer.from(text, "base64")),
    v.minLength(1),
    v.maxLength(maxBytes),
  );
}

export function integer(min: number, max: number): v.GenericSchema<number, number> {
  return v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
}

function refuse(issues: readonly v.BaseIssue<unknown>[]): KmsFault {
  const complaints = issues.map(complaintOf);
  const named = complaints.filter((complaint) => complaint !== undefined);
  if (named.length < complaints.length) return fault("SerializationException");
  const count = named.length === 1 ? "1 validation error" : `${named.length} validation errors`;
  return fault("ValidationException", `${count} detected: ${named.join("; ")}`);
}

/** Undefined for a value of the wrong type, which KMS does not describe. */
function complaintOf(issue: v.BaseIssue<unknown>): string | undefined {
  const constraint = constraintOf(issue);
  const path = issue.path?.[0]?.key;
  if (constraint === undefined || typeof path !== "string") return undefined;
  const member = `at '${path.charAt(0).toLowerCase()}${path.slice(1)}'`;
  return `Value${shown(issue.input)} ${member} failed to satisfy constraint: ${constraint}`;
}

function constraintOf({
  kind,
  type,
  input,
  requirement,
  expected,
}: v.BaseIssue<unknown>): string | undefined {
  if (input === undefined || input === null) return "Member must not be null";
  switch (type) {
    case "min_length":
      return `Member must have length greater than or equal to ${String(requirement)}`;
    case "max_length":
      return `Member must have length less than or equal to ${String(requirement)}`;
    case "min_value":
      return `Member must have value greater than or equal to ${String(requirement)}`;
    case "max_value":
      return `Member must have value less than or equal to ${String(requirement)}`;
    case "regex":
      return `Member must satisfy regular expression pattern: ${String(requirement).slice(1, -1)}`;
    case "picklist":
      if (kind !== "schema" || typeof input !== "string") return undefined;
      return `Member must satisfy enum value set: [${(expected ?? "").replaceAll(/["()]/g, "").replaceAll(" | ", ", ")}]`;
    default:
      return undefined;
  }
}

/** Blobs hold plaintext: KMS never shows them, and nor do we. */
function shown(input: unknown): string {
  if (input === undefined || input === null) return " null";
  return typeof input === "string" || typeof input === "number" ? ` '${input}'` : "";
}
