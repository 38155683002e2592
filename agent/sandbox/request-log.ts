/** What a sandbox was asked, without signatures, tokens or bodies: tests and the demo's cost line read it. @module */
import type { Denial } from "./authorise.ts";
import type { ServiceName } from "./service.ts";

export interface LogEntry {
  readonly service: ServiceName;
  readonly operation: string;
  /** Object key, LIST prefix, KMS key or metadata path. */
  readonly key: string;
  /** Of S3, where the request named one. */
  readonly bucket?: string;
  /** ARN of who was let in; undefined when nobody was. */
  readonly principal: string | undefined;
  /** Which document stopped it, where one did. */
  readonly denial?: Omit<Denial, "allowed"> | undefined;
  /** HTTP status; 0 when a fault left the request without an answer. */
  readonly status: number;
  /** Length of the answer's body. */
  readonly bytes: number;
  /** Kinds of the faults that struck. */
  readonly faults: readonly string[];
}

export interface RequestLog {
  add(entry: LogEntry): void;
  /** Oldest first; a copy. */
  entries(): readonly LogEntry[];
  clear(): void;
}

/** Keeps the last `limit` entries: a sandbox on a laptop may run for weeks. */
export function createRequestLog(limit = 100_000): RequestLog {
  let kept: LogEntry[] = [];
  return {
    add(entry) {
      kept.push(entry);
      if (kept.length > 2 * limit) kept = kept.slice(-limit);
    },
    entries: () => kept.slice(-limit),
    clear() {
      kept = [];
    },
  };
}
