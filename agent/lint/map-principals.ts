/**
 * Rules about who principals are: tokens, users and other accounts.
 * @module
 */
import type { AccessMap, Principal } from "../map/access-map.ts";
import type { MapHarm, Rule } from "./rule.ts";

const TOKENS =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_secure-by-default.html";

export const MAP_PRINCIPAL_RULES: readonly Rule[] = [
  {
    id: "subject-of-any-repository",
    severity: "error",
    title: 'a subject such as "repo:acme/*", whose pattern begins before a name has ended',
    why: "The tokens of other repositories match as well, also of those that somebody adds tomorrow.",
    page: TOKENS,
    fix: 'name the repository and the branch: "repo:OWNER/NAME:ref:refs/heads/main"',
    witness: false,
    judges: "map",
    find: (map) => subjectsOf(map, anyRepository),
  },
  {
    id: "subject-of-any-branch",
    severity: "warning",
    title: "a subject that admits any branch, or pull requests",
    why: "Who may open a branch or a pull request has what the main branch has, before anybody reviews it.",
    page: TOKENS,
    fix: 'name the branch or the environment: "repo:OWNER/NAME:environment:production"',
    witness: false,
    judges: "map",
    find: (map) => subjectsOf(map, anyBranch),
  },
  {
    id: "long-term-credentials",
    severity: "warning",
    title: "a user whose network is any",
    why: "Access keys of users do not expire: a copy of them works for as long as nobody notices, from anywhere.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    fix: "take kind sso or human, or limit the user's `network`",
    witness: false,
    judges: "map",
    find: ({ principals }) =>
      principals
        .filter(({ kind, network }) => kind === "user" && network.kind === "any")
        .map(({ name }) => ({
          path: ["principals", name],
          message: `expected a role, or a network of the user ${name}, got any`,
        })),
  },
  {
    id: "foreign-publisher",
    severity: "warning",
    title: "a publisher of another account",
    why: "Whoever administers that account sets what all readers of the group trust.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
    fix: "publish by a principal of the map's own account",
    witness: false,
    judges: "map",
    find: ({ groups, principals }) =>
      groups.flatMap(({ name, publishers }) =>
        publishers.flatMap(({ principal, level }): readonly MapHarm[] =>
          isForeign(principals.find((one) => one.name === principal))
            ? [
                {
                  path: ["groups", name, "publishers", principal],
                  message: `expected a publisher of the map's account, got ${principal} with level ${level}`,
                },
              ]
            : [],
        ),
      ),
  },
  {
    id: "foreign-without-org",
    severity: "note",
    title: "a principal of another account without the guard of the organisation",
    why: "An account that leaves the organisation, or is closed, keeps its access until somebody edits the map.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html",
    fix: "set `guards.org`, unless the account belongs to somebody else",
    witness: false,
    judges: "map",
    find: ({ guards, principals }) =>
      guards.org !== undefined
        ? []
        : principals.filter(isForeign).map(({ name }) => ({
            path: ["principals", name],
            message: `expected guards.org beside the foreign principal ${name}, got none`,
          })),
  },
];

function isForeign(principal: Principal | undefined): boolean {
  return principal?.kind === "foreign";
}

function subjectsOf(
  { principals }: AccessMap,
  fault: (subject: string) => string | undefined,
): readonly MapHarm[] {
  return principals.flatMap((principal) =>
    principal.kind !== "oidc"
      ? []
      : principal.subjects.flatMap((subject, at): readonly MapHarm[] => {
          const message = fault(subject);
          const path = ["principals", principal.name, "subjects", at];
          return message === undefined ? [] : [{ path, message }];
        }),
  );
}

/** Of GitHub and GitLab, where the repository ends is known; of others that a name ends in no letter or digit. */
const REPOSITORY = /^(?:repo|project_path):[^:]+\/[^:/]+:/;

function anyRepository(subject: string): string | undefined {
  if (!subject.endsWith("*")) return undefined;
  const fixed = subject.slice(0, -1);
  const isKnown = /^(?:repo|project_path):/.test(subject);
  const isWhole = isKnown ? REPOSITORY.test(fixed) : !/[A-Za-z0-9]$/.test(fixed);
  if (isWhole) return undefined;
  return `expected a whole name before "*", got "${subject}", which "${fixed}${isKnown ? otherOf(fixed) : "-other"}" matches`;
}

/** What makes a fixed part the subject of a repository that nobody meant. */
function otherOf(fixed: string): string {
  const other = fixed.includes("/") ? "other" : "other/secrets";
  return `${/[A-Za-z0-9]$/.test(fixed) ? "-" : ""}${other}:ref:refs/heads/main`;
}

function anyBranch(subject: string): string | undefined {
  const [repository] = REPOSITORY.exec(subject) ?? [];
  if (repository === undefined) return undefined;
  const rest = subject.slice(repository.length);
  const admitted = ["pull_request", "ref:refs/heads/other", "ref_type:branch:ref:other"].find(
    (one) => (rest.endsWith("*") ? one.startsWith(rest.slice(0, -1)) : rest === "pull_request"),
  );
  if (admitted === undefined) return undefined;
  return `expected one branch or environment, got "${subject}", which "${repository}${admitted}" matches`;
}
