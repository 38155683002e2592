/**
 * What the roles and users of a map may do, asked one by one: who asks needs to see no others.
 * @module
 */
import type { Question } from "../aws/question.ts";
import type { AccessMap, Principal } from "../map/access-map.ts";
import { arnGlobOf, matchesArn, parseArn, wildTokens } from "../policy/glob.ts";
import { recordsAt, textAt, textsAt } from "./members.ts";
import { managedPolicies, type Policies } from "./policies.ts";
import type { Notes } from "./told.ts";

/** Takes down every identity of the map's own account. */
export async function askIdentities(map: AccessMap, notes: Notes): Promise<void> {
  const asking: Asking = { map, notes, policies: managedPolicies(map.home.region, notes) };
  await Promise.all(map.principals.map((principal) => askPrincipal(principal, asking)));
}

interface Asking {
  readonly map: AccessMap;
  readonly notes: Notes;
  readonly policies: Policies;
}

async function askPrincipal(principal: Principal, asking: Asking): Promise<void> {
  switch (principal.kind) {
    case "sso":
      return askPermissionSet(principal.arnPattern, asking);
    case "user":
      return askUser(principal.arn, asking);
    // what another account attaches, it alone may look at
    case "foreign":
      return;
    case "existing":
      return askRole(principal.arn, asking);
    case "ec2":
    case "oidc":
    case "service":
    case "human":
      await Promise.all([
        askRole(principal.arn, asking),
        askInstanceProfiles(principal.arn, asking),
      ]);
      return;
    default:
      return principal satisfies never;
  }
}

const nameOf = (arn: string): string => arn.split("/").at(-1) ?? arn;

/** A permission set has a role in each account that it is provisioned in, of a name that only a list tells. */
async function askPermissionSet(pattern: string, asking: Asking): Promise<void> {
  const { map, notes } = asking;
  const question = about("ListRoles", { PathPrefix: "/aws-reserved/sso.amazonaws.com/" }, "*", map);
  const list = await notes.look(question);
  if (list === undefined) return;
  const glob = arnGlobOf(wildTokens(pattern));
  const roles = recordsAt(list, "Roles")
    .map((role) => textAt(role, "Arn") ?? "")
    .filter((arn) => {
      const parsed = parseArn(arn);
      return parsed !== undefined && matchesArn(glob, parsed);
    });
  if (roles.length === 0) notes.keep(`roles/${nameOf(pattern)}/list-roles`, NOBODY);
  await Promise.all(roles.map((arn) => askRole(arn, asking)));
}

const NOBODY = { Absent: "NoSuchEntity" };

async function askRole(arn: string, asking: Asking): Promise<void> {
  const { map, notes } = asking;
  const name = nameOf(arn);
  const folder = `roles/${name}`;
  const found = await notes.ask(
    `${folder}/get-role`,
    about("GetRole", { RoleName: name }, arn, map),
  );
  // names are unique in an account: what lies on another path is another role
  if (found !== undefined && textAt(found, "Role", "Arn") !== arn)
    return notes.keep(`${folder}/get-role`, NOBODY);
  if (found === undefined) return;
  await Promise.all([
    askPolicies({ kind: "Role", name, arn, folder }, asking),
    askBoundary(textAt(found, "Role", "PermissionsBoundary", "PermissionsBoundaryArn"), asking),
  ]);
}

/** A role of others may have whichever it likes. */
async function askInstanceProfiles(arn: string, { map, notes }: Asking): Promise<void> {
  const name = nameOf(arn);
  const question = about("ListInstanceProfilesForRole", { RoleName: name }, arn, map);
  const list = await notes.look(question);
  // of a role that is not there, the role tells
  if (list !== undefined) notes.keep(`roles/${name}/list-instance-profiles-for-role`, list);
}

async function askUser(arn: string, asking: Asking): Promise<void> {
  const { map, notes } = asking;
  const name = nameOf(arn);
  const folder = `users/${name}`;
  const found = await notes.ask(
    `${folder}/get-user`,
    about("GetUser", { UserName: name }, arn, map),
  );
  if (found !== undefined && textAt(found, "User", "Arn") !== arn)
    return notes.keep(`${folder}/get-user`, NOBODY);
  if (found === undefined) return;
  await Promise.all([
    askPolicies({ kind: "User", name, arn, folder }, asking),
    askBoundary(textAt(found, "User", "PermissionsBoundary", "PermissionsBoundaryArn"), asking),
    askGroups(name, arn, asking),
  ]);
}

/** What a group has, its users have. */
async function askGroups(user: string, arn: string, asking: Asking): Promise<void> {
  const { map, notes } = asking;
  const list = await notes.ask(
    `users/${user}/list-groups-for-user`,
    about("ListGroupsForUser", { UserName: user }, arn, map),
  );
  await Promise.all(
    recordsAt(list, "Groups").map((group) => {
      const name = textAt(group, "GroupName") ?? "";
      const of = { kind: "Group", name, arn: textAt(group, "Arn") ?? "*" } as const;
      return askPolicies({ ...of, folder: `groups/${name}` }, asking);
    }),
  );
}

interface Holder {
  readonly kind: "Role" | "User" | "Group";
  readonly name: string;
  readonly arn: string;
  readonly folder: string;
}

async function askPolicies({ kind, name, arn, folder }: Holder, asking: Asking): Promise<void> {
  const { map, notes, policies } = asking;
  const whose = { [`${kind}Name`]: name };
  const inline = async (): Promise<void> => {
    const file = `${folder}/list-${kind.toLowerCase()}-policies`;
    const list = await notes.ask(file, about(`List${kind}Policies`, whose, arn, map));
    await Promise.all(
      textsAt(list, "PolicyNames").map((policy) =>
        notes.ask(
          `${folder}/get-${kind.toLowerCase()}-policy/${policy}`,
          about(`Get${kind}Policy`, { ...whose, PolicyName: policy }, arn, map),
        ),
      ),
    );
  };
  const attached = async (): Promise<void> => {
    const list = await notes.look(about(`ListAttached${kind}Policies`, whose, arn, map));
    const arns = recordsAt(list, "AttachedPolicies").map((one) => textAt(one, "PolicyArn") ?? "");
    const areTold = await Promise.all(arns.map((one) => policies.ask(one)));
    // of policies whose texts are not told it would be said that others keep them
    if (list !== undefined && areTold.every(Boolean))
      notes.keep(`${folder}/list-attached-${kind.toLowerCase()}-policies`, list);
  };
  await Promise.all([inline(), attached()]);
}

async function askBoundary(arn: string | undefined, { policies }: Asking): Promise<void> {
  if (arn !== undefined) await policies.ask(arn);
}

function about(
  operation: string,
  input: Question["input"],
  resource: string,
  { home }: AccessMap,
): Question {
  const needs = { action: `iam:${operation}`, resource };
  return { service: "iam", operation, region: home.region, input, needs };
}
