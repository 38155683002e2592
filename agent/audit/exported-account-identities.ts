/** Roles and users out of the list of a whole account. @module */
import type { NamedPolicy, PolicyJson } from "../policy/deployment.ts";
import type { AccountDetails } from "./exported-account.ts";
import type { Aspect } from "./exported-place.ts";

/** A role or user, before the texts of its managed policies are looked up. */
export interface IdentityDraft {
  readonly kind: "role" | "user";
  readonly arn: string;
  readonly trust: PolicyJson | undefined;
  readonly maxSessionSeconds: number | undefined;
  readonly hasInstanceProfile: boolean;
  readonly inline: readonly NamedPolicy[];
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  readonly boundary: string | undefined;
  readonly known: ReadonlySet<Aspect>;
}

export function accountIdentities(details: AccountDetails): readonly IdentityDraft[] {
  const roles = details.RoleDetailList.map((role): IdentityDraft => ({
    kind: "role",
    ...sharedOf(role, role.RolePolicyList),
    trust: role.AssumeRolePolicyDocument,
    hasInstanceProfile: role.InstanceProfileList.length > 0,
    known: new Set<Aspect>(["identity", "policies", "boundary", "instance profiles"]),
  }));
  const users = details.UserDetailList.map((user): IdentityDraft => {
    const shared = sharedOf(user, user.UserPolicyList);
    const groups = details.GroupDetailList.filter(({ GroupName: name }) =>
      user.GroupList.includes(name),
    );
    // whether groups are all told of
    const isWhole = groups.length === user.GroupList.length;
    return {
      kind: "user",
      ...shared,
      trust: undefined,
      hasInstanceProfile: false,
      // what a group has, its users have
      inline: [
        ...shared.inline,
        ...groups.flatMap((group) =>
          inlineOf(group.GroupPolicyList).map((one) => {
            return { ...one, name: `${group.GroupName}/${one.name}` };
          }),
        ),
      ],
      attached: [...shared.attached, ...groups.flatMap((group) => arnsOf(group))],
      known: new Set<Aspect>([
        "identity",
        "boundary",
        "instance profiles",
        "session",
        ...(isWhole ? (["policies"] as const) : []),
      ]),
    };
  });
  return [...roles, ...users];
}

type Listed = Pick<
  AccountDetails["RoleDetailList"][number],
  "Arn" | "AttachedManagedPolicies" | "PermissionsBoundary"
>;
type Inline = AccountDetails["RoleDetailList"][number]["RolePolicyList"];

function sharedOf(one: Listed, inline: Inline) {
  return {
    arn: one.Arn,
    maxSessionSeconds: undefined,
    inline: inlineOf(inline),
    attached: arnsOf(one),
    boundary: one.PermissionsBoundary?.PermissionsBoundaryArn,
  };
}

function inlineOf(list: Inline): readonly NamedPolicy[] {
  return list.map(({ PolicyName: name, PolicyDocument: document }) => {
    return { name, form: "inline", document };
  });
}

function arnsOf({ AttachedManagedPolicies: list }: Pick<Listed, "AttachedManagedPolicies">) {
  return list.map((one) => one.PolicyArn);
}
