/**
 * The way back: a deployment from its files, generated ones or exported ones in the same layout.
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type {
  BucketSettings,
  Deployment,
  IdentityDocuments,
  PolicyJson,
} from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { parseJson } from "../policy/json.ts";
import {
  bucketPath,
  type DocumentFile,
  endpointPath,
  INDEX,
  keyPath,
  policyPath,
  settingsPath,
} from "./files.ts";

const policyForm = v.strictObject({ name: v.string(), form: v.picklist(["inline", "managed"]) });

const index = v.strictObject({
  version: v.literal(1),
  account: v.string(),
  partition: v.string(),
  buckets: v.array(v.strictObject({ name: v.string(), region: v.string() })),
  keys: v.array(v.strictObject({ arn: v.string(), grants: v.array(v.unknown()) })),
  identities: v.array(
    v.strictObject({
      kind: v.picklist(["role", "user", "permission set"]),
      arn: v.string(),
      folder: v.string(),
      maxSessionSeconds: v.nullable(v.number()),
      hasInstanceProfile: v.boolean(),
      policies: v.array(policyForm),
      foreignPolicies: v.array(v.string()),
    }),
  ),
  endpoints: v.array(
    v.strictObject({
      id: v.string(),
      service: v.picklist(["s3", "kms"]),
      type: v.picklist(["gateway", "interface"]),
      region: v.string(),
    }),
  ),
  /** For people and other programs; what is read is found by the rest. */
  documents: v.optional(v.array(v.unknown())),
});

const settings = v.strictObject({
  publicAccessBlocked: v.nullable(v.boolean()),
  ownership: v.nullable(
    v.picklist(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
  ),
  versioning: v.nullable(v.picklist(["Enabled", "Suspended"])),
  encryption: v.nullable(
    v.strictObject({
      algorithm: v.picklist(["AES256", "aws:kms", "aws:kms:dsse"]),
      key: v.nullable(v.string()),
      bucketKey: v.boolean(),
    }),
  ),
});

const policy = v.custom<PolicyJson>(isRecord, "expected an object");

type Files = ReadonlyMap<string, string>;

/**
 * Policies are taken as they are: `parsePolicy` judges them. A bucket without a policy has no file; neither have settings
 * that nobody knows.
 * @throws {PosternError} BadData for what is missing, is no JSON or has another shape
 */
export function readDeployment(list: readonly DocumentFile[]): Deployment {
  const files: Files = new Map(list.map(({ path, text }) => [path, text]));
  const { account, partition, buckets, keys, identities, endpoints } = required(
    files,
    INDEX,
    index,
  );
  return {
    account,
    partition,
    buckets: buckets.map(({ name, region }) => ({
      name,
      region,
      policy: optional(files, bucketPath(name), policy),
      settings: knownSettings(optional(files, settingsPath(name), settings)),
    })),
    keys: keys.map(({ arn, grants }) => ({
      arn,
      policy: required(files, keyPath(arn), policy),
      grants,
    })),
    identities: identities.map((entry) => identityFrom(files, entry)),
    endpoints: endpoints.map((endpoint) => ({
      ...endpoint,
      policy: required(files, endpointPath(endpoint.id), policy),
    })),
  };
}

function identityFrom(
  files: Files,
  {
    folder,
    maxSessionSeconds,
    policies,
    ...entry
  }: v.InferOutput<typeof index>["identities"][number],
): IdentityDocuments {
  return {
    ...entry,
    trust: optional(files, `${folder}/trust.json`, policy),
    maxSessionSeconds: maxSessionSeconds ?? undefined,
    policies: policies.map(({ name, form }) => ({
      name,
      form,
      document: required(files, policyPath(folder, { name, form }), policy),
    })),
    boundary: optional(files, `${folder}/boundary.json`, policy),
  };
}

function knownSettings(given: v.InferOutput<typeof settings> | undefined): BucketSettings {
  const encryption = given?.encryption ?? undefined;
  return {
    publicAccessBlocked: given?.publicAccessBlocked ?? undefined,
    ownership: given?.ownership ?? undefined,
    versioning: given?.versioning ?? undefined,
    encryption: encryption && { ...encryption, key: encryption.key ?? undefined },
  };
}

function required<Schema extends v.GenericSchema>(
  files: Files,
  path: string,
  schema: Schema,
): v.InferOutput<Schema> {
  const found = optional(files, path, schema);
  if (found === undefined)
    throw new PosternError("BadData", `expected a file ${quote(path)}, got none`);
  return found;
}

function optional<Schema extends v.GenericSchema>(
  files: Files,
  path: string,
  schema: Schema,
): v.InferOutput<Schema> | undefined {
  const text = files.get(path);
  if (text === undefined) return undefined;
  const result = v.safeParse(schema, parseJson(text, path));
  if (result.success) return result.output;
  const issues = result.issues.map(
    (issue) => `${path}: ${v.getDotPath(issue) ?? ""}: ${lowered(issue.message)}`,
  );
  throw new PosternError("BadData", issues[0] ?? path, { issues });
}

function lowered(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}
