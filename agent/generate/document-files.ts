/**
 * Where each document of a deployment lies in a folder, alone in its file.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Deployment, IdentityDocuments, NamedPolicy } from "../policy/deployment.ts";

export interface GeneratedFile {
  /** Relative, with "/" between its parts. */
  readonly path: string;
  readonly text: string;
}

/**
 * Every policy of `deployment`, in the order of the paths.
 * @throws {PosternError} Internal when two would be one file
 */
export function policyFiles(deployment: Deployment): readonly GeneratedFile[] {
  const { account, buckets, keys, identities, endpoints } = deployment;
  const files = [
    ...buckets.flatMap(({ name, policy }) => file(bucketPath(name), policy)),
    ...keys.flatMap(({ arn, policy }) => file(keyPath(arn), policy)),
    ...identities.flatMap((identity) => identityFiles(identity, account)),
    ...endpoints.flatMap(({ id, policy }) => file(endpointPath(id), policy)),
  ].toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const twice = files.find(({ path }, at) => files[at - 1]?.path === path);
  if (twice !== undefined)
    throw new PosternError("Internal", `two documents would be the file ${quote(twice.path)}`);
  return files;
}

function identityFiles(identity: IdentityDocuments, account: string): readonly GeneratedFile[] {
  const folder = folderOf(identity, account);
  return [
    ...file(`${folder}/trust.json`, identity.trust),
    ...file(`${folder}/boundary.json`, identity.boundary),
    ...identity.policies.flatMap((policy) => file(policyPath(folder, policy), policy.document)),
  ];
}

function file(path: string, json: unknown): readonly GeneratedFile[] {
  return json === undefined ? [] : [{ path, text: encodeJson(json) }];
}

export function bucketPath(name: string): string {
  return `bucket/${name}.policy.json`;
}

/** Keys of several regions may have one id. */
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

export function encodeJson(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}
