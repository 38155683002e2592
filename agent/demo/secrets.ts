/**
 * The secrets of the demo, which no line of its output may hold.
 *
 * A value is one line: what it is, the number of its set, chance, and a full stop, so that a reader can tell
 * whether it is whole and which others belong to it.
 * @module
 */
import type { Chance } from "../core/clock.ts";

/** How every value begins. */
export const MARK = "demo-value";

/** A new value of set number `set`. */
export function newValue(set: number, chance: Pick<Chance, "bytes">): Buffer {
  return Buffer.from(`${MARK} ${set} ${chance.bytes(24).toString("base64url")} .\n`);
}

/** Of each group, what its secrets are called. */
export const SECRETS = {
  web: ["api_key", "db_password", "session_key"],
  db: ["admin_password", "replication_key"],
  tls: ["site.crt", "site.key"],
} as const;
