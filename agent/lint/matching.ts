/** Rules about documents that do not fit each other. @module */
import { accountOf, type Caller } from "../policy/caller.ts";
import { callerOf, layersOf } from "./asking.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, Written } from "./document.ts";
import { allowedBy } from "./probe.ts";
import type { Harm, Rule } from "./rule.ts";
import { allowsOf, hasAction, keyFor } from "./sample.ts";
import { bucketOf, type DocumentSet, ownerOf, roleOf } from "./set.ts";
import { ALL_ACCESS, refusalOf, witnessOf } from "./witness.ts";

export const MATCHING_RULES: readonly Rule[] = [
  {
    id: "half-grant",
    severity: "error",
    title: "a role that the bucket policy lets read and the key policy does not let decrypt",
    why: "Across accounts both must allow: the role gets AccessDenied of KMS.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-granting-cross-account-permissions.html",
    fix: "allow kms:Decrypt to the role in the key policy",
    witness: true,
    judges: "set",
    find: halfGrantsOf,
  },
  {
    id: "role-arn-mismatch",
    severity: "error",
    title: "a role whose ARN differs in case or path from the one that has a document",
    why: "ARNs are compared letter by letter, so that the statement is about nobody.",
    page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    fix: "write the ARN as IAM shows it, with its path",
    witness: true,
    judges: "set",
    find: (set) => set.documents.flatMap((document) => misspeltOf(document, set)),
  },
  {
    id: "key-inside-prefix",
    severity: "warning",
    title:
      "an object that one role alone is to read, inside a prefix that another reads as a whole",
    why: "The object is another group's as well: a bundle has no prefix of its own to keep it apart.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html",
    fix: "move the object out of the prefix",
    witness: true,
    judges: "set",
    find: insideOf,
  },
];

/** Who has documents in the set, none of which opens anything, is not to open anything. */
function meansToDecrypt(caller: Caller, { documents }: DocumentSet): boolean {
  const own = documents.filter(
    ({ kind, attachedTo }) => kind === "identity" && "arn" in caller && attachedTo === caller.arn,
  );
  const opens = (one: LintDocument): boolean =>
    allowsOf(one).some((statement) => hasAction(statement, "kms:Decrypt"));
  return own.length === 0 || own.some(opens);
}

function halfGrantsOf(set: DocumentSet): readonly Harm[] {
  const keys = set.documents.filter(({ kind }) => kind === "key");
  const buckets = set.documents.filter(({ kind }) => kind === "bucket");
  return buckets.flatMap((bucket) =>
    allowsOf(bucket).flatMap((statement) => {
      if (!hasAction(statement, "s3:GetObject")) return [];
      const callers = [...(statement.statement.principal?.set.arns ?? [])].map(callerOf);
      return callers.flatMap((caller) => {
        const account = caller && accountOf(caller);
        if (caller === undefined || account === undefined || account === set.account) return [];
        if (!meansToDecrypt(caller, set)) return [];
        const ask = {
          set,
          name: "the role reads the object and cannot decrypt it",
          caller,
          action: "kms:Decrypt",
          resource: set.key,
        };
        const layers = keys.map((key) => ({ identity: [ALL_ACCESS], resource: key }));
        const isOpen = layers.some((one) =>
          witnessOf({ ...ask, layers: one }, { decision: "allow" }),
        );
        const [first] = layers;
        const witness =
          isOpen || first === undefined ? undefined : refusalOf({ ...ask, layers: first });
        if (witness === undefined) return [];
        const message = `expected the key policy to allow kms:Decrypt to ${nameOf(caller)} as well, got nothing of it`;
        return [{ document: bucket, path: `${statement.path}.Principal`, message, witness }];
      });
    }),
  );
}

function nameOf(caller: Caller): string {
  return "arn" in caller ? `"${caller.arn}"` : caller.kind;
}

/** The roles that documents are attached to, by account and name in lower case. */
function knownRoles({ documents }: DocumentSet): ReadonlyMap<string, string> {
  return new Map(
    documents.flatMap(({ attachedTo = "" }) => {
      const key = sameName(attachedTo);
      return key === undefined ? [] : [[key, attachedTo] as const];
    }),
  );
}

function sameName(arn: string): string | undefined {
  const [, account, name] =
    /^arn:[^:]*:iam::(\d{12}):role\/(?:[^*?]*\/)?([^*?/]+)$/.exec(arn) ?? [];
  return name === undefined ? undefined : `${account}:${name.toLowerCase()}`;
}

function misspeltOf(document: LintDocument, set: DocumentSet): readonly Harm[] {
  const roles = knownRoles(set);
  return document.statements.flatMap(({ statement, conditions, path }) => {
    const named: readonly Written[] = [
      ...[...(statement.principal?.set.arns ?? [])].map((text) => ({
        text,
        path: `${path}.Principal`,
      })),
      ...conditions
        .filter(({ condition }) => condition.lowerKey === "aws:principalarn")
        .flatMap((one) => one.condition.values.map((text) => ({ text, path: one.path }))),
    ];
    const texts = named.map(({ text }) => text);
    return named.flatMap(({ text, path: at }) => {
      const real = roles.get(sameName(text) ?? "");
      if (real === undefined || real === text || texts.includes(real)) return [];
      const harm = strangerNow(document, set, statement.index, real);
      if (harm === undefined) return [];
      return [{ document, path: at, message: `expected "${real}", got "${text}"`, witness: harm }];
    });
  });
}

/** What is decided for the role as it is called, by the statement that means it. */
function strangerNow(
  document: LintDocument,
  set: DocumentSet,
  index: number,
  arn: string,
): Harm["witness"] {
  const written = document.statements.find(({ statement }) => statement.index === index);
  const action = [
    "s3:GetObject",
    "s3:PutObject",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "sts:AssumeRole",
  ].find((one) => written !== undefined && hasAction(written, one));
  if (written === undefined || action === undefined) return undefined;
  const bucket = `arn:${set.partition}:s3:::${bucketOf(document, set)}`;
  const object = written.resources.find(({ text }) => /^arn:[^:]*:s3:::[^/*]+\/./.test(text))?.text;
  const resource = action.startsWith("kms:")
    ? keyFor(document, written, set)
    : (filledOf(object ?? `${bucket}/some/secret`)[0] ?? bucket);
  const caller = roleOf(arn);
  const isDeny = written.statement.effect === "Deny";
  const layers = isDeny
    ? { identity: [ALL_ACCESS], resource: document }
    : layersOf(document, set, written, caller, action);
  const ask = {
    set,
    name: "the role that is meant is not matched",
    caller,
    action,
    resource,
    layers,
  };
  return isDeny
    ? witnessOf(ask, { decision: "explicit deny", by: written.statement })
    : witnessOf(ask, { decision: "allow" }) === undefined
      ? refusalOf(ask)
      : undefined;
}

function insideOf(set: DocumentSet): readonly Harm[] {
  const readers = set.documents.filter(({ kind }) => kind === "identity");
  return readers.flatMap((document) =>
    allowsOf(document).flatMap((statement) =>
      hasAction(statement, "s3:GetObject")
        ? statement.resources.flatMap((resource) => readByOther(document, readers, set, resource))
        : [],
    ),
  );
}

function readByOther(
  document: LintDocument,
  readers: readonly LintDocument[],
  set: DocumentSet,
  { text, path }: Written,
): readonly Harm[] {
  // what else lies below a prefix may be named one by one; a bundle is a group of its own
  if (!/^arn:[^:]*:s3:::[^/]+\/[^*?$]+\.bundle$/.test(text)) return [];
  const others = readers.filter((one) => ownArn(one, set) !== ownArn(document, set));
  return others.flatMap((other) =>
    allowsOf(other).flatMap((statement) => {
      const names = statement.resources.map((one) => one.text);
      // a role that reads the whole bucket is an administrator's or replication's
      if (
        names.includes(text) ||
        names.some((name) => /^(\*|arn:[^:]*:s3:::[^/]+\/?\*)$/.test(name))
      )
        return [];
      const witness = allowedBy(statement, {
        document: other,
        set,
        action: "s3:GetObject",
        resource: text,
        name: "who reads the prefix reads the bundle",
      });
      if (witness === undefined) return [];
      const message = `expected a bundle outside of other groups' prefixes, got "${text}", which ${other.file} reads as well`;
      return [{ document, path, message, witness }];
    }),
  );
}

function ownArn(document: LintDocument, set: DocumentSet): string {
  const owner = ownerOf(document, set);
  return "arn" in owner ? owner.arn : "";
}
