/**
 * The stages in which an existing bucket adopts a map, each stricter than the one before.
 *
 * 1. grants: what allows, and nothing that denies.
 * 2. guards: what denies by wire, organisation and network, on the bucket, at the endpoints and on hosts.
 * 3. closed world: all that the bucket policy denies.
 * 4. key policy: the keys no longer let the account's policies decide.
 *
 * @module
 */

export const STAGES = [1, 2, 3, 4] as const;
export type Stage = (typeof STAGES)[number];

export const LAST_STAGE: Stage = 4;

export const STAGE_NAMES: Readonly<Record<Stage, string>> = {
  1: "grants",
  2: "guards",
  3: "closed world",
  4: "key policy",
};
