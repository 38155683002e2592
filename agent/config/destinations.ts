/** The paths outside its own trees that postern writes at the config's word. @module */
import { dirname } from "node:path";
import type { SecretName } from "../core/names.ts";
import type { Config, GroupConfig } from "./config.ts";

export interface Destination {
  /** Absolute, normalised. */
  readonly path: string;
  /** The file of the generation that it leads to, or is a copy of. */
  readonly name: SecretName;
  readonly as: "link" | "copy";
  readonly replace: boolean;
  readonly onDisk: boolean;
}

/** A group's destinations in the order in which they are placed: `files`, then renders for paths elsewhere. */
export function destinationsOf({ files, render }: GroupConfig): readonly Destination[] {
  return [
    ...files.map(({ secret, path, as, replace, onDisk }) => ({
      path,
      name: secret,
      as,
      replace,
      onDisk,
    })),
    ...render
      .filter(({ path }) => path.startsWith("/"))
      .map(({ path, name }) => ({
        path,
        name,
        as: "link" as const,
        replace: false,
        onDisk: false,
      })),
  ];
}

/** The folders that hold all groups' destinations, sorted: who confines postern must let it write there. */
export function destinationFolders({ groups }: Pick<Config, "groups">): readonly string[] {
  const paths = groups.flatMap((group) => destinationsOf(group).map(({ path }) => dirname(path)));
  return [...new Set(paths)].toSorted();
}
