/** What passes came to, as JSON: what `fetch --json` prints, and what the daemon answers who asked for them. @module */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import type { GroupOutcome, RequestCounts } from "../core/outcome.ts";
import { type Status, type StatusError, statusError } from "../observe/status.ts";

export interface Passes {
  readonly outcomes: readonly GroupOutcome[];
  /** Undefined when it could not be written down. */
  readonly status: Status | undefined;
  readonly requests: RequestCounts;
  /** What a person should know of this host. */
  readonly warnings: readonly string[];
  /** Groups that were removed because they left the configuration. */
  readonly pruned: readonly string[];
}

/** What a command that asked the daemon tells of it. */
export interface Answer {
  readonly groups: readonly AnsweredGroup[];
  readonly requests: RequestCounts;
  readonly warnings: readonly string[];
  readonly pruned: readonly string[];
}

export interface AnsweredGroup {
  readonly group: string;
  readonly outcome: GroupOutcome["kind"];
  readonly generation: string | null;
  readonly secrets: number | null;
  readonly bytes: number | null;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly notes: readonly string[];
  readonly error: StatusError | null;
}

const texts = v.array(v.string());
const names = v.optional(texts, []);
const count = v.number();
const SCHEMA = v.object({
  groups: v.array(
    v.object({
      group: v.string(),
      outcome: v.picklist(["unchanged", "changed", "held", "waiting", "failed"]),
      generation: v.nullable(v.string()),
      secrets: v.nullable(count),
      bytes: v.nullable(count),
      added: names,
      changed: names,
      removed: names,
      notes: texts,
      error: v.nullable(
        v.object({
          code: v.string(),
          message: v.string(),
          hint: v.nullable(v.string()),
          exitCode: count,
        }),
      ),
    }),
  ),
  requests: v.object({
    list: count,
    get: count,
    notModified: count,
    decrypt: count,
    imds: count,
    retries: count,
  }),
  warnings: texts,
  pruned: texts,
});

const NOTHING = { generation: null, secrets: null, bytes: null, error: null };

export function encodeAnswer({ outcomes, status, requests, warnings, pruned }: Passes): unknown {
  return {
    groups: outcomes.map((outcome) => ({
      ...(status?.groups.find(({ group }) => group === outcome.group) ?? {
        group: outcome.group,
        ...NOTHING,
      }),
      outcome: outcome.kind,
      // of this pass, whether or not it could be written down
      ...(outcome.kind === "failed" ? { error: statusError(outcome.error) } : {}),
      ...("changes" in outcome ? outcome.changes : {}),
      ...("from" in outcome ? { from: outcome.from } : {}),
      notes: "notes" in outcome ? outcome.notes : [],
    })),
    requests,
    warnings,
    pruned,
  };
}

/** @throws {PosternError} Unavailable when it is not what `encodeAnswer` makes */
export function parseAnswer(json: unknown): Answer {
  const parsed = v.safeParse(SCHEMA, json);
  if (parsed.success) return parsed.output;
  throw new PosternError("Unavailable", "the daemon's answer is not understood", {
    hint: "is it of another version? restart it: systemctl restart postern",
  });
}
