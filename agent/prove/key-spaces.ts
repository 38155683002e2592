/**
 * Keys of objects that stand for all, for each bucket that groups lie in: what is a group's there is nobody's in another.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import { mapsByBucket } from "../map/buckets.ts";
import type { Deployment } from "../policy/deployment.ts";
import { documentWordsOf } from "./document-words.ts";
import { keySpaceOf } from "./object-keys.ts";
import type { Obligation } from "./obligation.ts";

export interface KeySpaces {
  /** The keys that an obligation is asked of; "" for one that is about none. */
  readonly keysOf: (obligation: Pick<Obligation, "bucket" | "objects">) => readonly string[];
  /** Why some may be missing. */
  readonly gaps: readonly string[];
}

export function keySpacesOf(map: AccessMap, deployment: Deployment): KeySpaces {
  const read = mapsByBucket(map).map((one) => {
    const words = documentWordsOf(one, deployment);
    return { bucket: one.home.bucket, words, space: keySpaceOf(one, words.keyPatterns) };
  });
  const spaces = new Map(read.map(({ bucket, space }) => [bucket, space]));
  return {
    keysOf: ({ bucket = map.home.bucket, objects }) =>
      objects === undefined ? [""] : (spaces.get(bucket)?.keysOf(objects) ?? []),
    gaps: unique(
      read.flatMap(({ words, space: { gap } }) => [
        ...words.gaps,
        ...(gap === undefined ? [] : [gap]),
      ]),
    ),
  };
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
