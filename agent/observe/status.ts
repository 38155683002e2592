/**
 * What `status.json` says: where every group stands, without a value.
 *
 * Readable by every user of the host, so it holds names, counts, times and error messages alone.
 * @module
 */
import * as v from "valibot";
import { exitCodeOf, inOneLine, PosternError } from "../core/errors.ts";
import { GROUP_STATES, type GroupState, stateAt } from "../core/group-state.ts";

const groupSchema = v.strictObject({
  group: v.string(),
  state: v.picklist(GROUP_STATES),
  generation: v.nullable(v.string()),
  secrets: v.nullable(v.number()),
  bytes: v.nullable(v.number()),
  lastSuccess: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  freshUntil: v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  // a status that an older version wrote is readable too
  reloadOwed: v.optional(v.boolean(), false),
  error: v.nullable(
    v.strictObject({
      code: v.string(),
      message: v.string(),
      hint: v.nullable(v.string()),
      exitCode: v.number(),
    }),
  ),
});

const statusSchema = v.strictObject({
  version: v.literal(1),
  updated: v.pipe(v.string(), v.isoTimestamp()),
  groups: v.array(groupSchema),
});

/** One group in `status.json`. Times are ISO 8601 in UTC; null is "never" or "none". */
export interface GroupStatus {
  readonly group: string;
  readonly state: GroupState;
  readonly generation: string | null;
  readonly secrets: number | null;
  /** Plaintext of the generation. */
  readonly bytes: number | null;
  readonly lastSuccess: string | null;
  readonly freshUntil: string | null;
  /** Whether those who use the group are still to be told of its last change. */
  readonly reloadOwed: boolean;
  /** Why the last pass failed; null after a pass that did not. */
  readonly error: StatusError | null;
}

export interface StatusError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly exitCode: number;
}

export function statusError(error: PosternError): StatusError {
  const { code, hint } = error;
  return { code, message: inOneLine(error), hint: hint ?? null, exitCode: exitCodeOf(code) };
}

/** The whole of `status.json`. */
export interface Status {
  readonly version: 1;
  /** When a pass last ended. */
  readonly updated: string;
  /** In the order of the configuration. */
  readonly groups: readonly GroupStatus[];
}

export function encodeStatus(status: Status): string {
  return `${JSON.stringify(status, undefined, 2)}\n`;
}

/** @throws {PosternError} BadData when `text` is not what `encodeStatus` writes */
export function parseStatus(text: string): Status {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new PosternError("BadData", "status.json is not JSON", { cause, hint: REWRITE });
  }
  const parsed = v.safeParse(statusSchema, json);
  if (!parsed.success) {
    const path = parsed.issues[0].path?.map((item) => String(item.key)).join(".") ?? "";
    throw new PosternError("BadData", `status.json is not a status: see "${path}"`, {
      hint: REWRITE,
    });
  }
  return parsed.output;
}

/**
 * `before` with the groups of `after` put in their place: a pass over some groups says nothing of the others.
 * @param order all configured groups; what is no longer among them is dropped
 */
export function mergeStatus(
  before: Status | undefined,
  after: readonly GroupStatus[],
  order: readonly string[],
  now: number,
): Status {
  const known = new Map((before?.groups ?? []).map((group) => [group.group, group]));
  for (const group of after) known.set(group.group, group);
  return {
    version: 1,
    updated: new Date(now).toISOString(),
    groups: order.flatMap((name) => known.get(name) ?? []),
  };
}

/** The group's state at `now` (epoch milliseconds): what was written down may have expired since. */
export function currentState(group: GroupStatus, now: number): GroupState {
  const time = (iso: string | null): number | undefined =>
    iso === null ? undefined : Date.parse(iso);
  return stateAt(
    {
      state: group.state,
      lastSuccess: time(group.lastSuccess),
      freshUntil: time(group.freshUntil),
    },
    now,
  );
}

const REWRITE = "the next postern fetch writes it anew";
