/** The keys that this version reads and checks, and does not act on: a warning is due to whoever counts on them. @module */
import type { PathPart } from "./issue.ts";
import type { GroupDefaults, GroupSettings, MainSettings } from "./schema.ts";

/** Paths from the top of postern.yaml. */
export function unactedInHost({ failover, defaults = {} }: MainSettings): PathPart[][] {
  return [
    ...(failover === undefined ? [] : [["failover"]]),
    ...removals(defaults).map((key) => ["defaults", key]),
  ];
}

/** Paths below the group. */
export function unactedInGroup(group: GroupSettings): PathPart[][] {
  return [
    ...(group.files === undefined ? [] : [["files"]]),
    ...(group.render === undefined ? [] : [["render"]]),
    ...Object.keys(group.on_change ?? {}).map((key) => ["on_change", key]),
    ...removals(group).map((key) => [key]),
  ];
}

function removals(settings: GroupDefaults): string[] {
  return (["on_revoked", "on_expired"] as const).filter((key) => settings[key] === "remove");
}
