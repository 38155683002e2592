/** `postern fetch`: one pass over groups, each on its own, and what is written down about it. @module */
import { untilSent } from "../core/turn.ts";
import type { FetchEffects, FetchReport, FetchRequest } from "./fetch-turn.ts";
import { openServices } from "./services.ts";

/**
 * Syncs the groups at the same time and writes down where they stand.
 *
 * IMDS is asked first, and what the passes take is loaded while it answers.
 *
 * @throws {PosternError} what concerns the whole host: a tree that is not safe, a lock that is held, an
 * endpoint that secrets may not travel to. What concerns one group is in its outcome.
 */
export async function fetchGroups(
  request: FetchRequest,
  effects: FetchEffects,
): Promise<FetchReport> {
  const { config } = request;
  const services = openServices(config, effects);
  // to be there when the first request is to be signed; a failure is told then
  const home = services.findHome(config.home);
  for (const early of [services.provider.credentials(), home]) early.catch(() => undefined);
  try {
    // these questions are on their way before anything holds the process up
    await untilSent();
    const { fetchInTurn } = await import("./fetch-turn.ts");
    return await fetchInTurn(request, { services, home }, effects);
  } finally {
    services.close();
  }
}
