/**
 * Outputs of `aws iam`, but for that of the whole account.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html (documents are URL-encoded; the CLI decodes them)
 * @module
 */
import * as v from "valibot";
import { policyText } from "./exported-account.ts";
import { type Known, known } from "./exported-output.ts";

const text = v.string();
const boundary = v.optional(v.object({ PermissionsBoundaryArn: text }));
const inline = { PolicyName: text, PolicyDocument: policyText };

// the more telling members first: some names stand in several outputs
export const iamOutputs: readonly Known[] = [
  known(
    ["RoleName", "PolicyDocument"],
    v.object({ RoleName: text, ...inline }),
    ({ RoleName: owner, PolicyName: name, PolicyDocument: document }) => {
      return { kind: "inline policy", of: "role", owner, name, document };
    },
  ),
  known(
    ["UserName", "PolicyDocument"],
    v.object({ UserName: text, ...inline }),
    ({ UserName: owner, PolicyName: name, PolicyDocument: document }) => {
      return { kind: "inline policy", of: "user", owner, name, document };
    },
  ),
  known(
    ["GroupName", "PolicyDocument"],
    v.object({ GroupName: text, ...inline }),
    ({ GroupName: owner, PolicyName: name, PolicyDocument: document }) => {
      return { kind: "inline policy", of: "group", owner, name, document };
    },
  ),
  known(
    ["Role"],
    v.object({
      Role: v.object({
        Arn: text,
        AssumeRolePolicyDocument: policyText,
        MaxSessionDuration: v.optional(v.number()),
        PermissionsBoundary: boundary,
      }),
    }),
    ({ Role: role }) => ({
      kind: "role",
      role: {
        arn: role.Arn,
        trust: role.AssumeRolePolicyDocument,
        maxSessionSeconds: role.MaxSessionDuration,
        boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
      },
    }),
  ),
  known(
    ["User"],
    v.object({ User: v.object({ Arn: text, PermissionsBoundary: boundary }) }),
    ({ User: user }) => ({
      kind: "user",
      arn: user.Arn,
      boundary: user.PermissionsBoundary?.PermissionsBoundaryArn,
    }),
  ),
  known(["PolicyNames"], v.object({ PolicyNames: v.array(text) }), ({ PolicyNames: names }) => {
    return { kind: "inline names", names };
  }),
  known(
    ["Groups"],
    v.object({ Groups: v.array(v.object({ GroupName: text })) }),
    ({ Groups: list }) => ({ kind: "groups", names: list.map((one) => one.GroupName) }),
  ),
  known(
    ["AttachedPolicies"],
    v.object({ AttachedPolicies: v.array(v.object({ PolicyArn: text })) }),
    ({ AttachedPolicies: list }) => ({ kind: "attached", arns: list.map((one) => one.PolicyArn) }),
  ),
  known(
    ["InstanceProfiles"],
    v.object({ InstanceProfiles: v.array(v.object({ Roles: v.array(v.object({ Arn: text })) })) }),
    ({ InstanceProfiles: list }) => ({
      kind: "instance profiles",
      roles: list.flatMap((profile) => profile.Roles.map((role) => role.Arn)),
    }),
  ),
  known(
    ["PolicyVersion"],
    v.object({ PolicyVersion: v.object({ Document: policyText, IsDefaultVersion: v.boolean() }) }),
    ({ PolicyVersion: version }) => ({
      kind: "policy version",
      document: version.Document,
      isDefault: version.IsDefaultVersion,
    }),
  ),
];
