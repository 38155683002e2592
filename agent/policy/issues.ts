/** All faults of a document at once, each with its place in it. @module */
import { PosternError } from "../core/errors.ts";

/** Tells of one fault: what was expected, then what came. */
export type Report = (path: string, message: string) => void;

/**
 * What `parse` makes, if it reports nothing.
 * @throws {PosternError} BadData, with a line for each fault
 */
export function withoutIssues<Value>(
  what: string,
  parse: (report: Report) => Value | undefined,
): Value {
  const issues: string[] = [];
  const value = parse((path, message) => {
    issues.push(`${what}: ${path === "" ? "" : `${path}: `}${message}`);
  });
  if (issues.length > 0 || value === undefined)
    throw new PosternError("BadData", issues[0] ?? `${what}: expected a document`, { issues });
  return value;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** "a number", "a list": what `value` is, without quoting it. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return value === undefined ? "nothing" : `a ${typeof value}`;
}

/** Below `path`: "Statement[0]" and "Sid" make "Statement[0].Sid". */
export function below(path: string, member: string): string {
  if (!/^[A-Za-z][\w-]*$/.test(member)) return `${path}[${JSON.stringify(member)}]`;
  return path === "" ? member : `${path}.${member}`;
}
