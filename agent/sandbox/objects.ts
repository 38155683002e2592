/**
 * Buckets of versioned objects, in memory.
 * @see AWS "How S3 Versioning works", "Naming Amazon S3 objects" (keys are ordered by their UTF-8 bytes)
 * @module
 */
import { createHash } from "node:crypto";
import { NEW_BUCKET, type BucketSettings } from "./bucket-settings.ts";
import type { Checksum } from "./checksums.ts";
import type { Chance, Clock } from "../core/clock.ts";

export type Versioning = "Unversioned" | "Enabled" | "Suspended";

export type Encryption =
  | { readonly kind: "AES256" }
  | {
      readonly kind: "aws:kms";
      readonly keyArn: string;
      /** The encryption context names the bucket, not the object. */
      readonly bucketKey: boolean;
    };

/** What a writer says of an object. */
export interface NewObject {
  readonly key: string;
  readonly body: Buffer;
  readonly checksum: Checksum;
  readonly encryption: Encryption;
  /** content-type, cache-control and so on, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata, by lower-case name without "x-amz-meta-". */
  readonly metadata: Readonly<Record<string, string>>;
  /** ETag without quotes, where it is not for `put` to make: of a multipart upload. */
  readonly etag?: string;
}

export interface StoredObject extends NewObject {
  readonly kind: "object";
  /** "null" when it was written without versioning. */
  readonly versionId: string;
  /** Epoch milliseconds, whole seconds. */
  readonly lastModified: number;
  /** With quotes. The MD5 of the body only when S3's own keys encrypt it. */
  readonly etag: string;
}

export interface DeleteMarker {
  readonly kind: "delete-marker";
  readonly key: string;
  readonly versionId: string;
  readonly lastModified: number;
}

export type Version = StoredObject | DeleteMarker;

export interface Bucket {
  readonly name: string;
  readonly region: string;
  /** Account id. */
  readonly owner: string;
  readonly createdAt: number;
  versioning(): Versioning;
  setVersioning(versioning: Versioning): void;
  settings(): BucketSettings;
  /** Changes the settings that are named, past policies and S3's rules; undefined deletes one. */
  configure(settings: Partial<BucketSettings>): void;
  put(object: NewObject): StoredObject;
  /** Removes the key, or hides it under a marker, as versioning has it. */
  remove(key: string): DeleteMarker | undefined;
  /** Removes one version for good. */
  removeVersion(key: string, versionId: string): Version | undefined;
  current(key: string): Version | undefined;
  /** Newest first. */
  versions(key: string): readonly Version[];
  /** Of two versions the newer one's is greater; known of removed ones as well, undefined of others. */
  ageRank(key: string, versionId: string): number | undefined;
  /** Every key that has a version, in S3's order. */
  keys(): readonly string[];
}

export interface Buckets {
  create(name: string, options?: Partial<Pick<Bucket, "region" | "owner">>): Bucket;
  get(name: string): Bucket | undefined;
  delete(name: string): void;
  /** In the order of their creation. */
  names(): readonly string[];
  /** By name. */
  all(): readonly Bucket[];
}

export interface BucketsOptions {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly chance: Chance;
}

export function createBuckets(options: BucketsOptions): Buckets {
  const buckets = new Map<string, Bucket>();
  return {
    create(name, { region = options.region, owner = options.account } = {}) {
      const bucket = createBucket({ name, region, owner }, options);
      buckets.set(name, bucket);
      return bucket;
    },
    get: (name) => buckets.get(name),
    names: () => [...buckets.keys()],
    delete: (name) => {
      buckets.delete(name);
    },
    all: () => [...buckets.values()].sort((a, b) => compareKeys(a.name, b.name)),
  };
}

/** An ETag without quotes: the MD5 of the body, unless a KMS key encrypts it. */
export function etagOf(body: Buffer, encryption: Encryption, chance: Chance): string {
  return encryption.kind === "AES256"
    ? createHash("md5").update(body).digest("hex")
    : chance.bytes(16).toString("hex");
}

/** A version's or an upload's id. Never starts with "-": command lines would take it for a flag. */
export function opaqueId(bytes: number, chance: Chance): string {
  return chance.bytes(bytes).toString("base64url").replaceAll("-", ".");
}

/** The order in which S3 lists keys: by UTF-8 bytes, which UTF-16 order is not beyond the first plane. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function createBucket(
  place: Pick<Bucket, "name" | "region" | "owner">,
  { clock, chance }: BucketsOptions,
): Bucket {
  const history = createHistory();
  let versioning: Versioning = "Unversioned";
  let settings = NEW_BUCKET;
  const now = (): number => Math.floor(clock.now() / 1000) * 1000;
  const newId = (): string => (versioning === "Enabled" ? opaqueId(24, chance) : "null");
  return {
    ...place,
    createdAt: now(),
    versioning: () => versioning,
    setVersioning(next) {
      versioning = next;
    },
    settings: () => settings,
    configure(changed) {
      settings = { ...settings, ...changed };
    },
    put(object) {
      const etag = `"${object.etag ?? etagOf(object.body, object.encryption, chance)}"`;
      const stamp = { versionId: newId(), lastModified: now() };
      const stored: StoredObject = { ...object, ...stamp, kind: "object", etag };
      history.add(stored);
      return stored;
    },
    remove(key) {
      if (versioning === "Unversioned") {
        history.drop(key, "null");
        return undefined;
      }
      const stamp = { versionId: newId(), lastModified: now() };
      const marker: DeleteMarker = { kind: "delete-marker", key, ...stamp };
      history.add(marker);
      return marker;
    },
    removeVersion: (key, versionId) => history.drop(key, versionId),
    current: (key) => history.of(key)[0],
    versions: (key) => history.of(key),
    ageRank: (key, versionId) => history.ageRank(key, versionId),
    keys: () => history.keys(),
  };
}

interface History {
  add(version: Version): void;
  drop(key: string, versionId: string): Version | undefined;
  of(key: string): readonly Version[];
  ageRank(key: string, versionId: string): number | undefined;
  keys(): readonly string[];
}

function createHistory(): History {
  const versionsOf = new Map<string, readonly Version[]>();
  const ranks = new Map<string, number>();
  let added = 0;
  let sorted: readonly string[] | undefined;
  const without = (key: string, versionId: string): readonly Version[] =>
    versionsOf.get(key)?.filter((version) => version.versionId !== versionId) ?? [];
  return {
    add(version) {
      const { key, versionId } = version;
      ranks.set(`${versionId} ${key}`, (added += 1));
      if (!versionsOf.has(key)) sorted = undefined;
      // the version "null" exists at most once
      versionsOf.set(key, [version, ...without(key, versionId)]);
    },
    drop(key, versionId) {
      const dropped = versionsOf.get(key)?.find((version) => version.versionId === versionId);
      const rest = without(key, versionId);
      if (rest.length > 0) versionsOf.set(key, rest);
      else if (versionsOf.delete(key)) sorted = undefined;
      return dropped;
    },
    of: (key) => versionsOf.get(key) ?? [],
    ageRank: (key, versionId) => ranks.get(`${versionId} ${key}`),
    keys() {
      sorted ??= [...versionsOf.keys()]
        .map((key) => ({ key, bytes: Buffer.from(key) }))
        .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
        .map(({ key }) => key);
      return sorted;
    },
  };
}
