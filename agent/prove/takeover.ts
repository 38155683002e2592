/**
 * Ways to become another: whoever can run something on a host, or give its role to a machine of its own, reads what
 * the host reads.
 *
 * Of each map principal its own documents must give none of these, but that deployers can pass roles to EC2. What its
 * other policies give is not known here.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 * @module
 */
import type { AccessMap, Principal } from "../map/access-map.ts";
import { INSTANCE } from "./caller-facts.ts";
import { classOf, type Scene } from "./object-requests.ts";
import type { Obligation } from "./obligation.ts";
import { lineOfPrincipal, type Subject } from "./use-obligations.ts";

/** On a host. */
export const HOST_ACTIONS = [
  "ssm:SendCommand",
  "ssm:StartSession",
  "ec2:ModifyInstanceAttribute",
  "ec2:AssociateIamInstanceProfile",
  "ec2:ReplaceIamInstanceProfileAssociation",
  "ec2-instance-connect:SendSSHPublicKey",
] as const;

/** On a role. */
export const ROLE_ACTIONS = [
  "iam:PutRolePolicy",
  "iam:AttachRolePolicy",
  "iam:UpdateAssumeRolePolicy",
  "iam:PassRole",
  "iam:TagRole",
  "iam:DeleteRolePermissionsBoundary",
] as const;

export function takeoverObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  const roles = map.principals.filter((one) => one.kind === "ec2");
  return subjects
    .filter(
      ({ hasDocuments, principal }) => hasDocuments && !map.breakGlass.includes(principal.name),
    )
    .flatMap((subject) => [
      ...HOST_ACTIONS.map((action) => deny(map, subject, action, hostArn(map), "any host")),
      ...roles.flatMap((role) =>
        ROLE_ACTIONS.flatMap((action) => ofRole(map, subject, action, role)),
      ),
    ]);
}

export function hostArn({ partition, account, home }: AccessMap): string {
  return `arn:${partition}:ec2:${home.region}:${account}:instance/${INSTANCE}`;
}

function ofRole(
  map: AccessMap,
  subject: Subject,
  action: string,
  role: Principal & { readonly arn: string },
): readonly Obligation[] {
  const { principal } = subject;
  const isDeployer = map.deployers.includes(principal.name);
  if (isDeployer && action !== "iam:PassRole") return [];
  const suffix = map.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const service = `ec2.${suffix}`;
  const where = isDeployer ? { StringNotEquals: { "iam:PassedToService": service } } : {};
  const denied = deny(map, subject, action, role.arn, role.name, where);
  return isDeployer ? [denied, passes(map, subject, role, service)] : [denied];
}

/** Nobody could start a host otherwise. */
function passes(
  map: AccessMap,
  { principal, actor }: Subject,
  { arn, name }: Principal & { readonly arn: string },
  service: string,
): Obligation {
  const scene: Scene = { map, target: map.home, caller: actor.caller };
  return {
    id: `${principal.name}/iam:PassRole of ${name} to ${service} allowed: identity alone`,
    kind: "takeover",
    layer: "identity alone",
    line: lineOfPrincipal(map, principal),
    actor,
    expected: "allow",
    objects: undefined,
    ways: () => [
      [
        {
          requestClass: classOf(scene, "iam:PassRole", arn, {
            keys: { "iam:PassedToService": service },
            otherKeys: "absent",
          }),
          endpoint: undefined,
        },
      ],
    ],
  };
}

function deny(
  map: AccessMap,
  { principal, actor }: Subject,
  action: string,
  resource: string,
  whom: string,
  where: object = {},
): Obligation {
  const scene: Scene = { map, target: map.home, caller: actor.caller };
  return {
    id: `${principal.name}/${action} of ${whom} denied: identity alone`,
    kind: "takeover",
    layer: "identity alone",
    line: lineOfPrincipal(map, principal),
    actor,
    expected: "deny",
    objects: undefined,
    isAlike: true,
    ways: () => [
      [{ requestClass: classOf(scene, action, resource, { where }), endpoint: undefined }],
    ],
  };
}
