/** Content that was rolled back on this host, and whether S3 still holds it. @module */
import type { HeldSources } from "../store/record.ts";
import { collect } from "./collect.ts";
import { type CollectRequest, wipeSet } from "./collected.ts";

/**
 * Asks S3 whether it still holds the held content, by its validators: a LIST, or conditional GETs, and no body as
 * long as it does.
 *
 * @param request as for `collect`; what is known of the current generation is not looked at
 * @throws {PosternError} whatever source and decrypt refuse or fail with
 */
export async function isStillHeld(
  request: Omit<CollectRequest, "known">,
  { bundle, etags }: HeldSources,
): Promise<boolean> {
  const secrets = new Map([...etags].map(([name, etag]) => [name, { etag }]));
  const known = { secrets, bundle };
  const collected = await collect({ ...request, known });
  if (collected.kind === "set") wipeSet(collected.secrets);
  // a publisher at work is not done: until then the content is what it was
  if (collected.kind !== "set") return true;
  // a replica gives the same revision another ETag
  return bundle !== undefined && collected.bundle?.revision === bundle.revision;
}
