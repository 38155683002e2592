/** What a group holds, without any value. @module */
import { PosternError } from "../core/errors.ts";
import type { SecretName } from "../core/names.ts";
import { readBundle, wipeBundle } from "./bundle.ts";
import { type Group, keyOf } from "./group.ts";
import { listEntries, look } from "./objects.ts";

export interface ListedSecret {
  readonly name: SecretName;
  /** In bytes: of the value in a bundle, of the object otherwise. */
  readonly size: number;
  /** Epoch milliseconds: of the whole bundle, or of the object. */
  readonly lastModified: number;
  readonly versionId: string | undefined;
}

export interface GroupListing {
  /** Sorted by name. */
  readonly secrets: readonly ListedSecret[];
  /** Of a bundle. */
  readonly revision: number | undefined;
  /** Keys that hosts refuse, as they came. */
  readonly refused: readonly { readonly key: string; readonly why: string }[];
}

/** @throws {PosternError} NotFound for a bundle that is not there; Denied */
export async function listGroup(group: Group): Promise<GroupListing> {
  const { layout, name } = group.config;
  switch (layout.kind) {
    case "bundle": {
      const bundle = await readBundle(group);
      if (bundle === undefined)
        throw new PosternError("NotFound", `group "${name}" has no bundle yet`, {
          hint: `postern publish DIR ${name} makes one`,
        });
      const { lastModified, versionId, revision } = bundle;
      const secrets = [...bundle.secrets].map(([secret, bytes]) => ({
        name: secret,
        size: bytes.length,
        lastModified,
        versionId,
      }));
      wipeBundle(bundle);
      return { secrets: secrets.sort(byName), revision, refused: [] };
    }
    case "only": {
      const found = await Promise.all(layout.names.map((secret) => describe(group, secret)));
      const secrets = found.filter((secret) => secret !== undefined);
      return { secrets: [...secrets].sort(byName), revision: undefined, refused: [] };
    }
    case "prefix": {
      const { entries, refused } = await listEntries(group, layout.prefix);
      // a listing does not say the versions
      const found = await Promise.all(entries.map((entry) => describe(group, entry.name)));
      const secrets = found.filter((secret) => secret !== undefined);
      return { secrets, revision: undefined, refused };
    }
    default:
      return layout satisfies never;
  }
}

async function describe(group: Group, name: SecretName): Promise<ListedSecret | undefined> {
  const found = await look(group, keyOf(group, name));
  if (found.kind === "unknown") throw found.error;
  return found.kind === "missing" ? undefined : { name, ...found.head };
}

function byName(one: ListedSecret, other: ListedSecret): number {
  return one.name < other.name ? -1 : 1;
}
