/** Judges documents, settings and a map by every rule. @module */
import type { MapPath } from "../map/complete.ts";
import { below, isRecord } from "../policy/issues.ts";
import { parseJson } from "../policy/json.ts";
import type { LintDocument, PolicyFile } from "./document.ts";
import { readDocument } from "./document.ts";
import { placesIn, type Position } from "./place.ts";
import { type Finding, type Harm, type Rule, SEVERITIES } from "./rule.ts";
import { RULES } from "./rules.ts";
import {
  type DocumentSet,
  type MapFile,
  setOf,
  type SettingsFile,
  type Surroundings,
} from "./set.ts";

/** What a rule is asked about. */
interface Judged {
  readonly documents: readonly LintDocument[];
  readonly set: DocumentSet;
  readonly settings: readonly SettingsFile[];
  readonly map: MapFile | undefined;
  readonly positionIn: (text: string, path: string) => Position | undefined;
}

/**
 * What is found: of the map first, then file by file in the order in which it stands there, errors before notes at one
 * place. What is found in documents that were made from a map is told at its lines.
 * @throws {PosternError} BadData for settings that are no JSON
 */
export function lintDocuments(
  files: readonly PolicyFile[],
  known: Surroundings = {},
): readonly Finding[] {
  const { settings = [], map } = known;
  const documents = files.map(readDocument);
  const places = new Map<string, ReturnType<typeof placesIn>>();
  const judged: Judged = {
    documents,
    set: setOf(documents, known),
    settings,
    map,
    positionIn: (text, path) => {
      const find = places.get(text) ?? placesIn(text);
      places.set(text, find);
      return find(path);
    },
  };
  const order = new Map([...files, ...settings].map(({ name }, at) => [name, at]));
  const rank = ({ place, severity }: Finding): readonly number[] => [
    order.get(place.file) ?? -1,
    place.line ?? 0,
    SEVERITIES.indexOf(severity),
    place.column ?? 0,
  ];
  const findings = RULES.flatMap((rule) => findingsOf(rule, judged));
  const sorted = [...findings].sort((one, other) => compare(rank(one), rank(other)));
  return map === undefined ? sorted : sorted.map((finding) => led(finding, map, judged));
}

function findingsOf(rule: Rule, judged: Judged): readonly Finding[] {
  const { documents, set, settings, map, positionIn } = judged;
  const tellAll = (harms: readonly Harm[]): readonly Finding[] =>
    harms.map((harm) => tell(rule, harm, positionIn(harm.document.text, harm.path)));
  switch (rule.judges) {
    case "text":
      return tellAll(documents.flatMap((document) => rule.find(document)));
    case "document":
      return tellAll(
        set.documents
          .filter(({ kind }) => rule.kinds.includes(kind))
          .flatMap((document) => rule.find(document, set)),
      );
    case "set":
      return tellAll(rule.find(set));
    case "settings":
      return settings.flatMap(({ name, text }) => {
        const value = parseJson(text, name);
        return rule
          .find(isRecord(value) ? value : {})
          .map((harm) => tellOf(rule, name, harm, positionIn(text, harm.path)));
      });
    case "map":
      return map === undefined
        ? []
        : rule.find(map.map).map(({ path, message }) => {
            const text = textOf(path);
            const position = positionIn(map.text, text);
            return tellOf(rule, map.map.file, { path: text, message }, position);
          });
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
  const statement = at === null ? undefined : Number(at[1] ?? 0);
  const found = tellOf(rule, document.file, { path, message }, position);
  const { sid } =
    document.statements.find((one) => one.statement.index === statement)?.statement ?? {};
  return { ...found, place: { ...found.place, statement, sid }, witness, fix: fix ?? rule.fix };
}

function tellOf(
  { id, severity, fix }: Rule,
  file: string,
  { path, message }: { readonly path: string; readonly message: string },
  position: Position | undefined,
): Finding {
  const { line, column } = position ?? {};
  return {
    rule: id,
    severity,
    place: { file, line, column, statement: undefined, sid: undefined, path },
    document: undefined,
    message,
    witness: undefined,
    fix,
  };
}

/** The finding at the place in the map that its document comes from. */
function led(finding: Finding, { map, text, originOf }: MapFile, { positionIn }: Judged): Finding {
  const { file, sid } = finding.place;
  if (file === map.file) return finding;
  const position = positionIn(text, textOf(originOf(file, sid) ?? []));
  const { line, column } = position ?? {};
  return { ...finding, place: { ...finding.place, file: map.file, line, column }, document: file };
}

function textOf(path: MapPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : below(text, part)),
    "",
  );
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
