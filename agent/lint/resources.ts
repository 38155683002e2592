/** Rules about the kind of resource that an action has. @module */
import { layersOf, guardsOf, callersOf } from "./asking.ts";
import { below } from "../policy/issues.ts";
import { aboutOf, actionsLike } from "./action-table.ts";
import type { LintDocument, Written, WrittenStatement } from "./document.ts";
import type { Harm, Rule } from "./rule.ts";
import { bucketOf, type DocumentSet } from "./set.ts";
import { refusalOf, type Witness, witnessOf } from "./witness.ts";

export const RESOURCE_RULES: readonly Rule[] = [
  {
    id: "wrong-resource-type",
    severity: "error",
    title:
      "an action on objects with only the bucket's ARN, or one on the bucket with only objects'",
    why: "Such a statement never matches: an Allow grants nothing, a Deny guards nothing.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
    fix: "give ListBucket and its like `BUCKET`, and GetObject and its like `BUCKET/*`",
    witness: true,
    judges: "document",
    kinds: ["identity", "bucket"],
    find: (document, set) =>
      document.statements.flatMap((statement) => mistypedOf(document, set, statement)),
  },
];

function mistypedOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
): readonly Harm[] {
  const { statement, actions, resources, path } = written;
  if (statement.actions.negated || statement.resources?.negated === true) return [];
  const isS3 = ({ text }: Written): boolean => /^arn:[^:]*:s3:::/.test(text);
  // access points and short ARNs are left alone, and "*" matches everything
  if (resources.length === 0 || !resources.every(isS3)) return [];
  const names = resources.map(({ text }) => text.replace(/^arn:[^:]*:s3:::/, ""));
  const hasObjects = names.some((name) => name.includes("/") || name.endsWith("*"));
  const hasBucket = names.some((name) => !/^[^*?]*\//.test(name));
  return actions.flatMap(({ text, path: at }) => {
    const abouts = actionsLike(text).map(aboutOf);
    const isAbout = (what: string): boolean =>
      abouts.length > 0 && abouts.every((about) => about === what);
    const wants =
      isAbout("bucket") && !hasBucket ? "bucket" : isAbout("object") && !hasObjects ? "object" : "";
    if (wants === "") return [];
    const bucket = `arn:${set.partition}:s3:::${bucketOf(document, set)}`;
    const resource = wants === "bucket" ? bucket : `${bucket}/some/secret`;
    const witness = unmatchedOf(document, set, written, actionsLike(text)[0] ?? text, resource);
    if (witness === undefined) return [];
    const given = wants === "bucket" ? "those of objects" : "that of the bucket";
    const message = `expected the ARN of ${wants === "bucket" ? "the bucket" : "objects"} for ${text}, got only ${given} in ${below(path, "Resource")}`;
    return [{ document, path: at, message, witness }];
  });
}

/** What the statement was written for, and does not reach. */
function unmatchedOf(
  document: LintDocument,
  set: DocumentSet,
  written: WrittenStatement,
  action: string,
  resource: string,
): Witness | undefined {
  const [caller] = callersOf(document, set, written);
  if (caller === undefined) return undefined;
  const ask = { set, caller, action, resource };
  if (written.statement.effect === "Allow")
    return refusalOf({
      ...ask,
      name: "what the statement was written for is not granted",
      layers: layersOf(document, set, written, caller, action),
    });
  const layers = guardsOf(document, set, caller, action);
  return witnessOf(
    { ...ask, name: "what the statement was written against is not denied", layers },
    { decision: "allow" },
  );
}
