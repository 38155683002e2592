/**
 * A deployment as files, each document alone in one, so that a reviewer, a diff and a deployment tool see the same bytes.
 *
 *     index.json                          every document: its kind, what it is attached to, its SHA-256
 *     bucket/NAME.policy.json             bucket/NAME.settings.json
 *     keys/REGION/ID.policy.json          keys of several regions may have one id
 *     roles/NAME/trust.json               roles/NAME/inline/POLICY.json, roles/NAME/managed/POLICY.json
 *     users/NAME/…  permission-sets/NAME/…
 *     foreign-roles/ACCOUNT/NAME/…        what the other account has to attach
 *     endpoints/ID.policy.json
 *
 * @module
 */
import { createHash } from "node:crypto";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type {
  BucketSettings,
  Deployment,
  IdentityDocuments,
  NamedPolicy,
} from "../policy/deployment.ts";

export interface DocumentFile {
  /** Relative, with "/" between its parts. */
  readonly path: string;
  readonly text: string;
}

export const INDEX = "index.json";

/** The files in the order of their paths; the index last. @throws {PosternError} Internal when two would be one */
export function deploymentFiles(deployment: Deployment): readonly DocumentFile[] {
  const documents = documentsOf(deployment).toSorted((one, other) =>
    one.path < other.path ? -1 : 1,
  );
  const twice = documents.find(({ path }, at) => documents[at - 1]?.path === path);
  if (twice !== undefined)
    throw new PosternError("Internal", `two documents would be the file ${quote(twice.path)}`);
  const files = documents.map(({ path, json }) => ({ path, text: encodeJson(json) }));
  const index = {
    version: 1,
    account: deployment.account,
    partition: deployment.partition,
    buckets: deployment.buckets.map(({ name, region }) => ({ name, region })),
    keys: deployment.keys.map(({ arn, grants }) => ({ arn, grants })),
    identities: deployment.identities.map((one) => identityEntry(one, deployment.account)),
    endpoints: deployment.endpoints.map(({ id, service, type, region }) => ({
      id,
      service,
      type,
      region,
    })),
    documents: documents.map(({ path, kind, attachedTo }, at) => ({
      path,
      kind,
      attachedTo,
      sha256: sha256(files[at]?.text ?? ""),
    })),
  };
  return [...files, { path: INDEX, text: encodeJson(index) }];
}

interface Document {
  readonly path: string;
  readonly kind: string;
  /** The bucket's name, or the ARN or id of what it is attached to. */
  readonly attachedTo: string;
  readonly json: unknown;
}

/** Where each document lies, and what it is; the settings of buckets among them. */
export function documentsOf(deployment: Deployment): readonly Document[] {
  return [
    ...deployment.buckets.flatMap(({ name, policy, settings }): readonly Document[] => [
      ...present(bucketPath(name), "bucket policy", name, policy),
      {
        path: settingsPath(name),
        kind: "bucket settings",
        attachedTo: name,
        json: settingsJson(settings),
      },
    ]),
    ...deployment.keys.map(({ arn, policy }) => ({
      path: keyPath(arn),
      kind: "key policy",
      attachedTo: arn,
      json: policy,
    })),
    ...deployment.identities.flatMap((one) => identityFiles(one, deployment.account)),
    ...deployment.endpoints.map(({ id, policy }) => ({
      path: endpointPath(id),
      kind: "endpoint policy",
      attachedTo: id,
      json: policy,
    })),
  ];
}

function identityFiles(one: IdentityDocuments, account: string): readonly Document[] {
  const folder = folderOf(one, account);
  return [
    ...present(`${folder}/trust.json`, "trust policy", one.arn, one.trust),
    ...present(`${folder}/boundary.json`, "permissions boundary", one.arn, one.boundary),
    ...one.policies.map((policy) => ({
      path: policyPath(folder, policy),
      kind: `${policy.form} policy`,
      attachedTo: one.arn,
      json: policy.document,
    })),
  ];
}

function present(
  path: string,
  kind: string,
  attachedTo: string,
  json: unknown,
): readonly Document[] {
  return json === undefined ? [] : [{ path, kind, attachedTo, json }];
}

function identityEntry(one: IdentityDocuments, account: string): Readonly<Record<string, unknown>> {
  const { kind, arn, maxSessionSeconds, hasInstanceProfile, foreignPolicies, policies } = one;
  return {
    kind,
    arn,
    folder: folderOf(one, account),
    maxSessionSeconds: maxSessionSeconds ?? null,
    hasInstanceProfile,
    policies: policies.map(({ name, form }) => ({ name, form })),
    foreignPolicies,
  };
}

/** What is not known is null. */
function settingsJson(settings: BucketSettings): Readonly<Record<string, unknown>> {
  const { publicAccessBlocked, ownership, versioning, encryption } = settings;
  return {
    publicAccessBlocked: publicAccessBlocked ?? null,
    ownership: ownership ?? null,
    versioning: versioning ?? null,
    encryption: encryption === undefined ? null : { ...encryption, key: encryption.key ?? null },
  };
}

export function bucketPath(name: string): string {
  return `bucket/${name}.policy.json`;
}

export function settingsPath(name: string): string {
  return `bucket/${name}.settings.json`;
}

export function keyPath(arn: string): string {
  const [, , , region = "", , key = ""] = arn.split(":");
  return `keys/${region}/${key.replace(/^key\//, "")}.policy.json`;
}

export function endpointPath(id: string): string {
  return `endpoints/${id}.policy.json`;
}

/** Names of roles and users are unique in an account, whatever their paths. */
export function folderOf(
  { kind, arn }: Pick<IdentityDocuments, "kind" | "arn">,
  account: string,
): string {
  const name = arn.split("/").at(-1) ?? "";
  const owner = arn.split(":")[4] ?? "";
  switch (kind) {
    case "user":
      return `users/${name}`;
    case "permission set":
      return `permission-sets/${name.replace(/^AWSReservedSSO_/, "").replace(/_[?*]+$/, "")}`;
    case "role":
      return owner === account ? `roles/${name}` : `foreign-roles/${owner}/${name}`;
    default:
      return kind satisfies never;
  }
}

export function policyPath(folder: string, { form, name }: Omit<NamedPolicy, "document">): string {
  return `${folder}/${form}/${name}.json`;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function encodeJson(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}
