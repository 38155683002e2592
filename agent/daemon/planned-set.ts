/** From what was collected to what is to lie on the disk. @module */
import type { GroupConfig, PathsConfig } from "../config/config.ts";
import type { StagePlan } from "../store/set.ts";
import type { CollectedSet } from "./collected.ts";
import type { Reach } from "./host.ts";
import type { Survey } from "./survey.ts";

/** Length in bytes of the longest path that this host puts before a group's names. */
export function rootBytesOf({ run }: PathsConfig, { name }: GroupConfig): number {
  return Buffer.byteLength(`${run}/groups/${name}/gen/0123456789ab`);
}

/** The set when S3 has nothing new: what the disk holds of it. */
export function keptSet(
  { generation, kept }: Survey,
  { from, notes }: Pick<CollectedSet, "from" | "notes">,
): CollectedSet {
  const secrets = [...(kept?.values() ?? [])].map(
    ({ name, key, etag, versionId, lastModified }) =>
      ({ name, key, etag, versionId, lastModified, content: { kind: "kept" } }) as const,
  );
  const bundle = generation?.manifest.bundle;
  return { kind: "set", from, secrets, bundle, notes, confirm: () => Promise.resolve("same") };
}

/**
 * The plan without what is rendered, see `renderSet`.
 * @throws {PosternError} ConfigInvalid when the system does not know the owner
 */
export async function planSet(
  { owners }: Reach,
  group: GroupConfig,
  { fingerprints }: Survey,
  { secrets, bundle }: CollectedSet,
): Promise<StagePlan> {
  const access = { ...(await owners(group.owner)), mode: group.mode };
  return { group: group.name, access, fingerprints, bundle, secrets, rendered: [] };
}
