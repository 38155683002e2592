/** Rules about which objects a statement names. @module */
import { layersOf, callersOf } from "./asking.ts";
import { allowedBy } from "./probe.ts";
import { allowsOf, hasAction, keyFor } from "./sample.ts";
import { aboutOf, actionsLike } from "./action-table.ts";
import { filledOf } from "./candidates.ts";
import type { LintDocument, Written, WrittenStatement } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import type { DocumentSet } from "./set.ts";
import { refusalOf } from "./witness.ts";

const RESOURCES =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html";

export const PREFIX_RULES: readonly Rule[] = [
  {
    id: "prefix-without-slash",
    severity: "error",
    title: "a resource such as `BUCKET/db*`, whose prefix ends in a letter or digit",
    why: '"*" also matches what follows directly, so that the objects of `db-admin/` and `db2/` are granted as well.',
    page: RESOURCES,
    fix: 'end the prefix in "/": `BUCKET/db/*`',
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) =>
        statement.resources.flatMap((resource) => siblingOf(document, set, statement, resource)),
      ),
  },
  {
    id: "context-without-slash",
    severity: "error",
    title:
      "an encryption context of S3 such as `BUCKET/db*`, whose prefix ends in a letter or digit",
    why: "The key then also opens the objects of groups whose names begin alike.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    fix: 'end the prefix in "/": `BUCKET/db/*`',
    witness: true,
    judges: "document",
    kinds: ["identity", "key"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) => siblingContextsOf(document, set, statement)),
  },
  {
    id: "bundle-as-prefix",
    severity: "error",
    title: "a resource such as `BUCKET/web.bundle/*`: a bundle is one object",
    why: "No object lies below a bundle, so the statement matches none and the bundle itself is not granted.",
    page: RESOURCES,
    fix: "name the bundle itself: `BUCKET/web.bundle`",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket"],
    find: (document, set) =>
      allowsOf(document).flatMap((statement) =>
        statement.resources.flatMap((resource) => bundleOf(document, set, statement, resource)),
      ),
  },
];

/** "arn:aws:s3:::bucket/" and the pattern of keys. */
function keyPatternOf(text: string): readonly [bucket: string, key: string] | undefined {
  const found = /^(arn:[^:]*:s3:[^:]*:[^:]*:[^/]+\/)(.+)$/.exec(text);
  return found === null ? undefined : [found[1] ?? "", found[2] ?? ""];
}

/** Whether a "*" goes on where a name has not ended: "db*" and "${aws:username}*", not "db/*" and "db-*". */
export function isOpenEnded(pattern: string): boolean {
  return /[A-Za-z0-9}]\*+$/.test(pattern);
}

/** The first action of the statement that is about objects, GetObject before others. */
function objectActionOf(statement: WrittenStatement): string | undefined {
  if (hasAction(statement, "s3:GetObject")) return "s3:GetObject";
  return statement.actions
    .flatMap(({ text }) => actionsLike(text))
    .find((action) => aboutOf(action) === "object" && hasAction(statement, action));
}

function siblingOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { text, path }: Written,
): readonly Harm[] {
  const [bucket = "", pattern = ""] = keyPatternOf(text) ?? [];
  const action = objectActionOf(statement);
  if (statement.statement.resources?.negated === true || action === undefined) return [];
  if (!isOpenEnded(pattern)) return [];
  const { key, context } = withVariables(pattern.replace(/\*+$/, "-other/secret"));
  const resource = `${bucket}${key}`;
  const witness = allowedBy(statement, {
    document,
    set,
    action,
    name: "an object of another group is granted",
    resource,
    context,
  });
  if (witness === undefined) return [];
  const message = `expected a prefix that ends in "/", got "${pattern}", which also matches "${key}"`;
  return [
    { document, path, message, witness, fix: `write ${bucket}${pattern.replace(/\*+$/, "/*")}` },
  ];
}

/** The pattern with a value in place of each variable, and the keys that have it. */
function withVariables(pattern: string): {
  readonly key: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
} {
  const context: Record<string, readonly string[]> = {};
  const key = pattern.replace(/\$\{\s*([^\s,'{}$*?]+)[^}]*\}/g, (_, name: string) => {
    context[name] = ["team"];
    return "team";
  });
  return { key: filledOf(key)[0] ?? key, context };
}

const S3_CONTEXT = "kms:encryptioncontext:aws:s3:arn";

function siblingContextsOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
): readonly Harm[] {
  const action = ["kms:Decrypt", "kms:GenerateDataKey"].find((one) => hasAction(statement, one));
  if (action === undefined) return [];
  return statement.conditions.flatMap(({ condition, path }) => {
    if (condition.lowerKey !== S3_CONTEXT || condition.operator.negated) return [];
    return condition.values.flatMap((value) => {
      if (!isOpenEnded(value)) return [];
      const sibling = value.replace(/\*+$/, "-other/secret");
      const witness = allowedBy(statement, {
        document,
        set,
        action,
        name: "the key opens an object of another group",
        resource: keyFor(document, statement, set),
        context: { "kms:EncryptionContext:aws:s3:arn": [sibling] },
      });
      if (witness === undefined) return [];
      const message = `expected a prefix that ends in "/", got "${value}", which also matches "${sibling}"`;
      return [{ document, path, message, witness }];
    });
  });
}

function bundleOf(
  document: LintDocument,
  set: DocumentSet,
  statement: WrittenStatement,
  { text, path }: Written,
): readonly Harm[] {
  const bundle = /^(.+\.bundle)\/\*?$/.exec(text)?.[1];
  const action = objectActionOf(statement);
  const [caller] = callersOf(document, set, statement);
  if (bundle === undefined || action === undefined || caller === undefined) return [];
  const witness = refusalOf({
    set,
    name: "the bundle itself is not granted",
    caller,
    action,
    resource: filledOf(bundle)[0] ?? bundle,
    layers: layersOf(document, set, statement, caller, action),
  });
  if (witness === undefined) return [];
  const message = `expected the key of a bundle, got a prefix below it: "${text}"`;
  return [{ document, path, message, witness, fix: `write ${bundle}` }];
}
