/**
 * Ways to become another: whoever can run something on a host, or give its role to a machine of its own, reads what
 * the host reads.
 *
 * Of each map principal its own documents must give none of these, but that deployers can pass roles to EC2. What its
 * other policies give is not known here.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import { INSTANCE } from "./caller-facts.ts";
import { classOf, onEach, type Scene } from "./object-requests.ts";
import type { ObjectSet, Obligation } from "./obligation.ts";
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

/** On a role, or a user. */
export const ROLE_ACTIONS = [
  "iam:PutRolePolicy",
  "iam:AttachRolePolicy",
  "iam:UpdateAssumeRolePolicy",
  "iam:PassRole",
  "iam:TagRole",
  "iam:PutRolePermissionsBoundary",
  "iam:DeleteRolePermissionsBoundary",
  "iam:CreateAccessKey",
  "iam:CreateLoginProfile",
  "iam:UpdateLoginProfile",
  "iam:PutUserPolicy",
  "iam:AttachUserPolicy",
  "iam:DeleteUserPermissionsBoundary",
] as const;

export function takeoverObligations(
  map: AccessMap,
  subjects: readonly Subject[],
): readonly Obligation[] {
  const roles = rolesOfMachines(map);
  const hosts: ObjectSet = { kind: "arns", arns: [hostArn(map)] };
  // of other accounts nobody's rights are changed from here
  const others: ObjectSet = {
    kind: "arns",
    arns: map.principals
      .filter(({ kind }) => kind !== "foreign")
      .map((one) => (one.kind === "sso" ? one.arnPattern.replaceAll("?", "0") : one.arn)),
  };
  return subjects
    .filter(
      ({ hasDocuments, principal }) => hasDocuments && !map.breakGlass.includes(principal.name),
    )
    .flatMap((subject) => {
      const isDeployer = map.deployers.includes(subject.principal.name);
      return [
        ...HOST_ACTIONS.map((action) => denied(map, subject, action, hosts, "any host")),
        ...(isDeployer
          ? roles.flatMap((role) => passing(map, subject, role))
          : ROLE_ACTIONS.map((action) =>
              denied(map, subject, action, others, "anybody of the map"),
            )),
      ];
    });
}

interface MachineRole {
  readonly name: string;
  readonly arn: string;
  readonly service: string;
}

/** The generated roles that a service of AWS runs something under. */
function rolesOfMachines({ principals, partition }: AccessMap): readonly MachineRole[] {
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return principals.flatMap((one) => {
    if (one.kind === "ec2") return [{ name: one.name, arn: one.arn, service: `ec2.${suffix}` }];
    return one.kind === "service" ? [{ name: one.name, arn: one.arn, service: one.service }] : [];
  });
}

export function hostArn({ partition, account, home }: AccessMap): string {
  return `arn:${partition}:ec2:${home.region}:${account}:instance/${INSTANCE}`;
}

function denied(
  map: AccessMap,
  subject: Subject,
  action: string,
  objects: ObjectSet,
  whom: string,
): Obligation {
  const scene: Scene = { map, target: map.home, caller: subject.actor.caller };
  return {
    ...baseOf(map, subject),
    id: `${subject.principal.name}/${action} of ${whom} denied: identity alone`,
    expected: "deny",
    objects,
    ...onEach(scene, action, ""),
  };
}

/** Nobody could start a machine otherwise; and to no other service, which would run what it is told. */
function passing(
  map: AccessMap,
  subject: Subject,
  { arn, name, service }: MachineRole,
): readonly Obligation[] {
  const { principal, actor } = subject;
  const scene: Scene = { map, target: map.home, caller: actor.caller };
  const where = { StringNotEquals: { "iam:PassedToService": service } };
  const keys = { "iam:PassedToService": service };
  const id = `${principal.name}/iam:PassRole of ${name}`;
  const ask = (more: Parameters<typeof classOf>[3]): Obligation["ways"] => {
    return () => [
      [{ requestClass: classOf(scene, "iam:PassRole", arn, more), endpoint: undefined }],
    ];
  };
  const base = baseOf(map, subject);
  return [
    { ...base, id: `${id} denied: identity alone`, expected: "deny", ways: ask({ where }) },
    {
      ...base,
      id: `${id} to ${service} allowed: identity alone`,
      expected: "allow",
      ways: ask({ keys, otherKeys: "absent" }),
    },
  ];
}

function baseOf(
  map: AccessMap,
  { principal, actor }: Subject,
): Pick<Obligation, "kind" | "layer" | "line" | "actor" | "objects"> {
  return {
    kind: "takeover",
    layer: "identity alone",
    line: lineOfPrincipal(map, principal),
    actor,
    objects: undefined,
  };
}
