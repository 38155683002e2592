/** Policies of single roles, users and groups of an export. @module */
import type { NamedPolicy } from "../policy/deployment.ts";
import { isFolderOf, outputsOf, type Placed } from "./exported-place.ts";

export interface Own {
  readonly inline: readonly NamedPolicy[];
  readonly attached: readonly string[];
  /** Whether all of them are told. */
  readonly isWhole: boolean;
}

/** Of who is in no group. */
export const NONE: Own = { inline: [], attached: [], isWhole: true };

/** What a role, user or group itself has, exported one by one. */
export function ownPolicies(
  kind: "role" | "user" | "group",
  name: string,
  placed: readonly Placed[],
): Own {
  const own = placed.filter(({ folder }) => isFolderOf(folder, kind, name));
  const inline = outputsOf(placed, "inline policy")
    .filter(({ output }) => output.of === kind && output.owner === name)
    .map(({ output }): NamedPolicy => {
      return { name: output.name, form: "inline", document: output.document };
    });
  const lists = outputsOf(own, "inline names");
  const attached = outputsOf(own, "attached");
  const isNamed = (one: string): boolean => inline.some((policy) => policy.name === one);
  return {
    inline,
    attached: attached.flatMap(({ output }) => output.arns),
    isWhole:
      lists.length > 0 &&
      lists.flatMap(({ output }) => output.names).every(isNamed) &&
      attached.length > 0,
  };
}

/** What a group has, its users have. */
export function groupPolicies(user: string, placed: readonly Placed[]): Own {
  const lists = outputsOf(placed, "groups").filter(({ folder }) =>
    isFolderOf(folder, "user", user),
  );
  const groups = lists
    .flatMap(({ output }) => output.names)
    .map((name) => ({ name, ...ownPolicies("group", name, placed) }));
  return {
    inline: groups.flatMap(({ name, inline }) =>
      inline.map((one) => ({ ...one, name: `${name}/${one.name}` })),
    ),
    attached: groups.flatMap(({ attached }) => attached),
    isWhole: lists.length > 0 && groups.every(({ isWhole }) => isWhole),
  };
}
