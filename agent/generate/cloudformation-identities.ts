/**
 * Roles with their profiles and policies, and the policies of who is there already, as resources of CloudFormation.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
 * @module
 */
import type { IdentityDocuments, NamedPolicy } from "../policy/deployment.ts";
import type { Resource, Resources } from "./cloudformation-template.ts";
import { holderParameter } from "./cloudformation-parameters.ts";
import { boundaryName, type Holders, nameOf, namedIn, pathOf, POLICY_PATH } from "./holders.ts";
import { logicalId } from "./logical-ids.ts";

export function roleId(role: IdentityDocuments): string {
  return logicalId("Role", nameOf(role));
}

export function holderResources({ made, found }: Holders): Resources {
  return Object.fromEntries([
    ...made.flatMap((role) => madeRole(role, made)),
    ...found.flatMap((holder) => holder.policies.flatMap((policy) => foundPolicy(holder, policy))),
  ]);
}

type Entry = readonly [string, Resource];

function madeRole(role: IdentityDocuments, made: readonly IdentityDocuments[]): readonly Entry[] {
  const { policies, foreignPolicies, maxSessionSeconds } = role;
  const others = made.filter((one) => one !== role);
  const before = namedIn(role.trust, others).map(roleId);
  const inline = policies.filter(({ form }) => form === "inline");
  const named = { Path: pathOf(role), Roles: [{ Ref: roleId(role) }] };
  const profile: Resource = {
    Type: "AWS::IAM::InstanceProfile",
    Properties: { InstanceProfileName: nameOf(role), ...named },
  };
  return [
    ...boundaryPolicy(role),
    [
      roleId(role),
      {
        Type: "AWS::IAM::Role",
        ...(before.length > 0 && { DependsOn: before }),
        Properties: {
          RoleName: nameOf(role),
          Path: pathOf(role),
          AssumeRolePolicyDocument: role.trust,
          ...(maxSessionSeconds !== undefined && { MaxSessionDuration: maxSessionSeconds }),
          PermissionsBoundary: boundaryOf(role),
          ...(foreignPolicies.length > 0 && { ManagedPolicyArns: foreignPolicies }),
          ...(inline.length > 0 && { Policies: inline.map(embedded) }),
        },
      },
    ],
    ...(role.hasInstanceProfile ? [[logicalId("Profile", nameOf(role)), profile] as const] : []),
    ...policies
      .filter(({ form }) => form === "managed")
      .map((policy) => managedPolicy(policy, role, { Roles: [{ Ref: roleId(role) }] })),
  ];
}

function embedded({ name, document }: NamedPolicy): unknown {
  return { PolicyName: name, PolicyDocument: document };
}

function boundaryId(role: IdentityDocuments): string {
  return logicalId("Boundary", nameOf(role));
}

function boundaryOf(role: IdentityDocuments): unknown {
  if (role.boundary !== undefined) return { Ref: boundaryId(role) };
  const given = { Ref: "PermissionsBoundary" };
  return { "Fn::If": ["HasBoundary", given, { Ref: "AWS::NoValue" }] };
}

function boundaryPolicy(role: IdentityDocuments): readonly Entry[] {
  if (role.boundary === undefined) return [];
  const Properties = {
    ManagedPolicyName: boundaryName(role),
    Path: POLICY_PATH,
    PolicyDocument: role.boundary,
  };
  return [[boundaryId(role), { Type: "AWS::IAM::ManagedPolicy", Properties }]];
}

/** None where no resource does it: an inline policy is a part of a permission set. */
function foundPolicy(holder: IdentityDocuments, policy: NamedPolicy): readonly Entry[] {
  const { kind } = holder;
  const isInline = policy.form === "inline";
  if (kind === "permission set") return isInline ? [] : [managedPolicy(policy, holder, {})];
  const name = { Ref: holderParameter(holder) };
  if (!isInline)
    return [managedPolicy(policy, holder, kind === "user" ? { Users: [name] } : { Roles: [name] })];
  const Type = kind === "user" ? "AWS::IAM::UserPolicy" : "AWS::IAM::RolePolicy";
  const holding = kind === "user" ? { UserName: name } : { RoleName: name };
  const Properties = { ...holding, PolicyName: policy.name, PolicyDocument: policy.document };
  return [[logicalId("Inline", kind, nameOf(holder), policy.name), { Type, Properties }]];
}

function managedPolicy(
  { name, document }: NamedPolicy,
  holder: IdentityDocuments,
  attached: Readonly<Record<string, unknown>>,
): Entry {
  const Properties = {
    ManagedPolicyName: name,
    Path: POLICY_PATH,
    ...attached,
    PolicyDocument: document,
  };
  const id = logicalId("Policy", nameOf(holder), name);
  return [id, { Type: "AWS::IAM::ManagedPolicy", Properties }];
}
