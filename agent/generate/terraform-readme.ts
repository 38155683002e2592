/** What a person must know who applies the module. @module */
import type { Deployment } from "../policy/deployment.ts";
import { folderOf } from "./files.ts";
import { type Holders, nameOf, providersOf } from "./holders.ts";

export function terraformReadme(deployment: Deployment, holders: Holders): string {
  return [
    `# Secrets of account ${deployment.account}: roles and policies`,
    "",
    "Generated from an access map: change the map, not these files.",
    "`documents/` holds the policies as they were generated; the module reads them as they are and fills in nothing.",
    "",
    "```hcl",
    'module "secrets_access" {',
    '  source = "./secrets-access"',
    "}",
    "```",
    "",
    "Buckets, keys, endpoints, users and roles that are there already are made elsewhere. The documents name them, so each",
    "variable accepts the name in the documents alone; give a reference to the resource to make it first.",
    "",
    "Roles come before the policies of keys and buckets that name them. What a bucket, key or endpoint has as policy is",
    "replaced. Policies of buckets and keys and the public access block refuse to be destroyed: take them out of the state",
    "(`terraform state rm`) to hand them over.",
    "",
    ...left(deployment, holders),
  ].join("\n");
}

function left({ account, keys }: Deployment, holders: Holders): readonly string[] {
  const { found, foreign } = holders;
  const lines = [
    ...found
      .filter(({ kind }) => kind === "permission set")
      .map(
        (set) =>
          `- policies of the permission set ${nameOf(set)}, unless its ARN is given: IAM Identity Center is often another account's`,
      ),
    ...foreign.map(
      (role) =>
        `- policies of ${role.arn}: for its account to attach, in \`documents/${folderOf(role, account)}\``,
    ),
    ...keys
      .filter(({ grants }) => grants.length > 0)
      .map(({ arn, grants }) => `- grants of ${arn}: ${grants.length}`),
    ...found
      .filter(({ boundary }) => boundary !== undefined)
      .map(({ arn }) => `- the permissions boundary of ${arn}`),
    ...providersOf(holders).map((arn) => `- ${arn}, which roles trust`),
  ];
  if (lines.length === 0) return ["The module applies all of it.", ""];
  return ["Not applied by the module:", "", ...lines, ""];
}
