/**
 * Roles with their profiles and policies, and the policies of who is there already, as resources of Terraform.
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ssoadmin_permission_set_inline_policy
 * @module
 */
import type { IdentityDocuments, NamedPolicy } from "../policy/deployment.ts";
import { folderOf, policyPath } from "./files.ts";
import { type Block, type Expression, fileOf, quoted } from "./hcl.ts";
import { boundaryName, nameOf, namedIn, pathOf, POLICY_PATH } from "./holders.ts";
import { terraformName } from "./logical-ids.ts";
import {
  BOUNDARY,
  holderVariable,
  IDENTITY_CENTER,
  IDENTITY_CENTER_REGION,
  variable,
} from "./terraform-variables.ts";

/** Where the documents lie in the module. */
export const DOCUMENTS = "documents";

export function documentAt(path: string): Expression {
  return fileOf(`${DOCUMENTS}/${path}`);
}

/** "aws_iam_role.web". */
export function roleAddress(role: IdentityDocuments): string {
  return `aws_iam_role.${terraformName(nameOf(role))}`;
}

export function madeRole(
  role: IdentityDocuments,
  made: readonly IdentityDocuments[],
  account: string,
): readonly Block[] {
  const label = terraformName(nameOf(role));
  const others = namedIn(
    role.trust,
    made.filter((one) => one !== role),
  );
  const profile: Block = {
    head: ["resource", "aws_iam_instance_profile", label],
    attributes: {
      name: quoted(nameOf(role)),
      path: quoted(pathOf(role)),
      role: `${roleAddress(role)}.name`,
    },
  };
  return [
    ...boundaryPolicy(role, account),
    {
      head: ["resource", "aws_iam_role", label],
      attributes: {
        name: quoted(nameOf(role)),
        path: quoted(pathOf(role)),
        assume_role_policy: documentAt(`${folderOf(role, account)}/trust.json`),
        max_session_duration: role.maxSessionSeconds?.toString(),
        permissions_boundary: boundaryOf(role),
      },
      dependsOn: others.map(roleAddress),
    },
    ...(role.hasInstanceProfile ? [profile] : []),
    ...role.foreignPolicies.map((arn) => attachment(role, [arn], quoted(arn))),
    ...policiesOf(role, account),
  ];
}

function boundaryOf(role: IdentityDocuments): Expression {
  if (role.boundary === undefined) return variable(BOUNDARY);
  return `aws_iam_policy.${terraformName(nameOf(role), "boundary")}.arn`;
}

function boundaryPolicy(role: IdentityDocuments, account: string): readonly Block[] {
  if (role.boundary === undefined) return [];
  return [
    {
      head: ["resource", "aws_iam_policy", terraformName(nameOf(role), "boundary")],
      attributes: {
        name: quoted(boundaryName(role)),
        path: quoted(POLICY_PATH),
        policy: documentAt(`${folderOf(role, account)}/boundary.json`),
      },
    },
  ];
}

/** Of whoever is made or found. */
export function policiesOf(holder: IdentityDocuments, account: string): readonly Block[] {
  return holder.policies.flatMap((policy) => {
    const document = documentAt(policyPath(folderOf(holder, account), policy));
    return policy.form === "inline"
      ? [inlinePolicy(holder, policy, document)]
      : managedPolicy(holder, policy, document);
  });
}

function inlinePolicy(
  holder: IdentityDocuments,
  { name }: NamedPolicy,
  document: Expression,
): Block {
  const { kind } = holder;
  const label = terraformName(nameOf(holder), name);
  if (kind === "permission set")
    return {
      head: ["resource", "aws_ssoadmin_permission_set_inline_policy", label],
      attributes: { ...permissionSet(holder), inline_policy: document },
    };
  return {
    head: ["resource", `aws_iam_${kind}_policy`, label],
    attributes: { name: quoted(name), [kind]: holderReference(holder), policy: document },
  };
}

function managedPolicy(
  holder: IdentityDocuments,
  { name }: NamedPolicy,
  document: Expression,
): readonly Block[] {
  const label = terraformName(nameOf(holder), name);
  const policy: Block = {
    head: ["resource", "aws_iam_policy", label],
    attributes: { name: quoted(name), path: quoted(POLICY_PATH), policy: document },
  };
  return [policy, attachment(holder, [name], `aws_iam_policy.${label}.arn`, label)];
}

function attachment(
  holder: IdentityDocuments,
  parts: readonly string[],
  arn: Expression,
  policy = "",
): Block {
  const { kind } = holder;
  const label = terraformName(nameOf(holder), ...parts);
  if (kind === "permission set")
    return {
      head: ["resource", "aws_ssoadmin_customer_managed_policy_attachment", label],
      attributes: permissionSet(holder),
      blocks: [
        {
          head: ["customer_managed_policy_reference"],
          attributes: {
            name: `aws_iam_policy.${policy}.name`,
            path: `aws_iam_policy.${policy}.path`,
          },
        },
      ],
    };
  return {
    head: ["resource", `aws_iam_${kind}_policy_attachment`, label],
    attributes: { [kind]: holderReference(holder), policy_arn: arn },
  };
}

function permissionSet(set: IdentityDocuments): Readonly<Record<string, Expression>> {
  const arn = variable(holderVariable(set));
  return {
    count: `${arn} == null ? 0 : 1`,
    region: variable(IDENTITY_CENTER_REGION),
    instance_arn: variable(IDENTITY_CENTER),
    permission_set_arn: arn,
  };
}

function holderReference(holder: IdentityDocuments): Expression {
  return holder.trust === undefined
    ? variable(holderVariable(holder))
    : `${roleAddress(holder)}.name`;
}
