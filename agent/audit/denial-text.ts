/** What was denied, in whichever form it comes: an error's message, or an event of CloudTrail in a file. @module */
import { PosternError } from "../core/errors.ts";
import { isRecord } from "../policy/issues.ts";
import { type Denial, parseMessage } from "./denial.ts";
import { denialOfEvent } from "./denial-event.ts";

/**
 * @param text an error's message; or an event as JSON, by itself or as the only one of a list
 * @throws {PosternError} BadData when it is neither
 */
export function parseDenial(text: string): Denial {
  const begin = text.trimStart();
  const value = jsonOf(text);
  if (value === undefined && begin.startsWith("{"))
    throw new PosternError("BadData", "expected a CloudTrail event as JSON, got something else");
  return isRecord(value) || Array.isArray(value)
    ? denialOfEvent(onlyOf(value))
    : parseMessage(text);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * CloudTrail's files have a list of Records; `aws cloudtrail lookup-events` one of Events, each with the event as text.
 * @see https://docs.aws.amazon.com/cli/latest/reference/cloudtrail/lookup-events.html
 */
function onlyOf(value: unknown): unknown {
  const [list, path] = listIn(value);
  if (list === undefined) return value;
  if (list.length !== 1)
    throw new PosternError("BadData", `expected one CloudTrail event, got ${list.length}`, {
      hint:
        list.length === 0
          ? "the list is empty: take the file of another time"
          : `put one of them into a file of its own, the first with: jq '${path}[0]' FILE`,
    });
  const [only] = list;
  return isRecord(only) && typeof only["CloudTrailEvent"] === "string"
    ? jsonOf(only["CloudTrailEvent"])
    : only;
}

function listIn(value: unknown): readonly [list: readonly unknown[] | undefined, path: string] {
  if (Array.isArray(value)) return [value, "."];
  if (!isRecord(value)) return [undefined, ""];
  for (const name of ["Records", "Events"])
    if (Array.isArray(value[name])) return [value[name], `.${name}`];
  return [undefined, ""];
}
