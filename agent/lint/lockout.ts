/** Rules about policies that nobody could undo. @module */
import type { Caller } from "../policy/caller.ts";
import { callersOf, guardsOf, namedIn } from "./asking.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { allowedBy, deniedBy, undenied } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { deniesOf, hasAction } from "./sample.ts";
import { bucketOf, type DocumentSet, someRole } from "./set.ts";
import { refusalOf, type Witness } from "./witness.ts";

export const LOCKOUT_RULES: readonly Rule[] = [
  {
    id: "bucket-lockout",
    severity: "error",
    title: "a Deny by which nobody but the account's root user can change the bucket policy",
    why: "What is wrong with the policy then stays until somebody finds the root user's password and MFA device.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html",
    fix: "spare the deployers and a break-glass role: `ArnNotEquals aws:PrincipalArn`",
    witness: true,
    judges: "document",
    kinds: ["bucket"],
    find: lockedBucketOf,
  },
  {
    id: "network-lockout",
    severity: "error",
    title: "a Deny by network of PutBucketPolicy that spares nobody",
    why: "When the endpoint or network goes, nobody but the account's root user can change the policy.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html",
    fix: "spare the deployers and a break-glass role: `ArnNotEquals aws:PrincipalArn`",
    witness: true,
    judges: "document",
    kinds: ["bucket"],
    find: lockedNetworkOf,
  },
  {
    id: "key-lockout",
    severity: "error",
    title: "a key policy that lets nobody change it",
    why: "A key that nobody can administer takes AWS Support to recover.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    fix: "allow kms:PutKeyPolicy to the account or to administrators",
    witness: true,
    judges: "document",
    kinds: ["key"],
    find: lockedKeyOf,
  },
];

const ACTION = "s3:PutBucketPolicy";
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  "aws:SourceVpce": [],
  "aws:SourceVpc": [],
  "aws:VpceOrgID": [],
  "aws:VpceAccount": [],
  "aws:VpcSourceIp": [],
  "aws:SourceIp": ["203.0.113.251"],
};

/** What conditions of a Deny may ask where it is sure that nobody escapes it. */
const UNDERSTOOD =
  /^(aws:(principal|source|vpc|viaaws|securetransport|multifactor|userid)|s3:(tlsversion|authtype|signature))/;

/** Those who might be spared: whom conditions name, and anyone of the account, which alone may change it. */
function administratorsOf(document: LintDocument, set: DocumentSet): readonly Caller[] {
  return [...namedIn(document, set), someRole(set, "administrator")];
}

function changeOf(document: LintDocument, set: DocumentSet): Parameters<typeof undenied>[0] {
  return {
    document,
    set,
    action: ACTION,
    resource: `arn:${set.partition}:s3:::${bucketOf(document, set)}`,
    name: "an administrator cannot change the bucket policy",
  };
}

function canAnyone(
  document: LintDocument,
  set: DocumentSet,
  context?: Witness["context"],
): boolean {
  const keys = Object.entries(context ?? {}).map(([key, value]) => [key, [value].flat()] as const);
  const request = { ...changeOf(document, set), context: Object.fromEntries(keys) };
  return administratorsOf(document, set).some((caller) => undenied(request, caller) !== undefined);
}

function lockingOf(document: LintDocument): readonly WrittenStatement[] {
  return deniesOf(document).filter(
    (statement) =>
      hasAction(statement, ACTION) &&
      statement.statement.conditions.every(({ lowerKey }) => UNDERSTOOD.test(lowerKey)),
  );
}

/** The statements without which somebody could; all, where it takes more than one to be gone. */
function culpritsOf(
  denies: readonly WrittenStatement[],
  document: LintDocument,
  set: DocumentSet,
  context?: Witness["context"],
): readonly WrittenStatement[] {
  const culprits = denies.filter(({ statement }) => {
    const statements = document.policy.statements.filter((one) => one !== statement);
    return canAnyone({ ...document, policy: { ...document.policy, statements } }, set, context);
  });
  return culprits.length > 0 ? culprits : denies;
}

function lockedBucketOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const denies = lockingOf(document);
  if (denies.length === 0 || canAnyone(document, set)) return [];
  return culpritsOf(denies, document, set).flatMap((statement) => {
    const witness = deniedBy(statement, changeOf(document, set), someRole(set, "administrator"));
    if (witness === undefined) return [];
    const message = `expected somebody to be spared who may change the policy, got a Deny of ${ACTION} for all`;
    return [{ document, path: statement.path, message, witness }];
  });
}

function lockedNetworkOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const denies = lockingOf(document).filter(({ conditions }) =>
    conditions.some(({ condition: { lowerKey } }) => /^aws:(source(vpc|ip)|vpc)/.test(lowerKey)),
  );
  if (denies.length === 0 || !canAnyone(document, set)) return [];
  if (canAnyone(document, set, OUTSIDE)) return [];
  return culpritsOf(denies, document, set, OUTSIDE).flatMap((statement) => {
    const request = { ...changeOf(document, set), context: OUTSIDE };
    const witness = deniedBy(statement, request, someRole(set, "administrator"));
    if (witness === undefined) return [];
    const message = `expected somebody to be spared who may change the policy, got a Deny of ${ACTION} for all outside the network`;
    return [{ document, path: statement.path, message, witness }];
  });
}

function lockedKeyOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const action = "kms:PutKeyPolicy";
  const request = {
    document,
    set,
    action,
    resource: set.key,
    name: "nobody can change the key policy",
  };
  const arn = `arn:${set.partition}:iam::${set.account}:root`;
  const root: Caller = { kind: "root", arn, account: set.account };
  const isOpen = document.statements.some(
    (statement) =>
      statement.statement.effect === "Allow" &&
      hasAction(statement, action) &&
      allowedBy(statement, request, [
        ...callersOf(document, set, statement),
        ...administratorsOf(document, set),
        root,
      ]) !== undefined,
  );
  if (isOpen) return [];
  const caller = someRole(set, "administrator");
  const witness = refusalOf({
    ...request,
    caller,
    layers: guardsOf(document, set, caller, action),
  });
  if (witness === undefined) return [];
  const message = `expected a statement that allows ${action} to somebody, got none that takes effect`;
  return [{ document, path: "Statement", message, witness }];
}
