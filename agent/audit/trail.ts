/**
 * Events of CloudTrail in a file: one a line, or in the list that CloudTrail puts them in.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { isRecord } from "../policy/issues.ts";
import type { Caller } from "../policy/caller.ts";
import type { Denial } from "./denial.ts";
import { denialOfEvent } from "./denial-event.ts";
import { namedEvent } from "./trail-callers.ts";

/** A request that AWS allowed. */
export interface TrailEvent {
  /** "2026-11-25T12:00:00Z"; "" where the event has none. */
  readonly time: string;
  readonly request: Omit<Denial, "from" | "told" | "caller"> & { readonly caller: Caller };
}

export type Skip = "of other services" | "denied" | "of callers that no policy names";

export interface Trail {
  readonly events: readonly TrailEvent[];
  readonly skipped: number;
  /** How many were skipped for what. */
  readonly reasons: ReadonlyMap<Skip, number>;
}

/** @throws {PosternError} BadData with the line that is no event */
export function parseTrail(text: string): Trail {
  const records = recordsIn(text);
  const read = records.map(eventOf);
  const events = read.filter((one) => typeof one !== "string");
  const skips = read.filter((one) => typeof one === "string");
  const reasons = new Map<Skip, number>();
  for (const skip of skips) reasons.set(skip, (reasons.get(skip) ?? 0) + 1);
  return { events, skipped: skips.length, reasons };
}

type Json = Readonly<Record<string, unknown>>;

function recordsIn(text: string): readonly Json[] {
  const whole = jsonOf(text);
  const list = isRecord(whole) && Array.isArray(whole["Records"]) ? whole["Records"] : undefined;
  const entries: readonly unknown[] =
    list ??
    text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(jsonOf);
  return entries.map((entry, at) => {
    if (isRecord(entry)) return entry;
    throw new PosternError(
      "BadData",
      `${list === undefined ? "line" : "record"} ${at + 1}: expected a CloudTrail event as JSON, got something else`,
    );
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const SERVICES = new Set(["s3.amazonaws.com", "kms.amazonaws.com"]);

function eventOf(record: Json): TrailEvent | Skip {
  const { eventSource, eventTime, errorCode } = record;
  if (!SERVICES.has(String(eventSource))) return "of other services";
  if (errorCode !== undefined) return "denied";
  const named = namedEvent(record);
  try {
    const told = denialOfEvent(named?.record ?? record);
    const { action, resource, context } = told;
    const caller = named?.caller ?? told.caller;
    if (caller.kind === "unnamed") return "of callers that no policy names";
    const time = typeof eventTime === "string" ? eventTime : "";
    return { time, request: { caller, action, resource, context } };
  } catch (error) {
    if (error instanceof PosternError && error.code === "BadData")
      return "of callers that no policy names";
    throw error;
  }
}
