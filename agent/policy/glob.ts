/**
 * Patterns of IAM: "*" stands for any run of characters, also none and also "/", "?" for exactly one.
 *
 * A pattern is kept as tokens, since a value that a variable brings in is literal, whatever it holds.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 * @module
 */

/** A UTF-16 code unit, or one of the two wildcards. */
type Token = number;

/** "*", as a token. */
export const RUN: Token = -1;
/** "?", as a token. */
export const ONE: Token = -2;
const COLON = ":".charCodeAt(0);

export interface Glob {
  readonly tokens: readonly Token[];
  /** The text itself, when there is no wildcard. */
  readonly literal: string | undefined;
  /** What stands before the one wildcard, when it is a "*" at the end: nearly all patterns. */
  readonly prefix: string | undefined;
}

/** `text` with its wildcards. */
export function wildTokens(text: string): readonly Token[] {
  return Array.from({ length: text.length }, (_, at) => {
    const unit = text.charCodeAt(at);
    return text[at] === "*" ? RUN : text[at] === "?" ? ONE : unit;
  });
}

/** `text` as it is. */
export function literalTokens(text: string): readonly Token[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

export function globOf(tokens: readonly Token[]): Glob {
  const first = tokens.findIndex((token) => token < 0);
  const isPrefix = first === tokens.length - 1 && tokens[first] === RUN;
  return {
    tokens,
    literal: first === -1 ? textOf(tokens) : undefined,
    prefix: first !== -1 && isPrefix ? textOf(tokens.slice(0, first)) : undefined,
  };
}

/** Linear but for the last "*" seen, to which it goes back: no pattern takes exponential time. */
export function matchesGlob({ tokens, literal, prefix }: Glob, text: string): boolean {
  if (literal !== undefined) return literal === text;
  if (prefix !== undefined) return text.startsWith(prefix);
  let at = 0;
  let from = 0;
  let run = -1;
  let resume = 0;
  while (at < text.length) {
    const token = tokens[from];
    if (token === ONE || token === text.charCodeAt(at)) {
      at += 1;
      from += 1;
    } else if (token === RUN) {
      run = from;
      resume = at;
      from += 1;
    } else if (run !== -1) {
      resume += 1;
      at = resume;
      from = run + 1;
    } else return false;
  }
  while (tokens[from] === RUN) from += 1;
  return from === tokens.length;
}

/** An ARN: the five segments before the resource, and the resource, which may hold colons. */
export type ArnGlob =
  | { readonly kind: "whole"; readonly glob: Glob }
  | { readonly kind: "segments"; readonly head: readonly Glob[]; readonly tail: Glob };

/**
 * Segment by segment; a pattern of fewer than six is compared as a whole, since a "*" at the end of a segment
 * may reach beyond its colon.
 */
export function arnGlobOf(tokens: readonly Token[]): ArnGlob {
  const head: Glob[] = [];
  let start = 0;
  while (head.length < 5) {
    const end = tokens.indexOf(COLON, start);
    if (end === -1) return { kind: "whole", glob: globOf(tokens) };
    head.push(globOf(tokens.slice(start, end)));
    start = end + 1;
  }
  return { kind: "segments", head, tail: globOf(tokens.slice(start)) };
}

export interface Arn {
  readonly text: string;
  readonly head: readonly string[];
  readonly tail: string;
}

/** Undefined when `text` is no ARN. */
export function parseArn(text: string): Arn | undefined {
  const head: string[] = [];
  let start = 0;
  while (head.length < 5) {
    const end = text.indexOf(":", start);
    if (end === -1) return undefined;
    head.push(text.slice(start, end));
    start = end + 1;
  }
  if (head[0] !== "arn" || head[2] === "" || start === text.length) return undefined;
  return { text, head, tail: text.slice(start) };
}

export function matchesArn(pattern: ArnGlob, arn: Arn): boolean {
  if (pattern.kind === "whole") return matchesGlob(pattern.glob, arn.text);
  // the resource first: it is where ARNs differ
  return (
    matchesGlob(pattern.tail, arn.tail) &&
    pattern.head.every((glob, at) => matchesGlob(glob, arn.head[at] ?? ""))
  );
}

function textOf(tokens: readonly Token[]): string {
  return tokens.map((token) => String.fromCharCode(token)).join("");
}
