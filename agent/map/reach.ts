/** Which objects are a group's, by what the map says. @module */
import type { Group } from "./access-map.ts";

/** Whether the object of that key is the group's; the prefix itself is none. */
export function holdsKey({ reach }: Group, key: string): boolean {
  switch (reach.kind) {
    case "prefix":
      return key.startsWith(reach.prefix) && key !== reach.prefix;
    case "only":
      return reach.names.some((name) => `${reach.prefix}${name}` === key);
    case "bundle":
      return key === reach.key;
    default:
      return reach satisfies never;
  }
}
