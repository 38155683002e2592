/**
 * Stories: what is typed at the command line and what it answers, as text files in `test/stories/`.
 *
 * ```
 * # One line that says what is promised; later comments go anywhere.
 * ? command -v mkfifo                the story is skipped unless this succeeds
 * & postern sandbox --json           started before what follows, ended with the story
 * $ postern get web/db_password      run by sh, in the story's own folder
 * > hunter2                          a line of stdout, exactly
 * $ postern get web/nope
 * !~ postern: no such .*             a line of stderr, as a regular expression (>~ for stdout)
 * ! ...                              any number of lines, or none
 * = 66                               the exit code, 0 unless said
 *
 * -- secrets/web/db_password --      a file of the story's folder, up to the next such line
 * hunter2
 * ```
 *
 * What a command prints must be said whole: no line of expectation means no output. Whether the last line
 * ends in a newline is not compared. Commands share the folder and the environment, not a shell: `cd` and
 * `export` last for one line. The folder is `$WORK`, also in expectations; `POSTERN_RUN` is `$WORK/run`.
 *
 * A process behind `&` prints one line of JSON once it is ready. The variables of its `env` object are set
 * for what follows, and every other text in it as `STORY_` and its name in capitals: `"bucket"` becomes
 * `STORY_BUCKET`, and `"id"` in the object `"user"` `STORY_USER_ID`. It is asked to end by SIGTERM.
 *
 * `UPDATE_GOLDEN=1 npm test` writes what came in place of every expectation that does not hold.
 * @see https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript, whose idea this is
 */
import assert from "node:assert/strict";

export interface Story {
  /** The first comment. */
  readonly title: string;
  /** Commands that must succeed, or the story is skipped. */
  readonly needs: readonly string[];
  readonly steps: readonly Step[];
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

export interface Step {
  /** `start`: in the background. */
  readonly kind: "run" | "start";
  readonly command: string;
  /** Where it stands in the text, from 0. */
  readonly line: number;
  /** How many lines of expectation follow it. */
  readonly length: number;
  readonly expected: Expected;
}

export interface Expected {
  readonly stdout: readonly ExpectedLine[];
  readonly stderr: readonly ExpectedLine[];
  readonly code: number;
}

type ExpectedLine =
  | { readonly kind: "exactly"; readonly text: string }
  | { readonly kind: "matching"; readonly text: string }
  | { readonly kind: "any" };

/** What a command did; the story's folder reads `$WORK`. */
export interface Came {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** @throws {AssertionError} at a line that is none of the above */
export function parseStory(text: string): Story {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => FILE.test(line));
  const script = end === -1 ? lines : lines.slice(0, end);
  const title = script.find((line) => line.startsWith("# "))?.slice(2);
  assert.ok(title !== undefined, "expected a comment that says what the story promises");
  const needs: string[] = [];
  const steps: Step[] = [];
  for (const [at, line] of script.entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [sign = "", ...words] = line.split(" ");
    const rest = words.join(" ");
    if (sign === "?") needs.push(rest);
    else if (sign === "$" || sign === "&") steps.push(newStep(sign, rest, at));
    else steps.push(withLine(steps.pop(), sign, rest, `line ${at + 1}: ${line}`));
  }
  return { title, needs, steps, files: end === -1 ? [] : parseFiles(lines.slice(end)) };
}

/** @throws {AssertionError} with both sides, when what came is not what the story says */
export function compare(step: Step, came: Came): void {
  if (holds(step, came)) return;
  const said = [
    ...step.expected.stdout.map(encodeLine(">")),
    ...step.expected.stderr.map(encodeLine("!")),
  ];
  const expected = [...said, `= ${step.expected.code}`];
  assert.deepEqual(encodeCame(came, true), expected, `$ ${step.command}`);
}

/** `text` with what came in place of every expectation that does not hold. */
export function updateStory(text: string, story: Story, came: readonly Came[]): string {
  const lines = text.split("\n");
  for (const [at, step] of [...story.steps.entries()].toReversed()) {
    const actual = came[at];
    if (actual === undefined || holds(step, actual)) continue;
    lines.splice(step.line + 1, step.length, ...encodeCame(actual, actual.code !== 0));
  }
  return lines.join("\n");
}

const FILE = /^-- (\S+) --$/;

function newStep(sign: "$" | "&", command: string, line: number): Step {
  const expected = { stdout: [], stderr: [], code: 0 };
  return { kind: sign === "$" ? "run" : "start", command, line, length: 0, expected };
}

function withLine(step: Step | undefined, sign: string, rest: string, place: string): Step {
  assert.ok(step?.kind === "run", `expected a command first: ${place}`);
  const { expected } = step;
  const line = parseLine(sign, rest);
  const length = step.length + 1;
  switch (sign) {
    case ">":
    case ">~":
      return { ...step, length, expected: { ...expected, stdout: [...expected.stdout, line] } };
    case "!":
    case "!~":
      return { ...step, length, expected: { ...expected, stderr: [...expected.stderr, line] } };
    case "=":
      return { ...step, length, expected: { ...expected, code: Number(rest) } };
    default:
      return assert.fail(`expected # ? & $ > >~ ! !~ or = and a blank: ${place}`);
  }
}

function parseLine(sign: string, text: string): ExpectedLine {
  if (sign.endsWith("~")) return { kind: "matching", text };
  return text === "..." ? { kind: "any" } : { kind: "exactly", text };
}

function parseFiles(lines: readonly string[]): Story["files"] {
  const files: { name: string; text: string }[] = [];
  for (const line of lines) {
    const name = FILE.exec(line)?.[1];
    const last = files.at(-1);
    if (name !== undefined) files.push({ name, text: "" });
    else if (last !== undefined) last.text += `${line}\n`;
  }
  // the text's own last newline is no line of the last file
  const last = files.at(-1);
  if (last !== undefined) last.text = last.text.replace(/\n$/, "");
  return files;
}

function holds({ expected }: Step, came: Came): boolean {
  return (
    patternOf(expected.stdout).test(closed(came.stdout)) &&
    patternOf(expected.stderr).test(closed(came.stderr)) &&
    expected.code === came.code
  );
}

function patternOf(lines: readonly ExpectedLine[]): RegExp {
  const parts = lines.map((line) => {
    if (line.kind === "any") return "(?:.*\\n)*";
    const text =
      line.kind === "matching" ? line.text : line.text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return `(?:${text})\\n`;
  });
  return new RegExp(`^${parts.join("")}$`);
}

function closed(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function encodeCame({ stdout, stderr, code }: Came, withCode: boolean): readonly string[] {
  const lines = (sign: string, text: string): readonly string[] =>
    closed(text)
      .split("\n")
      .slice(0, -1)
      .map((line) => `${sign} ${line}`.trimEnd());
  return [...lines(">", stdout), ...lines("!", stderr), ...(withCode ? [`= ${code}`] : [])];
}

function encodeLine(sign: string): (line: ExpectedLine) => string {
  return (line) =>
    line.kind === "any"
      ? `${sign} ...`
      : `${sign}${line.kind === "matching" ? "~" : ""} ${line.text}`.trimEnd();
}
