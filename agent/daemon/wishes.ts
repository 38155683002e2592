/** What an operator may wish of a pass beyond being made. @module */
import type { BucketConfig, GroupConfig } from "../config/config.ts";
import { forgetRevision } from "../store/revisions.ts";
import type { Tree } from "../store/tree.ts";
import { releaseGroup } from "./rollback.ts";
import { bundleSource } from "./survey.ts";

export interface Wishes {
  /** Lets content that was rolled back on this host be applied again. */
  readonly release: boolean;
  /** Lets a bundle be older than this host has seen. */
  readonly acceptOlder: boolean;
}

/** Makes the wishes come true for the group's next pass. @throws {PosternError} CannotWrite when the kernel refuses */
export function grant(
  tree: Tree,
  { bucket }: BucketConfig,
  group: GroupConfig,
  { release, acceptOlder }: Wishes,
): void {
  if (release) releaseGroup(tree, group.name);
  const source = bundleSource(group, { bucket });
  if (acceptOlder && source !== undefined) forgetRevision(tree, source);
}
