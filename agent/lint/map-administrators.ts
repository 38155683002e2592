/**
 * Rules about deployers and break-glass.
 * @see https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_emergency_process.html
 * @module
 */
import type { AccessMap, Principal, PrincipalName } from "../map/access-map.ts";
import { isHost } from "./map-duties.ts";
import type { MapHarm, Rule } from "./rule.ts";

const EMERGENCY =
  "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_emergency_process.html";

export const ADMINISTRATOR_RULES: readonly Rule[] = [
  {
    id: "deployer-uses-secrets",
    severity: "warning",
    title: "a deployer that also reads or publishes a group",
    why: "Who changes the policies is watched for changing them; used every day, that is one act among thousands.",
    page: "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_least_privileges.html",
    fix: "read and publish by a principal of its own",
    witness: false,
    judges: "map",
    find: (map) => usersOf(map, "deployers", map.deployers),
  },
  {
    id: "deployer-on-host",
    severity: "warning",
    title: "a deployer that is an instance or a service's task",
    why: "Who takes the host over rewrites every policy, and with them who reads.",
    page: "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_least_privileges.html",
    fix: "deploy from a pipeline with tokens of its own (kind oidc), or by people",
    witness: false,
    judges: "map",
    find: ({ deployers, principals }) =>
      indexed(deployers, principals).flatMap(({ principal, at }): readonly MapHarm[] =>
        isHost(principal)
          ? [
              {
                path: ["deployers", at],
                message: `expected a deployer that runs no application, got ${principal.name} of kind ${principal.kind}`,
              },
            ]
          : [],
      ),
  },
  {
    id: "break-glass-in-daily-use",
    severity: "warning",
    title: "a break-glass principal that also reads or publishes a group",
    why: "An alarm on its use then rings every day, and nobody looks any more.",
    page: EMERGENCY,
    fix: "keep it for emergencies alone, and read by a principal of its own",
    witness: false,
    judges: "map",
    find: (map) => usersOf(map, "break_glass", map.breakGlass),
  },
  {
    id: "break-glass-deploys",
    severity: "warning",
    title: "a principal that is deployer and break-glass",
    why: "What locks the deployers out locks out the way back in as well, and whoever deploys reads every secret.",
    page: EMERGENCY,
    fix: "give break-glass a principal of kind human",
    witness: false,
    judges: "map",
    find: ({ breakGlass, deployers }) =>
      breakGlass.flatMap((name, at): readonly MapHarm[] =>
        deployers.includes(name)
          ? [
              {
                path: ["break_glass", at],
                message: `expected another than the deployers, got ${name}`,
              },
            ]
          : [],
      ),
  },
  {
    id: "break-glass-without-mfa",
    severity: "warning",
    title: "a break-glass principal of a kind of which nothing generated asks for MFA",
    why: "It reads every secret, and one stolen credential is then enough.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html",
    fix: "take kind human, whose role asks for MFA and ends after an hour, or sso with MFA at every sign-in",
    witness: false,
    judges: "map",
    find: ({ breakGlass, principals }) =>
      indexed(breakGlass, principals).flatMap(({ principal: { kind, name }, at }) =>
        kind === "human" || kind === "sso"
          ? []
          : [
              {
                path: ["break_glass", at],
                message: `expected kind human or sso, got ${name} of kind ${kind}`,
              },
            ],
      ),
  },
  {
    id: "break-glass-of-one",
    severity: "note",
    title: "one break-glass principal that one person alone may assume",
    why: "When that person is away, or that device is lost, nobody gets in.",
    page: EMERGENCY,
    fix: "name a second person in `trusted`",
    witness: false,
    judges: "map",
    find: loneliest,
  },
];

function usersOf(
  { groups }: AccessMap,
  list: string,
  names: readonly PrincipalName[],
): readonly MapHarm[] {
  return names.flatMap((name, at): readonly MapHarm[] => {
    const used = groups.filter(
      ({ readers, publishers }) =>
        readers.includes(name) || publishers.some(({ principal }) => principal === name),
    );
    const [first] = used;
    if (first === undefined) return [];
    const message = `expected ${name} to use no group, got ${used.map((one) => one.name).join(", ")}`;
    return [{ path: [list, at], message }];
  });
}

function loneliest({ breakGlass, principals }: AccessMap): readonly MapHarm[] {
  const found = indexed(breakGlass, principals);
  const [only] = found;
  if (found.length !== 1 || only === undefined) return [];
  const { principal } = only;
  if (principal.kind === "user" || (principal.kind === "human" && principal.trusted.length === 1))
    return [
      {
        path: ["principals", principal.name],
        message: `expected at least two people who get in, got ${principal.kind === "user" ? "one user" : `"${principal.trusted.join()}" alone`}`,
      },
    ];
  return [];
}

function indexed(
  names: readonly PrincipalName[],
  principals: readonly Principal[],
): readonly { readonly principal: Principal; readonly at: number }[] {
  return names.flatMap((name, at) =>
    principals.filter((one) => one.name === name).map((principal) => ({ principal, at })),
  );
}
