/**
 * A deployment as a module of Terraform or OpenTofu. The documents lie beside it as files, which it reads and does not
 * interpret; buckets, keys and endpoints are made elsewhere, and their identifiers come in as variables.
 *
 *     main.tf  variables.tf  outputs.tf  versions.tf  README.md
 *     documents/…          as `policyFiles` names them
 *
 * @see https://developer.hashicorp.com/terraform/language/modules/develop/structure
 * @module
 */
import type { Deployment, IdentityDocuments } from "../policy/deployment.ts";
import { policyFiles } from "./document-files.ts";
import { endpointPath, type DocumentFile, keyPath } from "./files.ts";
import { type Block, encodeBlocks, type Expression, quoted } from "./hcl.ts";
import { type Holders, holdersOf, judgePolicyNames, nameOf, namedIn } from "./holders.ts";
import { terraformName } from "./logical-ids.ts";
import { bucketResources, KEPT } from "./terraform-buckets.ts";
import {
  documentAt,
  DOCUMENTS,
  madeRole,
  policiesOf,
  roleAddress,
} from "./terraform-identities.ts";
import { terraformReadme } from "./terraform-readme.ts";
import { endpointVariable, keyVariable, variable, variables } from "./terraform-variables.ts";

/** In the order of their paths. @throws {PosternError} Internal when two documents or policies would be one */
export function terraformModule(deployment: Deployment): readonly DocumentFile[] {
  const holders = holdersOf(deployment);
  judgePolicyNames(holders);
  const documents = policyFiles(deployment).map(({ path, text }) => ({
    path: `${DOCUMENTS}/${path}`,
    text,
  }));
  return [
    { path: "README.md", text: terraformReadme(deployment, holders) },
    ...documents,
    { path: "main.tf", text: encodeBlocks(resources(deployment, holders)) },
    { path: "outputs.tf", text: encodeBlocks(outputs(holders.made)) },
    {
      path: "variables.tf",
      text: encodeBlocks(variables(deployment, holders.made, holders.found)),
    },
    { path: "versions.tf", text: encodeBlocks([VERSIONS]) },
  ];
}

/** Laid out as it is read: who there is, then what keys, endpoints and buckets let them. Terraform goes by references. */
function resources(deployment: Deployment, { made, found }: Holders): readonly Block[] {
  const { account, buckets, keys, endpoints } = deployment;
  return [
    accountCheck(account),
    ...made.flatMap((role) => madeRole(role, made, account)),
    ...found.flatMap((holder) => policiesOf(holder, account)),
    ...keys.map(({ arn, policy }) => ({
      head: ["resource", "aws_kms_key_policy", terraformName(...keyParts(arn))] as const,
      attributes: {
        region: quoted(arn.split(":")[3] ?? ""),
        key_id: variable(keyVariable(arn)),
        policy: documentAt(keyPath(arn)),
      },
      blocks: [KEPT],
      dependsOn: namedIn(policy, made).map(roleAddress),
    })),
    ...endpoints.map(({ id, region }) => ({
      head: ["resource", "aws_vpc_endpoint_policy", terraformName(id)] as const,
      attributes: {
        region: quoted(region),
        vpc_endpoint_id: variable(endpointVariable(id)),
        policy: documentAt(endpointPath(id)),
      },
    })),
    ...buckets.flatMap((bucket) => bucketResources(bucket, deployment, made)),
  ];
}

function keyParts(arn: string): readonly [string, string] {
  const [, , , region = "", , key = ""] = arn.split(":");
  return [region, key.replace(/^key\//, "")];
}

function accountCheck(account: string): Block {
  return {
    head: ["data", "aws_caller_identity", "current"],
    blocks: [
      {
        head: ["lifecycle"],
        blocks: [
          {
            head: ["postcondition"],
            attributes: {
              condition: `self.account_id == ${quoted(account)}`,
              error_message: quoted(
                `The documents are for account ${account}: use its credentials.`,
              ),
            },
          },
        ],
      },
    ],
  };
}

function outputs(made: readonly IdentityDocuments[]): readonly Block[] {
  const profiles = made.filter(({ hasInstanceProfile }) => hasInstanceProfile);
  return [
    output(
      "role_arns",
      "ARNs of the roles made here, by name.",
      made,
      (role) => `${roleAddress(role)}.arn`,
    ),
    output(
      "instance_profile_names",
      "Names of the instance profiles made here, by role.",
      profiles,
      (role) => `aws_iam_instance_profile.${terraformName(nameOf(role))}.name`,
    ),
  ];
}

function output(
  name: string,
  description: string,
  roles: readonly IdentityDocuments[],
  valueOf: (role: IdentityDocuments) => Expression,
): Block {
  const pairs = roles.map((role) => [quoted(nameOf(role)), valueOf(role)] as const);
  return {
    head: ["output", name],
    attributes: { description: quoted(description) },
    object: ["value", pairs],
  };
}

/** The provider's resources have a region of their own since 6.0, which replicas need. */
const VERSIONS: Block = {
  head: ["terraform"],
  attributes: { required_version: quoted(">= 1.5") },
  blocks: [
    {
      head: ["required_providers"],
      object: [
        "aws",
        [
          ["source", quoted("hashicorp/aws")],
          ["version", quoted(">= 6.0")],
        ],
      ],
    },
  ],
};
