/** Who may ask what of a document, and the documents that decide with it. @module */
import { type Caller, accountOf, callerOfArn } from "../policy/caller.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, WrittenStatement } from "./document.ts";
import { bucketOf, type DocumentSet, ownerOf, roleOf, someRole } from "./set.ts";
import { ALL_ACCESS, type Layers, openKey } from "./witness.ts";

/** The documents that decide what the caller asks by the statement of the document. */
export function layersOf(
  document: LintDocument,
  set: DocumentSet,
  { statement }: WrittenStatement,
  caller: Caller,
  action: string,
): Layers {
  const resource = resourceFor(document, set, action);
  if (document.kind === "identity") return { identity: siblingsOf(document, set), resource };
  const account = accountOf(caller);
  // the resource's policy is judged by itself, except where the caller's own must allow as well
  const delegates =
    account !== undefined && statement.principal?.set.accounts.has(account) === true;
  const needsOwn = account !== undefined && (account !== set.account || delegates);
  return { identity: needsOwn ? [ALL_ACCESS] : [], resource };
}

/** As `layersOf`, for a caller who may do anything as far as its own documents say. */
export function guardsOf(
  document: LintDocument,
  set: DocumentSet,
  caller: Caller,
  action: string,
): Layers {
  if (document.kind === "identity")
    return {
      identity: [ALL_ACCESS, ...siblingsOf(document, set)],
      resource: resourceFor(document, set, action),
    };
  const hasOwn = accountOf(caller) !== undefined && caller.kind !== "root";
  return { identity: hasOwn ? [ALL_ACCESS] : [], resource: resourceFor(document, set, action) };
}

/** The identity documents of the same role or user. */
function siblingsOf(document: LintDocument, { documents }: DocumentSet): readonly LintDocument[] {
  const { attachedTo } = document;
  if (attachedTo === undefined) return [document];
  return documents.filter((one) => one.kind === "identity" && one.attachedTo === attachedTo);
}

function resourceFor(document: LintDocument, set: DocumentSet, action: string): Layers["resource"] {
  const kind = action.toLowerCase().startsWith("kms:")
    ? "key"
    : action.toLowerCase().startsWith("s3:")
      ? "bucket"
      : "trust";
  if (document.kind === kind) return document;
  if (kind === "trust") return undefined;
  const found = set.documents.find(
    (one) =>
      one.kind === kind && (kind === "key" || bucketOf(one, set) === bucketOf(document, set)),
  );
  return found ?? (kind === "key" ? openKey(set) : undefined);
}

/** Callers whom the statement is about, the likeliest first. */
export function callersOf(
  document: LintDocument,
  set: DocumentSet,
  { statement }: WrittenStatement,
): readonly Caller[] {
  const { principal, conditions } = statement;
  if (principal === undefined) return [ownerOf(document, set)];
  const { everyone, accounts, arns, services, federated } = principal.set;
  const conditioned = conditions
    .filter(({ lowerKey, operator }) => lowerKey === "aws:principalarn" && !operator.negated)
    .flatMap(({ values }) => values.flatMap(filledOf));
  return [
    ...[...arns].map((arn) => callerOf(arn)),
    ...(everyone || accounts.size > 0 ? conditioned.map((arn) => callerOf(arn)) : []),
    ...[...accounts].map((account) => someRole({ ...set, account })),
    ...(everyone ? [someRole(set)] : []),
    ...[...services].map((name): Caller => ({ kind: "service", name })),
    ...[...federated].map((provider): Caller => ({ kind: "federated", provider })),
  ].filter((one) => one !== undefined);
}

export function callerOf(arn: string): Caller | undefined {
  const caller = callerOfArn(arn);
  return caller?.kind === "role" && caller.session === undefined ? roleOf(arn) : caller;
}

/** Those whom a condition names, whether it lets them in or spares them, and who belong to the account. */
export function namedIn(document: LintDocument, set: DocumentSet): readonly Caller[] {
  const arns = document.statements.flatMap(({ statement: { conditions, principal } }) => [
    ...conditions
      .filter(({ lowerKey }) => lowerKey === "aws:principalarn")
      .flatMap(({ values }) => values.flatMap(filledOf)),
    ...(principal?.set.arns ?? []),
  ]);
  return [...new Set(arns)]
    .map(callerOf)
    .filter((one) => one !== undefined)
    .filter((caller) => accountOf(caller) === set.account && caller.kind !== "root");
}
