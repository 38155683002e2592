/** A pass for somebody who waits for it. @module */
import type { GroupConfig } from "../config/config.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import type { Host } from "./host.ts";
import { syncGroup } from "./sync.ts";

// who asks for a pass wants what was just published; a publisher that never rests is for the next one
const MAX_LOOKS = 5;
const LOOK_AGAIN_MS = 500;

/** A pass, and a few more while the publisher is not done, as far as the deadline goes. */
export async function syncPatiently(
  host: Host,
  group: GroupConfig,
  deadline: AbortSignal,
): Promise<GroupOutcome> {
  let outcome = await syncGroup(host, group, deadline);
  for (let look = 1; outcome.kind === "waiting" && look < MAX_LOOKS; look += 1) {
    try {
      await host.clock.sleep(outcome.untilMs ?? LOOK_AGAIN_MS * 2 ** look, deadline);
    } catch {
      return outcome;
    }
    outcome = await syncGroup(host, group, deadline);
  }
  return outcome;
}
