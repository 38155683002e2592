/**
 * Text as mdoc source.
 *
 * A sentence begins a line and lines are short, as mdoc asks for; what roff would read as a request or an escape
 * is made plain.
 * @see https://mandoc.bsd.lv/man/mdoc.7.html
 * @module
 */
import { wrap } from "../agent/cli/words.ts";

/** A paragraph of `text`. */
export function sentences(text: string): readonly string[] {
  return text
    .split(/(?<=[.:]) (?=[A-Z])/)
    .flatMap((sentence) => wrap(sentence.split(" "), 72).map(line));
}

/** A line of text that is not read as a request, whatever it begins with. */
export function line(text: string): string {
  // an option is never broken in two
  return guard(escape(text).replaceAll(/(?<!\S)--[\w-]+/g, plainDashes));
}

/** One argument of a macro: kept together, and never read as a macro itself. */
function word(text: string): string {
  return `"${line(text).replaceAll('"', String.raw`\(dq`)}"`;
}

/** The lines of an example, shown as they are. */
export function literal(texts: readonly string[]): readonly string[] {
  return [".Bd -literal -offset indent", ...texts.map(command), ".Ed"];
}

/** A line to copy: its dashes stay dashes in every encoding. */
function command(text: string): string {
  return guard(plainDashes(escape(text)));
}

/** A term and what it means, in a list that `list` opens. */
export function item(term: string, text: string): readonly string[] {
  return [`.It ${term}`, ...sentences(text)];
}

/** @param width the widest term, or a shape such as `Ds` */
export function list(width: string, items: readonly (readonly string[])[]): readonly string[] {
  return [`.Bl -tag -width ${word(width)}`, ...items.flat(), ".El"];
}

function escape(text: string): string {
  return text
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("…", "...")
    .replaceAll(/[^ -~]/gu, (letter) => {
      const code = letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
      return String.raw`\[u${code}]`;
    });
}

/** A dash of a program's words, which roff would else print as a hyphen. */
function plainDashes(escaped: string): string {
  return escaped.replaceAll("-", String.raw`\-`);
}

function guard(escaped: string): string {
  return escaped.replace(/^(?=[.'])/, String.raw`\&`);
}
