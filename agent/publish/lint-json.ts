/** Whether a value is JSON, should be, and why it is not. @see RFC 8259 @module */
import { isMadeOfLines } from "./lint-text.ts";

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;
/** A key and its colon, or a list of strings or of mappings: no password begins like that by chance. */
const BEGUN = new RegExp(
  `^\\s*(?:\\{\\s*${STRING}\\s*:|\\[\\s*(?:\\{\\s*${STRING}\\s*:|${STRING}\\s*,))`,
);

const OTHER = { kind: "other" } as const;

/** `other`: a number or a string may be JSON, but by its looks alone is nothing but text. */
export type JsonVerdict =
  | { readonly kind: "json" | "other" }
  | { readonly kind: "broken"; readonly why: string };

/** @param text undefined when the value is no text */
export function judgeJson(name: string, text: string | undefined): JsonVerdict {
  const named = /\.json$/i.test(name);
  if (text === undefined)
    return named ? { kind: "broken", why: "expected JSON in UTF-8, got other bytes" } : OTHER;
  if (!named && (isMadeOfLines(name) || !/^\s*[{[]/.test(text))) return OTHER;
  const why = findFault(text);
  if (why === undefined) return { kind: "json" };
  return named || (BEGUN.test(text) && !isJsonLines(text)) ? { kind: "broken", why } : OTHER;
}

function isJsonLines(text: string): boolean {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.every((line) => findFault(line) === undefined);
}

function findFault(text: string): string | undefined {
  if (text.startsWith("\ufeff")) return "expected JSON, got a byte order mark before it";
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return `expected JSON, got ${whatCame(error instanceof Error ? error.message : "", text)}`;
  }
}

/** V8's message quotes the text, so that of it only the place is told, where it names one. */
function whatCame(message: string, text: string): string {
  if (message.startsWith("Unexpected end")) return "an end before its own";
  const at = / at position (\d+)/.exec(message)?.[1];
  if (at === undefined) return "something else";
  const before = text.slice(0, Number(at)).split("\n");
  return `something else at line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}
