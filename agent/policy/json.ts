/**
 * JSON in which no name is given twice. IAM refuses such a document; JSON.parse would keep the last of them in silence.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 * @module
 */
import { LineCounter, parseDocument } from "yaml";
import { PosternError } from "../core/errors.ts";

/**
 * @param what names the text in errors
 * @throws {PosternError} BadData
 */
export function parseJson(text: string, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PosternError(
      "BadData",
      `${what}: expected JSON, got something else${placeOf(text, error)}`,
      {
        cause: error,
      },
    );
  }
  const lines = new LineCounter();
  // all JSON is YAML, and this parser looks for what is given twice
  const { errors } = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: "error",
  });
  const issues = errors
    .filter(({ code }) => code === "DUPLICATE_KEY")
    .map(({ pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return `${what}:${line}:${col}: expected each name once, got it again`;
    });
  if (issues.length > 0) throw new PosternError("BadData", issues[0] ?? what, { issues });
  return value;
}

function placeOf(text: string, error: unknown): string {
  const at = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
  if (at === undefined) return "";
  const before = text.slice(0, Number(at)).split("\n");
  return ` at line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}
