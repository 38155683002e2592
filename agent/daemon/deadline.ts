/** A pass's deadline. @module */
import { setMaxListeners } from "node:events";
import type { Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";

/**
 * Runs `use` with a signal that aborts after `ms` milliseconds, with a reason that counts as an outage, or with
 * `outer`, for its reason.
 * @throws whatever `use` throws
 */
export async function withinMs<Result>(
  ms: number,
  clock: Clock,
  use: (deadline: AbortSignal) => Promise<Result>,
  outer?: AbortSignal,
): Promise<Result> {
  const deadline = new AbortController();
  const done = new AbortController();
  const onOuter = (): void => deadline.abort(outer?.reason);
  if (outer?.aborted === true) onOuter();
  else outer?.addEventListener("abort", onOuter, { once: true });
  // every request under way listens
  setMaxListeners(0, deadline.signal);
  const timer = clock.sleep(ms, done.signal).then(
    () => deadline.abort(new PosternError("Unavailable", "the pass ran out of time", LONGER)),
    () => undefined,
  );
  try {
    return await use(deadline.signal);
  } finally {
    outer?.removeEventListener("abort", onOuter);
    done.abort();
    await timer;
  }
}

const LONGER = {
  hint: "see which service is slow with postern doctor, or raise limits.pass_timeout",
};
