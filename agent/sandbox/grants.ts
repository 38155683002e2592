/**
 * Rights in short, and the identity policies that give them: of prefixes for hosts, of exact actions for whoever needs
 * less or other rights.
 * @module
 */
import type { IdentityDocuments, PolicyJson } from "../policy/deployment.ts";

/** What a role may do with the objects of every bucket of the sandbox. */
export interface PrefixGrant {
  /** The role's name. */
  readonly role: string;
  /** Key prefixes: "" is everything, "web/" a group, a whole key itself. */
  readonly readPrefixes: readonly string[];
  readonly writePrefixes: readonly string[];
  /** May list what it reads, and so learns of missing keys by 404; default true. */
  readonly list?: boolean;
}

/** What a role may do with a KMS key. */
export interface KeyGrant {
  readonly role: string;
  /** The key's ARN, or "*". */
  readonly key: string;
  /** "kms:Decrypt" and so on, or "kms:*". */
  readonly actions: readonly string[];
  /** Encryption context pairs that the request must carry; default none. */
  readonly context?: Readonly<Record<string, string>>;
}

/** What a role or a user may do, action by action, as one statement of a policy allows it. */
export interface ActionGrant {
  /** The name of the role or user. */
  readonly principal: string;
  /** "s3:PutObject", "kms:Encrypt": whole names. */
  readonly actions: readonly string[];
  /** ARNs of objects, buckets and keys. A "*" at the end stands for anything, elsewhere for itself. */
  readonly resources: readonly string[];
  /**
   * Listing takes one of these as its prefix, "*" as above; "web/*" tells of missing keys in web/ as well.
   * Default any prefix, and none.
   */
  readonly prefixes?: readonly string[];
  /** Encryption context pairs that a request to KMS must carry; default none. */
  readonly context?: Readonly<Record<string, string>>;
}

/** All of them. What is not named is not allowed. */
export interface Grants {
  readonly grants: readonly PrefixGrant[];
  readonly keys: readonly KeyGrant[];
  readonly actions?: readonly ActionGrant[];
  /** Names of users with every right. */
  readonly administrators: readonly string[];
}

type Statement = Readonly<Record<string, unknown>>;

const READ = [
  "s3:GetObject",
  "s3:GetObjectVersion",
  "s3:GetObjectTagging",
  "s3:GetObjectVersionTagging",
];
const WRITE = [
  "s3:PutObject",
  "s3:PutObjectTagging",
  "s3:DeleteObject",
  "s3:DeleteObjectVersion",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
];
const LIST = ["s3:ListBucket", "s3:ListBucketVersions"];

/**
 * One identity for each that is named, with its inline policies.
 * @param buckets by name: those that there are
 */
export function identitiesOf(
  { grants, keys, actions = [], administrators }: Grants,
  account: string,
  buckets: readonly string[],
): readonly IdentityDocuments[] {
  const arns = buckets.map((name) => `arn:aws:s3:::${name}`);
  const roles = [...grants, ...keys].map(({ role }) => role);
  const named = actions.map(({ principal }) => principal);
  const exact = (name: string): readonly Statement[] =>
    actions.filter(({ principal }) => principal === name).flatMap(exactStatements);
  return [
    ...[...new Set([...roles, ...named])].map((name) =>
      identity("role", `arn:aws:iam::${account}:role/${name}`, [
        ...grants.filter(({ role }) => role === name).flatMap((one) => objectStatements(one, arns)),
        ...keys.filter(({ role }) => role === name).map(keyStatement),
        ...exact(name),
      ]),
    ),
    ...[...new Set([...administrators, ...named])].map((name) =>
      identity("user", `arn:aws:iam::${account}:user/${name}`, [
        ...(administrators.includes(name) ? [allow(["*"], ["*"])] : []),
        ...exact(name),
      ]),
    ),
  ];
}

function identity(
  kind: "role" | "user",
  arn: string,
  statements: readonly Statement[],
): IdentityDocuments {
  const document: PolicyJson = { Version: "2012-10-17", Statement: statements };
  return {
    kind,
    arn,
    trust: undefined,
    maxSessionSeconds: undefined,
    hasInstanceProfile: kind === "role",
    // a document without statements is none
    policies: statements.length === 0 ? [] : [{ name: "granted", form: "inline", document }],
    foreignPolicies: [],
    boundary: undefined,
  };
}

function objectStatements(
  { readPrefixes, writePrefixes, list }: PrefixGrant,
  buckets: readonly string[],
): readonly Statement[] {
  if (buckets.length === 0) return [];
  const below = (prefixes: readonly string[]): readonly string[] =>
    buckets.flatMap((bucket) => prefixes.map((prefix) => `${bucket}/${literal(prefix)}*`));
  // no s3:prefix at all (HeadBucket) fails every condition on it, unless the grant is the whole bucket
  const everywhere = readPrefixes.includes("");
  const within = { StringLike: { "s3:prefix": readPrefixes.map((one) => `${literal(one)}*`) } };
  const lists = list !== false && readPrefixes.length > 0;
  return [
    allow(["s3:GetBucketLocation"], buckets),
    ...(readPrefixes.length === 0 ? [] : [allow(READ, below(readPrefixes))]),
    ...(writePrefixes.length === 0 ? [] : [allow(WRITE, below(writePrefixes))]),
    ...(lists ? [allow(LIST, buckets, everywhere ? undefined : within)] : []),
  ];
}

function keyStatement({ key, actions, context = {} }: KeyGrant): Statement {
  return allow(actions, [key], pairs(context));
}

/** A condition is of certain actions: what it says of listings must not stop a read. */
function exactStatements({
  actions,
  resources,
  prefixes,
  context = {},
}: ActionGrant): readonly Statement[] {
  const on = resources.map(pattern);
  const within =
    prefixes === undefined ? undefined : { StringLike: { "s3:prefix": prefixes.map(pattern) } };
  const isList = (action: string): boolean => LIST.includes(action);
  const isOfKey = (action: string): boolean => action.startsWith("kms:");
  return [
    allow(actions.filter(isList), on, within),
    allow(actions.filter(isOfKey), on, pairs(context)),
    allow(
      actions.filter((action) => !isList(action) && !isOfKey(action)),
      on,
    ),
  ].filter(({ Action }) => Array.isArray(Action) && Action.length > 0);
}

function allow(
  actions: readonly string[],
  resources: readonly string[],
  condition?: Statement,
): Statement {
  const statement = { Effect: "Allow", Action: actions, Resource: resources };
  return condition === undefined ? statement : { ...statement, Condition: condition };
}

function pairs(context: Readonly<Record<string, string>>): Statement | undefined {
  const entries = Object.entries(context).map(([name, value]) => [
    `kms:EncryptionContext:${name}`,
    literal(value),
  ]);
  return entries.length === 0 ? undefined : { StringEquals: Object.fromEntries(entries) };
}

/** A "*" at the end stands for anything. */
function pattern(text: string): string {
  return text.endsWith("*") ? `${literal(text.slice(0, -1))}*` : literal(text);
}

/**
 * As a pattern that matches this and nothing else.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (special characters)
 */
function literal(text: string): string {
  return text.replaceAll(/[*?$]/g, (character) => `\${${character}}`);
}
