/**
 * A page of a listing: which rows it holds, and where the next one begins.
 * @see AWS "Organizing objects using prefixes", "Listing object keys programmatically"
 * @module
 */
import { compareKeys, type Bucket, type Version } from "./objects.ts";

export interface PageRequest {
  readonly prefix: string;
  /** Empty when keys are not to be rolled up. */
  readonly delimiter: string;
  readonly maxKeys: number;
}

/** A page's row: a key's version, or a prefix that stands for all keys below it. */
export type Row =
  | { readonly kind: "version"; readonly version: Version; readonly latest: boolean }
  | { readonly kind: "prefix"; readonly prefix: string };

export interface Page {
  readonly rows: readonly Row[];
  readonly truncated: boolean;
}

/** Where a page begins. */
export interface PageStart {
  /** After this key, or this rolled-up prefix; empty for the beginning. */
  readonly key: string;
  /** Which versions of the key an earlier page has given; default all. */
  readonly hasGiven?: (version: Version) => boolean;
  /** A prefix that holds `key` is to be given all the same: an earlier page has not given it. */
  readonly fresh?: boolean;
}

/** The objects that a plain listing shows: what is deleted is left out. */
export function* currentRows(bucket: Bucket): Generator<Row> {
  for (const key of bucket.keys()) {
    const version = bucket.current(key);
    if (version?.kind === "object") yield { kind: "version", version, latest: true };
  }
}

/** Every version of every key, newest first. */
export function* versionRows(bucket: Bucket): Generator<Row> {
  for (const key of bucket.keys())
    for (const [at, version] of bucket.versions(key).entries())
      yield { kind: "version", version, latest: at === 0 };
}

/** The rows after `start`, keys below a delimiter rolled up. */
export function pageOf(rows: Iterable<Row>, request: PageRequest, start: PageStart): Page {
  const { prefix, delimiter, maxKeys } = request;
  const { key: marker, hasGiven = () => true, fresh = false } = start;
  const kept: Row[] = [];
  const isGiven = (group: string): boolean => !fresh && marker.startsWith(group);
  let rolledUp: string | undefined;
  for (const row of rows) {
    if (row.kind !== "version") continue;
    const { key } = row.version;
    if (!key.startsWith(prefix)) continue;
    if (key === marker ? hasGiven(row.version) : compareKeys(key, marker) < 0) continue;
    const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const group = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    if (group !== undefined && (group === rolledUp || isGiven(group))) continue;
    if (kept.length === maxKeys) return { rows: kept, truncated: maxKeys > 0 };
    kept.push(group === undefined ? row : { kind: "prefix", prefix: group });
    rolledUp = group;
  }
  return { rows: kept, truncated: false };
}

/** The key, or the rolled-up prefix. */
export function nameOf(row: Row): string {
  return row.kind === "prefix" ? row.prefix : row.version.key;
}

/** A continuation token: opaque to clients, who hand it back as they got it. */
export function encodeToken(name: string): string {
  return Buffer.from(`1 ${name}`).toString("base64");
}

/** The name in a token, or undefined when it is none of ours. */
export function parseToken(token: string): string | undefined {
  const text = Buffer.from(token, "base64").toString("utf8");
  return text.startsWith("1 ") ? text.slice(2) : undefined;
}
