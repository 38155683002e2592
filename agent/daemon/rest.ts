/**
 * What passes left in memory, given back when the daemon is at rest.
 *
 * V8 collects when the heap has grown, and an idle daemon's does not: what sixty passes left would stay for as long as
 * nothing happens, which is most of a host's life. A collection takes some ten milliseconds.
 * @module
 */
import type { After } from "../aws/call.ts";

export interface RestTools {
  /** Collects everything; holds the process up meanwhile. */
  readonly collect: () => void;
  /** Milliseconds, never going back. */
  readonly monotonic: () => number;
  readonly after: After;
}

/** Long enough that what belongs to one pass, or to several at a time, is over. */
const PAUSE_MS = 2000;
/** Between two collections, however many passes there are. */
const EVERY_MS = 60_000;

/** Gives what to call after each piece of work. */
export function createRest({ collect, monotonic, after }: RestTools): () => void {
  let last = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  return () => {
    cancel?.();
    const dueMs = Math.max(PAUSE_MS, last + EVERY_MS - monotonic());
    cancel = after(dueMs, () => {
      cancel = undefined;
      last = monotonic();
      collect();
    });
  };
}
