/** A map of 100 roles and 50 groups, made by code. @module */

/** Teams, each with roles and groups of its own. */
const TEAMS = 10;
const ROLES = 10;
const GROUPS = 5;

const ACCOUNT = "111122223333";
const keyArn = (team: number): string =>
  `arn:aws:kms:us-east-1:${ACCOUNT}:key/11111111-1111-1111-1111-11111111111${team}`;

const numbers = (amount: number): readonly number[] =>
  Array.from({ length: amount }, (_, at) => at);

/** Of a team's groups the first is read by its first role and the team next to it, all others by the whole team. */
export function benchMap(): string {
  const role = (team: number, at: number): string => `r${team}${at}`;
  const all = (team: number): readonly string[] => numbers(ROLES).map((at) => role(team, at));
  const readers = (team: number, group: number): readonly string[] =>
    group === 0 ? [role(team, 0), role((team + 1) % TEAMS, 0)] : all(team);
  const teams = numbers(TEAMS);
  return `
version: 1
account: "${ACCOUNT}"
region: us-east-1
bucket: acme
bucket_key: false
default_encryption: { type: s3 }
keys: { ${teams.map((team) => `k${team}: "${keyArn(team)}"`).join(", ")} }
endpoints:
  vpce-0123456789abcdef0: { service: s3 }
  vpce-0fedcba9876543210: { service: kms }
principals:
${teams.flatMap((team) => all(team).map((name) => `  ${name}: { kind: ec2 }`)).join("\n")}
  ci:
    kind: oidc
    provider: token.actions.githubusercontent.com
    subjects: ["repo:acme/secrets:ref:refs/heads/main"]
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::${ACCOUNT}:user/alice"] }
groups:
${teams
  .flatMap((team) =>
    numbers(GROUPS).map(
      (group) =>
        `  g${team}${group}: { prefix: "g${team}${group}/", sse: { type: s3 }, seal: { mode: envelope, key: k${team} }, readers: [${readers(team, group).join(", ")}], publishers: { ci: edit } }`,
    ),
  )
  .join("\n")}
deployers: [infra]
break_glass: [emergency]
guards: { org: o-a1b2c3d4e5, stolen_credentials: s3+kms }
`;
}
