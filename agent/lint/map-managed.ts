/**
 * A rule about policies of AWS's own that give a host more than its secrets. What other managed policies say, of AWS or of
 * the account, is not known here.
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import type { MapHarm, Rule } from "./rule.ts";

/** By name, with what a host does by them. */
const POWERS: ReadonlyMap<string, string> = new Map([
  ["AdministratorAccess", "does anything, by iam:UpdateAssumeRolePolicy as any role"],
  ["IAMFullAccess", "becomes any role, by iam:UpdateAssumeRolePolicy"],
  ["PowerUserAccess", "takes over other hosts, by ssm:SendCommand"],
  ["AmazonSSMFullAccess", "takes over other hosts, by ssm:SendCommand"],
  [
    "AmazonEC2FullAccess",
    "takes over other hosts, by ec2:ModifyInstanceAttribute of their user data",
  ],
  ["AmazonS3FullAccess", "reads and writes any bucket that does not deny it, by s3:*"],
]);

export const MANAGED_POLICY_RULES: readonly Rule[] = [
  {
    id: "host-of-all-powers",
    severity: "error",
    title:
      "`with_policies` with a policy of AWS such as AdministratorAccess, by which a host becomes other roles, takes over other hosts or reads other buckets",
    why: "Who takes the host over then reads the secrets of other hosts as well, and no document of the map stands between.",
    page: "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html",
    fix: "attach a policy that names what the host needs, such as AmazonSSMManagedInstanceCore",
    witness: false,
    judges: "map",
    find: (map) =>
      map.principals.flatMap((principal) =>
        principal.kind !== "ec2"
          ? []
          : principal.withPolicies.flatMap((arn): readonly MapHarm[] => {
              const name = ofAws(arn);
              const power = POWERS.get(name);
              const message = `expected no power beyond the needs of ${principal.name}, got ${name}: it ${power ?? ""}`;
              return power === undefined ? [] : [{ path: pathOf(map, principal.name), message }];
            }),
      ),
  },
];

/** The name of a policy of AWS, without the path of some; "" for one of an account. */
function ofAws(arn: string): string {
  return /^arn:aws[a-z-]*:iam::aws:policy\/(?:.+\/)?([^/]+)$/.exec(arn)?.[1] ?? "";
}

/** Of a role that is made for hosts, the first of them. */
function pathOf({ hosts }: AccessMap, name: string): MapPath {
  const host = hosts.find(({ principal }) => principal === name);
  return host === undefined
    ? ["principals", name, "with_policies"]
    : ["hosts", host.name, "with_policies"];
}
