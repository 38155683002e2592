/** Counts the requests made, and how they were answered, for the cost line and the metrics. @module */
import { PosternError } from "../core/errors.ts";
import type { RequestCounts } from "../core/outcome.ts";

export const OPERATIONS = ["list", "get", "decrypt", "imds"] as const;

export type Operation = (typeof OPERATIONS)[number];

/**
 * - `ok`: answered, also with what was not wanted (412).
 * - `not_modified`: answered 304.
 * - `throttled`: told to slow down.
 * - `denied`: told no.
 * - `error`: everything else, no answer included.
 */
export type RequestResult = (typeof REQUEST_RESULTS)[number];

export const REQUEST_RESULTS = ["ok", "not_modified", "throttled", "denied", "error"] as const;

/** The answered requests of each operation by their result. */
export type RequestResults = Readonly<Record<Operation, Readonly<Record<RequestResult, number>>>>;

export interface RequestCounter {
  /**
   * Counts one request that `ask` makes, and its result.
   * @param resultOf what an answer counts as; `ok` by default
   * @param count of the requests, when `ask` makes several
   */
  track<Answer>(
    operation: Operation,
    ask: () => Promise<Answer>,
    options?: {
      readonly resultOf?: (answer: Answer) => RequestResult;
      readonly count?: number;
    },
  ): Promise<Answer>;
  retried(): void;
  /** The counts so far. */
  read(): RequestCounts;
  results(): RequestResults;
}

/** A counter at zero. Every request that left counts, answered or not, as AWS bills it. */
export function createRequestCounter(): RequestCounter {
  const asked = { list: 0, get: 0, decrypt: 0, imds: 0 };
  const results = { list: noResults(), get: noResults(), decrypt: noResults(), imds: noResults() };
  let retries = 0;
  return {
    track: async (operation, ask, { resultOf, count = 1 } = {}) => {
      asked[operation] += count;
      try {
        const answer = await ask();
        results[operation][resultOf?.(answer) ?? "ok"] += count;
        return answer;
      } catch (error) {
        results[operation][failedAs(error)] += count;
        throw error;
      }
    },
    retried: () => {
      retries += 1;
    },
    read: () => ({ ...asked, notModified: results.get.not_modified, retries }),
    results: () => ({
      list: { ...results.list },
      get: { ...results.get },
      decrypt: { ...results.decrypt },
      imds: { ...results.imds },
    }),
  };
}

function noResults(): Record<RequestResult, number> {
  return { ok: 0, not_modified: 0, throttled: 0, denied: 0, error: 0 };
}

function failedAs(error: unknown): RequestResult {
  if (!(error instanceof PosternError)) return "error";
  if (error.code === "Throttled") return "throttled";
  return error.code === "Denied" || error.code === "MissingOrDenied" ? "denied" : "error";
}
