/** The keys that this version reads and checks, and does not act on: a warning is due to whoever counts on them. @module */
import type { PathPart } from "./issue.ts";
import type { MainSettings } from "./schema.ts";

/** Paths from the top of postern.yaml. */
export function unactedInHost({ failover }: MainSettings): PathPart[][] {
  return failover === undefined ? [] : [["failover"]];
}
