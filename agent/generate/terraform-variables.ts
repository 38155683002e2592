/**
 * The identifiers that a module takes: so that it can wait for what others make, and for nothing else. The documents name
 * buckets, keys, roles and endpoints, and are not filled in again; so each identifier must be the one they name.
 * @see https://developer.hashicorp.com/terraform/language/values/variables#custom-validation-rules
 * @module
 */
import type { Deployment, IdentityDocuments } from "../policy/deployment.ts";
import { type Block, type Expression, quoted } from "./hcl.ts";
import { nameOf } from "./holders.ts";
import { terraformName } from "./logical-ids.ts";

export const BOUNDARY = "permissions_boundary";
export const IDENTITY_CENTER = "identity_center_instance_arn";
export const IDENTITY_CENTER_REGION = "identity_center_region";

export function bucketVariable(name: string): string {
  return terraformName("bucket", name);
}

export function keyVariable(arn: string): string {
  const [, , , region = "", , key = ""] = arn.split(":");
  return terraformName("key", region, key.replace(/^key\//, ""));
}

export function endpointVariable(id: string): string {
  return terraformName("endpoint", id);
}

/** Of a role or user that is there already, or the ARN of a permission set. */
export function holderVariable(identity: IdentityDocuments): string {
  const kind = identity.kind.replace(" ", "-");
  return terraformName(kind, nameOf(identity));
}

export function variable(name: string): Expression {
  return `var.${name}`;
}

export function variables(
  { buckets, keys, endpoints }: Deployment,
  made: readonly IdentityDocuments[],
  found: readonly IdentityDocuments[],
): readonly Block[] {
  const sets = found.filter(({ kind }) => kind === "permission set");
  return [
    ...buckets.map(({ name }) => fixed(bucketVariable(name), "Name of the bucket", name)),
    ...keys.map(({ arn }) => fixed(keyVariable(arn), "ARN of the key", arn)),
    ...endpoints.map(({ id, service }) =>
      fixed(endpointVariable(id), `Id of the VPC endpoint for ${service}`, id),
    ),
    ...found
      .filter(({ kind }) => kind !== "permission set")
      .map((one) => fixed(holderVariable(one), `Name of the ${one.kind}`, nameOf(one))),
    ...(made.some(({ boundary }) => boundary === undefined) ? [BOUNDARY_VARIABLE] : []),
    ...(sets.length === 0 ? [] : IDENTITY_CENTER_VARIABLES),
    ...sets.map(permissionSetVariable),
  ];
}

function fixed(name: string, what: string, value: string): Block {
  return {
    head: ["variable", name],
    attributes: {
      description: quoted(`${what}, as the documents have it: a reference to it makes the order.`),
      type: "string",
      default: quoted(value),
      nullable: "false",
    },
    blocks: [
      {
        head: ["validation"],
        attributes: {
          condition: `var.${name} == ${quoted(value)}`,
          error_message: quoted(
            `The documents name ${value}, and what was proved of them holds for that alone. Change the access map and generate again.`,
          ),
        },
      },
    ],
  };
}

const BOUNDARY_VARIABLE: Block = {
  head: ["variable", BOUNDARY],
  attributes: {
    description: quoted(
      "ARN of a policy that bounds every role made here. It can only take away: what was proved to be denied stays denied, what was proved to be allowed may not be.",
    ),
    type: "string",
    default: "null",
  },
};

const IDENTITY_CENTER_VARIABLES: readonly Block[] = [
  {
    head: ["variable", IDENTITY_CENTER],
    attributes: {
      description: quoted("ARN of the instance of IAM Identity Center."),
      type: "string",
      default: "null",
    },
  },
  {
    head: ["variable", IDENTITY_CENTER_REGION],
    attributes: {
      description: quoted("Region of IAM Identity Center; null for the provider's."),
      type: "string",
      default: "null",
    },
  },
];

/** It has an ARN that no document names, and is often of another account: without it nothing is done. */
function permissionSetVariable(set: IdentityDocuments): Block {
  const name = holderVariable(set);
  return {
    head: ["variable", name],
    attributes: {
      description: quoted(
        `ARN of the permission set ${nameOf(set)}; null leaves its policies to whoever manages IAM Identity Center.`,
      ),
      type: "string",
      default: "null",
    },
    blocks: [
      {
        head: ["validation"],
        attributes: {
          condition: `var.${name} == null || can(regex("^arn:[a-z-]+:sso:::permissionSet/", var.${name}))`,
          error_message: quoted(
            "Expected the ARN of a permission set (arn:aws:sso:::permissionSet/ssoins-…/ps-…).",
          ),
        },
      },
    ],
  };
}
