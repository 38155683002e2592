/** A rollback that a person asked for. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { type GroupName, quote } from "../core/names.ts";
import { generationBytes } from "../store/comparison.ts";
import { oweReload } from "../store/owed.ts";
import type { Tree } from "../store/tree.ts";
import { rollBack } from "./rollback.ts";
import { writeStandings } from "./standings.ts";

export interface RolledBackTo {
  readonly group: GroupName;
  readonly from: string;
  readonly to: string;
}

/**
 * The group's previous generation, and its standing written down.
 * @param owesReload whether somebody will tell those who use the group
 * @throws {PosternError} NotFound when there is nothing to go back to; CannotWrite
 */
export function rollBackByHand(
  tree: Tree,
  config: Config,
  group: GroupConfig,
  { owesReload }: { readonly owesReload: boolean },
): RolledBackTo {
  const { name, onChange } = group;
  const back = rollBack(tree, group, "operator");
  if (back.kind === "nothing")
    throw new PosternError("NotFound", `group ${quote(name)} has no generation to go back to`, {
      hint: "the one before the current one is kept until the next change, or until a reboot",
    });
  const { id, manifest } = back.to;
  if (owesReload && onChange.reload !== undefined) oweReload(tree, name, id);
  const bytes = generationBytes(manifest);
  const facts = { generation: id, secrets: manifest.secrets.length, bytes, drift: [], notes: [] };
  const outcome = { kind: "held", group: name, why: "operator", ...facts } as const;
  writeStandings(tree, config, [outcome], tree.clock.now());
  return { group: name, from: back.from.id, to: id };
}
