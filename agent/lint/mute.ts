/**
 * What is not to be told: `RULE`, `RULE:SID`, or either with `@FILE`, as flags or as the lines of a file.
 *
 *   # the audit role lists everything, by decision of 2026-11-02
 *   list-without-prefix:Audit@roles/audit.json
 *
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import type { Finding, RuleText } from "./rule.ts";
import { RULES } from "./rules.ts";

export interface Mute {
  /** As it is written. */
  readonly text: string;
  readonly rule: string;
  readonly sid: string | undefined;
  readonly file: string | undefined;
  /** The file that it stands in, and its line; undefined for a flag. */
  readonly from: { readonly file: string; readonly line: number } | undefined;
}

export const UNUSED_MUTE: RuleText = {
  id: "unused-mute",
  severity: "note",
  title: "a mute that keeps nothing from being told",
  why: "What it was for is gone, and it would hide the next one.",
  page: "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
  fix: "remove it",
  witness: false,
};

/** @throws {PosternError} BadData for another form, or a rule that there is not */
export function parseMute(text: string, from?: Mute["from"]): Mute {
  const [, rule = "", sid, file] = /^([a-z-]+)(?::([^@\s]+))?(?:@(\S.*))?$/.exec(text.trim()) ?? [];
  const where = from === undefined ? "" : `${from.file}:${from.line}: `;
  const known = RULES.map(({ id }) => id);
  if (rule === "" || !known.includes(rule)) {
    const near = nearestWord(rule, known);
    const hint = near === undefined ? {} : { hint: `did you mean ${quote(near)}?` };
    const expected = rule === "" ? "RULE, RULE:SID or RULE:SID@FILE" : "the id of a rule";
    throw new PosternError("BadData", `${where}expected ${expected}, got ${quote(text)}`, hint);
  }
  return { text: text.trim(), rule, sid, file, from };
}

/**
 * One mute a line; what follows " #" or begins with "#" is a comment.
 * @param name of the file, for errors
 * @throws {PosternError} BadData
 */
export function parseMutes(text: string, name: string): readonly Mute[] {
  return text.split("\n").flatMap((line, at) => {
    const content = line.replace(/(^|\s)#.*$/, "").trim();
    return content === "" ? [] : [parseMute(content, { file: name, line: at + 1 })];
  });
}

/** The findings that are told: those that no mute is for, and a note for each mute that is for none. */
export function withoutMuted(
  findings: readonly Finding[],
  mutes: readonly Mute[],
): { readonly told: readonly Finding[]; readonly muted: number } {
  const told = findings.filter((finding) => !mutes.some((mute) => isFor(mute, finding)));
  const unused = mutes.filter((mute) => !findings.some((finding) => isFor(mute, finding)));
  return { told: [...told, ...unused.map(unusedOf)], muted: findings.length - told.length };
}

function isFor({ rule, sid, file }: Mute, finding: Finding): boolean {
  return (
    rule === finding.rule &&
    (sid === undefined || sid === finding.place.sid) &&
    (file === undefined || file === finding.place.file || file === finding.document)
  );
}

function unusedOf({ text, from }: Mute): Finding {
  const { id, severity, fix } = UNUSED_MUTE;
  return {
    rule: id,
    severity,
    place: {
      file: from?.file ?? "--mute",
      line: from?.line,
      column: undefined,
      statement: undefined,
      sid: undefined,
      path: "",
    },
    document: undefined,
    message: `expected a finding for ${quote(text)}, got none`,
    witness: undefined,
    fix,
  };
}
