/**
 * What groups may not share: an object in the bucket, a path on the host, a name but for its case.
 *
 * A group that sees another group's objects would hand them to the wrong owner; two groups that write one path
 * would overwrite each other at every pass.
 * @module
 */
import { type GroupName, quote, type S3Key, type S3Prefix, keyIn } from "../core/names.ts";
import type { GroupConfig, LayoutConfig, PathsConfig } from "./config.ts";
import type { PathPart } from "./issue.ts";

export interface Overlap {
  /** The later of the two in the config, which is told about the earlier. */
  readonly group: GroupConfig;
  /** Below the group. */
  readonly path: readonly PathPart[];
  readonly message: string;
}

/** Every overlap between two of `groups`, and between a group and the trees that postern writes, where known. */
export function findOverlaps(
  groups: readonly GroupConfig[],
  paths: PathsConfig | undefined,
): Overlap[] {
  return [...objectOverlaps(groups), ...destinationOverlaps(groups, paths)];
}

/**
 * Each of `names` that differs from an earlier one by case alone.
 *
 * macOS volumes and some mounts fold case; a person reading a log does as well.
 */
export function findNameClashes(
  names: readonly GroupName[],
): { readonly name: GroupName; readonly message: string }[] {
  return names.flatMap((name, index) => {
    const earlier = names
      .slice(0, index)
      .find((other) => other.toLowerCase() === name.toLowerCase());
    if (earlier === undefined) return [];
    const message = `expected names that differ by more than case, got ${quote(name)} beside ${quote(earlier)}`;
    return [{ name, message }];
  });
}

/** True when `inner` is `outer` or lies in it; both are absolute and normalised. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}

/** What a group reads: all below a prefix, or single keys. */
interface Reach {
  readonly key: "prefix" | "only" | "bundle";
  readonly prefix: S3Prefix | undefined;
  readonly keys: readonly S3Key[];
}

function objectOverlaps(groups: readonly GroupConfig[]): Overlap[] {
  const reaches = groups.map((group) => ({ group, reach: reachOf(group.layout) }));
  return reaches.flatMap(({ group, reach }, index) =>
    reaches.slice(0, index).flatMap((earlier) => {
      const shared = sharedObject(reach, earlier.reach);
      if (shared === undefined) return [];
      const other = quote(earlier.group.name);
      const message = `expected no object of group ${other}, got ${quote(shared)}`;
      return [{ group, path: [reach.key], message }];
    }),
  );
}

function reachOf(layout: LayoutConfig): Reach {
  switch (layout.kind) {
    case "prefix":
      return { key: "prefix", prefix: layout.prefix, keys: [] };
    case "only": {
      const keys = layout.names.map((name) => keyIn(layout.prefix, name));
      return { key: "only", prefix: undefined, keys };
    }
    case "bundle":
      return { key: "bundle", prefix: undefined, keys: [layout.key] };
    default:
      return layout satisfies never;
  }
}

/** A key or prefix that both reach. */
function sharedObject(a: Reach, b: Reach): string | undefined {
  if (a.prefix !== undefined && b.prefix !== undefined) {
    const [longer, shorter] =
      a.prefix.length > b.prefix.length ? [a.prefix, b.prefix] : [b.prefix, a.prefix];
    return longer.startsWith(shorter) ? longer : undefined;
  }
  const prefix = a.prefix ?? b.prefix;
  if (prefix !== undefined) return [...a.keys, ...b.keys].find((key) => key.startsWith(prefix));
  const keys = new Set(b.keys);
  return a.keys.find((key) => keys.has(key));
}

interface Destination {
  readonly group: GroupConfig;
  readonly at: readonly PathPart[];
  /** Absolute: a render beside the secrets lies in the group's own folder. */
  readonly path: string;
  readonly beside: boolean;
}

function destinationOverlaps(
  groups: readonly GroupConfig[],
  paths: PathsConfig | undefined,
): Overlap[] {
  const destinations = groups.flatMap((group) =>
    destinationsOf(group, paths?.run ?? "/run/postern"),
  );
  return destinations.flatMap(({ group, at, path, beside }, index) => {
    const trees = Object.entries(paths ?? {})
      .filter(([, tree]) => !beside && touches(path, tree))
      .map(([key, tree]) => `expected a path apart from paths.${key} (${quote(tree)})`);
    const others = destinations
      .slice(0, index)
      .filter((earlier) => touches(path, earlier.path))
      .map(
        (earlier) =>
          `expected a path apart from ${quote(earlier.path)} of group ${quote(earlier.group.name)}`,
      );
    return [...trees, ...others].map((expected) => ({
      group,
      path: at,
      message: `${expected}, got ${quote(path)}`,
    }));
  });
}

function destinationsOf(group: GroupConfig, run: string): Destination[] {
  const files = group.files.map(({ secret, path }) => ({
    group,
    at: ["files", secret, "path"],
    path,
    beside: false,
  }));
  const renders = group.render.map(({ path }, index) => ({
    group,
    at: ["render", index, "path"],
    path: path.startsWith("/") ? path : `${run}/secrets/${group.name}/${path}`,
    beside: !path.startsWith("/"),
  }));
  return [...files, ...renders];
}

function touches(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}
