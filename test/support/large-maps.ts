/** Access maps of the size of a company, for what packs, proves and measures. @module */
import { type AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";

const VPC = "{ vpce: [vpce-0123456789abcdef0, vpce-0fedcba9876543210] }";

export interface LargeMap {
  readonly roles: number;
  readonly groups: number;
  /** Whether the map has accept: [fewer-layers]. */
  readonly accepts?: boolean;
  /** By what a group's objects are under a key, of five that the teams share; "s3": under none. */
  readonly protection?: "s3" | "sse-kms" | "sealed";
}

/**
 * Teams of five groups. Four of them are of one app each, read by its own roles alone; the fifth is the team's, read by
 * all of its roles. One pipeline publishes everything, and each team may edit what is its own.
 */
export function largeMap(size: LargeMap): AccessMap {
  return parseMap(largeMapText(size), "large.yaml");
}

const KEYS = 5;

const PROTECTION = {
  s3: () => "",
  "sse-kms": (team: number) =>
    `    sse: { type: kms, key: key-${team % KEYS}, header: required }\n`,
  sealed: (team: number) => `    seal: { mode: envelope, key: key-${team % KEYS} }\n`,
} as const;

export function largeMapText({
  roles,
  groups,
  accepts = false,
  protection = "sealed",
}: LargeMap): string {
  const teams = Math.ceil(groups / 5);
  const names = Array.from({ length: roles }, (_, at) => `role-${padded(at)}`);
  const rolesOf = (team: number): readonly string[] => names.filter((_, at) => at % teams === team);
  const group = (at: number): string => {
    const team = Math.floor(at / 5);
    const own = rolesOf(team);
    const readers = at % 5 === 4 ? own : own.filter((_, of) => of % 4 === (at % 5) % own.length);
    return `  app-${padded(at)}:
    prefix: app-${padded(at)}/
${PROTECTION[protection](team)}    readers: [${readers.join(", ")}]
    publishers: { ci: edit, team-${padded(team)}: edit }
`;
  };
  const teamNames = Array.from({ length: teams }, (_, at) => `team-${padded(at)}`);
  return `version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
keys:
${listed(KEYS, (at) => `  key-${at}: ${keyArn(at)}\n`)}endpoints:
  vpce-0123456789abcdef0: { service: s3 }
  vpce-0fedcba9876543210: { service: kms }
principals:
${names.map((name) => `  ${name}: { kind: ec2, network: ${VPC} }\n`).join("")}${teamNames
    .map((name) => `  ${name}: { kind: sso, permission_set: ${name} }\n`)
    .join("")}  ci: { kind: existing, role: ci }
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::111122223333:user/alice"] }
groups:
${listed(groups, group)}deployers: [infra]
break_glass: [emergency]
${accepts ? "accept: [fewer-layers]\n" : ""}`;
}

function listed(count: number, textOf: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => textOf(at)).join("");
}

function padded(at: number): string {
  return String(at).padStart(3, "0");
}

function keyArn(at: number): string {
  return `arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-${String(at).padStart(12, "0")}`;
}
