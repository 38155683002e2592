/** The new set of a group that is one bundle. @module */
import { PosternError } from "../core/errors.ts";
import { quote, type S3Key } from "../core/names.ts";
import type { Opener } from "../decrypt/open.ts";
import { fetchBundle, judgeRevision, type Unpacked, unpackBundle } from "../source/bundle.ts";
import { type Collected, type CollectRequest, toldOf } from "./collected.ts";
import type { Place } from "./places.ts";

export interface BundleLayout {
  readonly key: S3Key;
  readonly minRevision: number;
}

/** As many as a prefix may list: a million empty files are no set of secrets. */
export const MAX_ENTRIES: number = 10_000;

/**
 * Gets, opens and unpacks the bundle unless it is the one that this host has.
 *
 * @throws {PosternError} BadData for a replayed or damaged bundle, or whatever source and decrypt fail with
 */
export async function collectBundle(
  request: CollectRequest,
  { key, minRevision }: BundleLayout,
  opener: Opener,
  place: Place,
): Promise<Collected> {
  const { group, known, highestRevision, signal } = request;
  const { s3, bucket, owner } = place;
  const replica = place.kind === "home" ? undefined : bucket;
  const found = await fetchBundle({
    s3,
    bucket,
    owner,
    key,
    // an ETag means nothing in another bucket
    knownEtag: known.bundle?.replica === replica ? known.bundle?.etag : undefined,
    maxBytes: group.maxObjectBytes,
    signal,
  });
  const { from, notes } = toldOf(place);
  if (found.kind === "unchanged") return { ...found, from, notes };
  const { etag, versionId, lastModified, body } = found;
  const { plaintext, revision } = await opener.bundle(key, body);
  let unpacked: Unpacked;
  try {
    refuseReplay({ revision, highestSeen: highestRevision, minRevision }, key);
    unpacked = await unpackBundle(plaintext, {
      limits: { maxBytes: group.maxGroupBytes, maxEntries: MAX_ENTRIES },
      onBadName: group.onBadName,
      rootBytes: request.rootBytes,
    });
    refuseEmpty(unpacked, request, key);
  } finally {
    plaintext.wipe();
  }
  return {
    kind: "set",
    from,
    secrets: unpacked.secrets.map(({ name, body: bytes }) => ({
      name,
      key,
      etag,
      versionId,
      lastModified,
      content: { kind: "fresh", bytes },
    })),
    bundle: { etag, revision, replica },
    notes: [
      ...notes,
      ...unpacked.skipped.map(({ key: name, why }) => `skipped ${quote(name)}: ${why}`),
    ],
    // one object, one state: there is nothing that could have moved
    confirm: () => Promise.resolve("same"),
  };
}

function refuseEmpty({ secrets }: Unpacked, { group }: CollectRequest, key: S3Key): void {
  if (secrets.length > 0 || group.allowEmpty) return;
  throw new PosternError("BadData", `bundle ${quote(key)} holds no secret`, {
    hint: "say allow_empty: true if it is meant",
  });
}

function refuseReplay(
  rule: {
    readonly revision: number;
    readonly highestSeen: number | undefined;
    readonly minRevision: number;
  },
  key: S3Key,
): void {
  const why = judgeRevision({ ...rule, acceptOlder: false });
  if (why === undefined) return;
  throw new PosternError("BadData", `bundle ${quote(key)} is older than allowed: ${why}`, {
    hint: "publish the wanted content as a newer revision",
  });
}
