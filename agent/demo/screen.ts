/**
 * What the demo prints: plain lines of at most 80 columns; on a terminal also colours and a spinner.
 * @see https://no-color.org
 * @module
 */
import type { Writable } from "node:stream";
import type { Clock } from "../core/clock.ts";

/** An older terminal's whole width, and a narrow window's today. */
export const COLUMNS = 80;

export interface Screen {
  title(text: string): void;
  /** Prose, wrapped. */
  note(text: string): void;
  /** What is typed, and by whom. */
  command(host: string, words: string): void;
  /** What a command printed, each line wrapped. */
  output(text: string): void;
  ok(text: string): void;
  failed(text: string): void;
  /** Shows that something goes on while `work` does; nothing where nobody watches. */
  during<Result>(what: string, work: Promise<Result>): Promise<Result>;
}

export interface ScreenOptions {
  readonly out: Writable;
  /** Whether `out` can move its cursor. */
  readonly live: boolean;
  readonly colours: boolean;
  readonly clock: Pick<Clock, "sleep">;
}

export function createScreen({ out, live, colours, clock }: ScreenOptions): Screen {
  const paint = (code: number, text: string): string =>
    colours ? `\u001B[${code}m${text}\u001B[0m` : text;
  const print = (line: string): void => {
    out.write(`${line}\n`);
  };
  const block = (indent: number, text: string): void => {
    for (const line of wrap(text, COLUMNS - indent)) print(" ".repeat(indent) + line);
  };
  const marked = (mark: string, code: number, text: string): void => {
    const [first = "", ...rest] = wrap(text, COLUMNS - 4 - mark.length);
    print(`  ${paint(code, mark)}  ${first}`);
    for (const line of rest) print(" ".repeat(4 + mark.length) + line);
  };
  return {
    title(text) {
      print("");
      for (const line of wrap(text, COLUMNS)) print(paint(BOLD, line));
    },
    note(text) {
      block(2, text);
    },
    command(host, words) {
      const lines = wrap(`${host}$ ${words}`, COLUMNS - 2);
      for (const [at, line] of lines.entries())
        print(paint(CYAN, `  ${at === 0 ? "" : "  "}${line}`));
    },
    output(text) {
      for (const line of text.trimEnd().split("\n")) block(4, line);
    },
    ok(text) {
      marked("ok", GREEN, text);
    },
    failed(text) {
      marked("FAILED", RED, text);
    },
    during: (what, work) => (live ? spin(out, clock, what, work) : work),
  };
}

const BOLD = 1;
const RED = 31;
const GREEN = 32;
const CYAN = 36;

/** Whether lines may be painted: on a terminal that can, unless its user minds. */
export function wantsColours(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

/**
 * `text` in lines of at most `width` columns, broken at spaces, or inside a word that is longer than a line.
 * Spaces at the front of `text` are kept in front of every line.
 */
export function wrap(text: string, width: number): readonly string[] {
  const indent = /^ */.exec(text)?.[0].slice(0, width - 1) ?? "";
  const room = width - indent.length;
  const lines: string[] = [];
  let rest = text.trim();
  while (rest.length > room) {
    const space = rest.lastIndexOf(" ", room);
    const end = space > 0 ? space : room;
    lines.push(indent + rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, indent + rest];
}

const FRAMES = ["|", "/", "-", "\\"];

async function spin<Result>(
  out: Writable,
  clock: Pick<Clock, "sleep">,
  what: string,
  work: Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const spinning = draw(out, clock, what.slice(0, COLUMNS - 5), over.signal);
  try {
    return await work;
  } finally {
    over.abort();
    await spinning;
  }
}

async function draw(
  out: Writable,
  clock: Pick<Clock, "sleep">,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn += 1) {
    out.write(`\r  ${FRAMES[turn % FRAMES.length]} ${what}`);
    // its end is asked for by the loop
    await clock.sleep(80, signal).catch(() => undefined);
  }
  // back to the first column, and nothing left there
  out.write("\r\u001B[K");
}
