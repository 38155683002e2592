/**
 * A group brought back to what it was: nothing is undone, the old content is published anew.
 *
 * A bundle's old content becomes the next revision, since hosts refuse to go back. Either is sealed anew, under the key
 * of now: the one of then may be on its way out.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { SecretName } from "../core/names.ts";
import { valuesOf } from "./amend.ts";
import { readBundle, wipeBundle } from "./bundle.ts";
import type { Group } from "./group.ts";
import { bundleVersions, objectVersions, revisionAt } from "./history.ts";
import { readValue } from "./objects.ts";

/** Which past: `at` in epoch milliseconds. */
export type Past =
  | { readonly by: "revision"; readonly revision: number }
  | { readonly by: "time"; readonly at: number };

/** What was, opened: the set to publish. */
export interface Restored {
  readonly values: ReadonlyMap<SecretName, Buffer>;
  /** Epoch milliseconds of the state that is brought back; undefined for objects of several. */
  readonly from: number | undefined;
  /** Of a bundle. */
  readonly revision: number | undefined;
  /** Zeroes every value. */
  wipe(): void;
}

/**
 * @throws {PosternError} Usage for a revision of a group of objects, NotFound when there is no such past, Denied
 */
export async function readPast(group: Group, past: Past): Promise<Restored> {
  return group.config.layout.kind === "bundle" ? pastBundle(group, past) : pastObjects(group, past);
}

async function pastBundle(group: Group, past: Past): Promise<Restored> {
  const versions = await bundleVersions(group);
  let wanted: (typeof versions)[number] | undefined;
  if (past.by === "time") wanted = versions.find(({ lastModified }) => lastModified <= past.at);
  else
    for (const version of versions) {
      if (version.object === undefined) continue;
      if ((await revisionAt(group, version.versionId)) !== past.revision) continue;
      wanted = version;
      break;
    }
  if (wanted?.object === undefined) throw noPast(group, past);
  const bundle = await readBundle(group, wanted.versionId);
  // what was only claimed so far is proved by now
  if (bundle === undefined || (past.by === "revision" && bundle.revision !== past.revision)) {
    wipeBundle(bundle);
    throw noPast(group, past);
  }
  return {
    values: valuesOf(bundle),
    from: bundle.lastModified,
    revision: bundle.revision,
    wipe: () => wipeBundle(bundle),
  };
}

async function pastObjects(group: Group, past: Past): Promise<Restored> {
  if (past.by === "revision")
    throw new PosternError(
      "Usage",
      `group "${group.config.name}" has no revisions: it is no bundle`,
      {
        hint: "use --at TIME, with a time of postern history",
      },
    );
  const versions = await objectVersions(group);
  const states = [...versions].flatMap(([name, all]) => {
    const state = all.find(({ lastModified }) => lastModified <= past.at);
    return state?.object === undefined ? [] : [{ name, versionId: state.versionId }];
  });
  if (states.length === 0) throw noPast(group, past);
  const read = await Promise.all(
    states.map(async ({ name, versionId }) => ({
      name,
      found: await readValue(group, name, versionId),
    })),
  );
  const values = new Map<SecretName, Buffer>();
  for (const { name, found } of read) if (found) values.set(name, found.bytes.expose());
  return {
    values,
    from: undefined,
    revision: undefined,
    wipe: () => {
      for (const { found } of read) found?.bytes.wipe();
    },
  };
}

function noPast(group: Group, past: Past): PosternError {
  const { name } = group.config;
  const what =
    past.by === "revision"
      ? `has no revision ${past.revision} among the versions that the bucket keeps`
      : `held nothing at ${new Date(past.at).toISOString()}`;
  return new PosternError("NotFound", `group "${name}" ${what}`, {
    hint: `postern history ${name} shows what there is`,
  });
}
