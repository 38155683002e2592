/** The identity policy that who asks AWS needs: of exactly the questions about one map. @module */
import type { Permission } from "../aws/question.ts";
import type { AccessMap, Principal } from "../map/access-map.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { resourceQuestions } from "./questions.ts";

/**
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 * (ListRoles knows no resources)
 */
export function inventoryPolicy(map: AccessMap): PolicyJson {
  const needs = [
    ...resourceQuestions(map).map(({ question }) => question.needs),
    ...map.principals.flatMap((principal) => needsOf(principal, map)),
  ];
  return {
    Version: "2012-10-17",
    Statement: LABELS.flatMap(([label, service]) => statementsOf(label, service, needs)),
  };
}

const LABELS = [
  ["LookAtBuckets", "s3"],
  ["LookAtKeys", "kms"],
  ["LookAtIdentities", "iam"],
  ["LookAtEndpoints", "ec2"],
] as const;

/** Those of one service: one for each set of actions that some resources have in common. */
function statementsOf(
  label: string,
  service: string,
  needs: readonly Permission[],
): readonly PolicyJson[] {
  const actionsOf = new Map<string, Set<string>>();
  for (const { action, resource } of needs)
    if (action.startsWith(`${service}:`))
      actionsOf.set(resource, (actionsOf.get(resource) ?? new Set()).add(action));
  const resourcesOf = new Map<string, string[]>();
  for (const [resource, actions] of actionsOf) {
    const list = [...actions].toSorted().join(" ");
    resourcesOf.set(list, [...(resourcesOf.get(list) ?? []), resource]);
  }
  return [...resourcesOf].map(([actions, resources], at) => ({
    Sid: at === 0 ? label : `${label}${at + 1}`,
    Effect: "Allow",
    Action: actions.split(" "),
    Resource: resources.toSorted(),
  }));
}

const OF_ROLES = ["GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies"];
const OF_GENERATED = [...OF_ROLES, "ListInstanceProfilesForRole"];
const OF_USERS = [
  "GetUser",
  "ListUserPolicies",
  "GetUserPolicy",
  "ListAttachedUserPolicies",
  "ListGroupsForUser",
];
const OF_GROUPS = ["ListGroupPolicies", "GetGroupPolicy", "ListAttachedGroupPolicies"];
const OF_POLICIES = ["GetPolicy", "GetPolicyVersion"];

function needsOf(principal: Principal, { partition, account }: AccessMap): readonly Permission[] {
  const own = `arn:${partition}:iam::${account}`;
  const all = (names: readonly string[], ...resources: readonly string[]): readonly Permission[] =>
    resources.flatMap((resource) => names.map((name) => ({ action: `iam:${name}`, resource })));
  const policies = all(OF_POLICIES, `${own}:policy/*`, `arn:${partition}:iam::aws:policy/*`);
  switch (principal.kind) {
    case "foreign":
      return [];
    case "sso":
      return [...all(["ListRoles"], "*"), ...all(OF_ROLES, principal.arnPattern), ...policies];
    case "user":
      return [
        ...all(OF_USERS, principal.arn),
        // which those are, only the user's list tells
        ...all(OF_GROUPS, `${own}:group/*`),
        ...policies,
      ];
    case "existing":
      return [...all(OF_ROLES, principal.arn), ...policies];
    case "ec2":
    case "oidc":
    case "service":
    case "human":
      // all of their path, which is postern's: a policy has room for few ARNs
      return [...all(OF_GENERATED, principal.arn.replace(/[^/]+$/, "*")), ...policies];
    default:
      return principal satisfies never;
  }
}
