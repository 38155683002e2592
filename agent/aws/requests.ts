/** Counts the requests made, for the cost line and the metrics. @module */
import type { RequestCounts } from "../core/outcome.ts";

export interface RequestCounter {
  add(what: keyof RequestCounts, count?: number): void;
  /** The counts so far. */
  read(): RequestCounts;
}

/** A counter at zero. Every request that left counts, answered or not, as AWS bills it. */
export function createRequestCounter(): RequestCounter {
  const counts = { list: 0, get: 0, notModified: 0, decrypt: 0, imds: 0, retries: 0 };
  return {
    add: (what, count = 1) => {
      counts[what] += count;
    },
    read: () => ({ ...counts }),
  };
}
