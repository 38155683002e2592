/** A replica, examined as what it is for: to be read while its home's whole region is out. @module */
import type { GroupConfig } from "../config/config.ts";
import { regionOfKey } from "../core/names.ts";
import type { Place } from "../daemon/places.ts";
import { pinKeys } from "../decrypt/pins.ts";
import { type Finding, warning } from "./finding.ts";

export interface AtReplica {
  /** The group with the keys that are to be had in the replica's region alone, if there are any. */
  readonly group: GroupConfig;
  readonly findings: readonly Finding[];
}

export function atReplica(group: GroupConfig, { region, keyReach }: Place): AtReplica {
  const { decrypt } = group;
  if (decrypt.mode === "none") return { group, findings: [] };
  const near = pinKeys(decrypt.keys, keyReach)
    .map(({ key }) => key)
    .filter((key) => regionOfKey(key) === region);
  if (near.length > 0)
    return { group: { ...group, decrypt: { ...decrypt, keys: near } }, findings: [] };
  const others = [...new Set(decrypt.keys.map(regionOfKey))].join(", ");
  const found = `none in ${region}: it opens only while KMS in ${others} answers`;
  return { group, findings: [warning("keys", found, FIX)] };
}

const FIX = "seal it under a multi-Region key, or under a key of each region as well";

/** The same finding, in a section over several groups. */
export function ofGroup(group: string | undefined, finding: Finding): Finding {
  return group === undefined ? finding : { ...finding, about: `${group}: ${finding.about}` };
}
