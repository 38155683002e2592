/** Judges documents by every rule. @module */
import type { LintDocument, PolicyFile } from "./document.ts";
import { readDocument } from "./document.ts";
import { placesIn, type Position } from "./place.ts";
import { type Finding, type Harm, type Rule, SEVERITIES } from "./rule.ts";
import { RULES } from "./rules.ts";
import { type DocumentSet, setOf, type Surroundings } from "./set.ts";

/** What is found, file by file in the order in which it stands there, errors before notes at one place. */
export function lintDocuments(
  files: readonly PolicyFile[],
  known: Surroundings = {},
): readonly Finding[] {
  const documents = files.map(readDocument);
  const set = setOf(documents, known);
  const places = new Map(documents.map((document) => [document, placesIn(document.text)]));
  const findings = RULES.flatMap((rule) =>
    harmsOf(rule, documents, set).map((harm) =>
      tell(rule, harm, places.get(harm.document)?.(harm.path)),
    ),
  );
  const order = new Map(files.map(({ name }, at) => [name, at]));
  const rank = ({ place, severity }: Finding): readonly number[] => [
    order.get(place.file) ?? 0,
    place.line ?? 0,
    SEVERITIES.indexOf(severity),
    place.column ?? 0,
  ];
  return [...findings].sort((one, other) => compare(rank(one), rank(other)));
}

function harmsOf(
  rule: Rule,
  documents: readonly LintDocument[],
  set: DocumentSet,
): readonly Harm[] {
  switch (rule.judges) {
    case "text":
      return documents.flatMap((document) => rule.find(document));
    case "document":
      return set.documents
        .filter(({ kind }) => rule.kinds.includes(kind))
        .flatMap((document) => rule.find(document, set));
    case "set":
      return rule.find(set);
    default:
      return rule satisfies never;
  }
}

function tell(
  rule: Rule,
  { document, path, message, witness, fix }: Harm,
  position: Position | undefined,
): Finding {
  const at = /^Statement(?:\[(\d+)\])?/.exec(path);
  const index = at === null ? undefined : Number(at[1] ?? 0);
  return {
    rule: rule.id,
    severity: rule.severity,
    place: {
      file: document.file,
      line: position?.line,
      column: position?.column,
      statement: index,
      sid: document.statements.find(({ statement }) => statement.index === index)?.statement.sid,
      path,
    },
    message,
    witness,
    fix: fix ?? rule.fix,
  };
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
