/** Secrets removed: as a delete marker over each object, or as the bundle's next revision. @module */
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import { amendBundle } from "./amend.ts";
import { type Group, keyOf } from "./group.ts";
import { look, removeObject } from "./objects.ts";

export interface Removed {
  readonly name: SecretName;
  /** Of the delete marker, or of the bundle without it. */
  readonly versionId: string | undefined;
  readonly revision: number | undefined;
}

/**
 * Removes all of them or, of a bundle, none. Of objects, those before the first failure are gone, one after another.
 * @param onRemoved told of each
 * @throws {PosternError} NotFound for one that is not there, Conflict for one that changed since it was looked at
 */
export async function removeSecrets(
  group: Group,
  names: readonly SecretName[],
  onRemoved: (removed: Removed) => void,
): Promise<void> {
  if (group.config.layout.kind === "bundle") {
    const { versionId, revision } = await amendBundle(group, names, {
      mayCreate: false,
      change: (secrets) => {
        const missing = names.find((name) => !secrets.has(name));
        if (missing !== undefined) throw noSuch(group, missing);
        return new Map([...secrets].filter(([name]) => !names.includes(name)));
      },
    });
    for (const name of names) onRemoved({ name, versionId, revision });
    return;
  }
  for (const name of names) {
    const found = await look(group, keyOf(group, name));
    if (found.kind === "unknown") throw found.error;
    if (found.kind === "missing") throw noSuch(group, name);
    const versionId = await removeObject(group, name, found.head);
    onRemoved({ name, versionId, revision: undefined });
  }
}

function noSuch({ config }: Group, name: SecretName): PosternError {
  return new PosternError("NotFound", `no such secret ${quote(`${config.name}/${name}`)}`, {
    hint: `postern list ${config.name} shows the names`,
  });
}
