/** Reads many objects at once: all of them, or none. @module */
import { setMaxListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { FetchedObject } from "./fetched.ts";

// more than any sensible limit on requests, and few enough that those who wait cost nothing
const AT_ONCE = 64;
// so few that the first is on its way at once, and enough to cost few turns of the event loop
const A_TURN = 4;

/**
 * Reads all items, up to 64 at once (S3's own limiter bounds how many requests run).
 *
 * The first fault, or the first "moved", stops the others; the bodies that had come by then are wiped.
 *
 * @param read must end when its signal aborts
 * @param signal the pass's deadline
 * @returns the objects in the order of `items`
 * @throws the first fault
 */
export async function gather<Item>(
  items: readonly Item[],
  read: (item: Item, signal: AbortSignal) => Promise<FetchedObject | "moved">,
  signal: AbortSignal | undefined,
): Promise<readonly FetchedObject[] | "moved"> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const onAbort = (): void => stop.abort(signal?.reason);
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let ended: "moved" | { readonly error: unknown } | undefined;
  const got: FetchedObject[] = [];
  const left = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (ended !== undefined) return;
      try {
        const object = await read(item, stop.signal);
        if (object === "moved") ended ??= "moved";
        else got[index] = object;
      } catch (error) {
        ended ??= { error };
      }
      if (ended !== undefined) stop.abort();
    }
  };
  // a few are on their way before the next are made ready: to sign them all takes as long as the first answer
  const working: Promise<void>[] = [];
  while (working.length < Math.min(AT_ONCE, items.length)) {
    working.push(work());
    if (working.length % A_TURN === 0) await turn();
  }
  await Promise.all(working);
  signal?.removeEventListener("abort", onAbort);
  if (ended === undefined) return got;
  wipe(got);
  if (ended === "moved") return "moved";
  throw ended.error;
}

/** Wipes what a source fetched and nobody will store. Gaps are allowed. */
export function wipe(objects: readonly (FetchedObject | undefined)[]): void {
  for (const object of objects) object?.body?.wipe();
}
