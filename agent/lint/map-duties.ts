/**
 * Rules about who both reads and publishes, and from where.
 * @module
 */
import type { AccessMap, Group, Principal } from "../map/access-map.ts";
import type { MapHarm, Rule } from "./rule.ts";

const LEAST_PRIVILEGE =
  "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_least_privileges.html";

export const DUTY_RULES: readonly Rule[] = [
  {
    id: "reader-publishes",
    severity: "warning",
    title: "a principal that reads and publishes the same group",
    why: "Who takes it over not only learns the secrets, but sets those that all other readers trust.",
    page: LEAST_PRIVILEGE,
    fix: "publish by a principal of its own, whose level is enough to see what it changes",
    witness: false,
    judges: "map",
    find: ({ groups }) =>
      groups.flatMap((group) =>
        group.publishers.flatMap(({ principal, level }): readonly MapHarm[] =>
          group.readers.includes(principal)
            ? [
                {
                  path: ["groups", group.name, "publishers", principal],
                  message: `expected readers and publishers apart, got ${principal} as reader and with level ${level}`,
                },
              ]
            : [],
        ),
      ),
  },
  {
    id: "host-publishes",
    severity: "warning",
    title: "a publisher that is an instance or a service's task",
    why: "One host that is taken over then sets the secrets of every host that reads the group.",
    page: LEAST_PRIVILEGE,
    fix: "publish from a pipeline or by people (kind oidc, sso or human)",
    witness: false,
    judges: "map",
    find: (map) =>
      publishings(map).flatMap(({ group, principal, path }): readonly MapHarm[] =>
        isHost(principal)
          ? [
              {
                path,
                message: `expected a publisher that runs no application, got ${principal.name} of kind ${principal.kind} in ${group.name}`,
              },
            ]
          : [],
      ),
  },
  {
    id: "publisher-reads",
    severity: "note",
    title: "level write on a group that nothing but S3's own encryption protects",
    why: "A conditional write takes GetObject, and without a key nothing else is needed to read: who should only write reads as well.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
    fix: "give the group a key (`sse` or `seal`): level write may not decrypt with it",
    witness: false,
    judges: "map",
    find: (map) =>
      publishings(map).flatMap(({ group, principal, level, path }): readonly MapHarm[] =>
        level === "write" && group.sse.type === "s3" && group.seal.mode === "none"
          ? [
              {
                path,
                message: `expected a key that ${principal.name} may not decrypt with, got level write on ${group.name}, which has none`,
              },
            ]
          : [],
      ),
  },
  {
    id: "restore-from-anywhere",
    severity: "warning",
    title: "a publisher of level restore whose network is any",
    why: "It reads old versions too, so that credentials that leak open what was rotated away, from wherever they are used.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html",
    fix: "limit its `network`, or give it level edit",
    witness: false,
    judges: "map",
    find: (map) =>
      publishings(map).flatMap(({ principal, level, path }): readonly MapHarm[] =>
        level === "restore" && principal.network.kind === "any"
          ? [
              {
                path,
                message: `expected a network of ${principal.name} beside level restore, got any`,
              },
            ]
          : [],
      ),
  },
];

interface Publishing {
  readonly group: Group;
  readonly principal: Principal;
  readonly level: Group["publishers"][number]["level"];
  readonly path: MapHarm["path"];
}

function publishings({ groups, principals }: AccessMap): readonly Publishing[] {
  return groups.flatMap((group) =>
    group.publishers.flatMap(({ principal: name, level }) =>
      principals
        .filter((one) => one.name === name)
        .map((principal) => ({
          group,
          principal,
          level,
          path: ["groups", group.name, "publishers", name],
        })),
    ),
  );
}

/** Whether applications run under it. */
export function isHost(principal: Principal): boolean {
  switch (principal.kind) {
    case "ec2":
    case "service":
      return true;
    case "existing":
      return principal.isInstance;
    case "sso":
    case "oidc":
    case "user":
    case "foreign":
    case "human":
      return false;
    default:
      return principal satisfies never;
  }
}
