/** A group that is a prefix: one LIST, then a GET for each object that changed. @module */
import { isMissingKey } from "../aws/failure.ts";
import type { S3 } from "../aws/s3.ts";
import type { ListedObject } from "../aws/s3-list.ts";
import { PosternError } from "../core/errors.ts";
import {
  type AccountId,
  type BucketName,
  judgeNames,
  keyIn,
  quote,
  type Refusal,
  type S3Prefix,
  type SecretName,
} from "../core/names.ts";
import type { FetchedObject, FetchOutcome, KnownSecret } from "./fetched.ts";
import { gather } from "./gather.ts";
import { type Listing, listAll, sameListing } from "./listing.ts";
import { unsettledMs } from "./settle.ts";

export interface PrefixRequest {
  readonly s3: S3;
  readonly bucket: BucketName;
  readonly owner: AccountId;
  readonly prefix: S3Prefix;
  /** What the newest generation on this host was made from; undefined before the first. */
  readonly known: ReadonlyMap<SecretName, KnownSecret> | undefined;
  /** Largest object, as it lies in S3. */
  readonly maxObjectBytes: number;
  /** All of the set's objects together, as they lie in S3. */
  readonly maxGroupBytes: number;
  readonly settleMs: number;
  readonly onBadName: "refuse" | "skip";
  readonly allowEmpty: boolean;
  /** Length in bytes of the path that the names will be joined to on this host. */
  readonly rootBytes: number;
  /** Epoch milliseconds of this host, used when S3 does not say its own. */
  readonly now: () => number;
  /** The pass's deadline. */
  readonly signal?: AbortSignal | undefined;
}

/** A listed object whose key is a secret's name. */
interface Entry extends ListedObject {
  readonly name: SecretName;
}

/**
 * What became of the group since `known`:
 *
 * 1. list the whole prefix;
 * 2. judge the names: one that cannot be a file refuses the set, or is skipped;
 * 3. refuse a set that is empty, or too large, before a byte of it is read;
 * 4. compare the ETags with the known ones: nothing changed, nothing to do;
 * 5. wait if a change is younger than `settleMs`;
 * 6. get the changed objects, each only if it still is what was listed;
 * 7. leave the second look to the caller, who stages meanwhile.
 *
 * @throws {PosternError} BadName, TooLarge, BadData, or whatever S3 failed with
 */
export async function fetchPrefix(request: PrefixRequest): Promise<FetchOutcome> {
  const { known, settleMs, signal } = request;
  // (1)
  const listing = await listAll(request);
  // (2)
  const { entries, skipped, ignored } = judge(listing, request);
  // (3)
  refuseEmpty(entries, request);
  refuseLarge(entries, request);
  // (4)
  const changed = entries.filter(({ name, etag }) => known?.get(name)?.etag !== etag);
  const names = new Set(entries.map(({ name }) => name));
  const removed = [...(known?.keys() ?? [])].filter((name) => !names.has(name)).sort();
  if (known !== undefined && changed.length === 0 && removed.length === 0)
    return { kind: "unchanged" };
  // (5)
  const untilMs = unsettledMs(
    changed.map(({ lastModified }) => lastModified),
    listing.serverTime ?? request.now(),
    settleMs,
  );
  if (untilMs > 0) return { kind: "waiting", why: "settling", untilMs };
  const stale = new Set(changed);
  // (6)
  const objects = await gather(
    entries,
    async (entry, stop) =>
      stale.has(entry) ? getEntry(entry, request, stop) : kept(entry, request),
    signal,
  );
  if (objects === "moved") return { kind: "waiting", why: "moved" };
  // (7)
  const confirm = async (): Promise<"same" | "moved"> =>
    sameListing(listing, await listAll(request)) ? "same" : "moved";
  return { kind: "fetched", objects, removed, skipped, ignored, confirm };
}

function judge(
  listing: Listing,
  { prefix, onBadName, rootBytes }: PrefixRequest,
): {
  readonly entries: readonly Entry[];
  readonly skipped: readonly Refusal[];
  readonly ignored: readonly string[];
} {
  const named = listing.objects.map((entry) => ({ name: entry.key.slice(prefix.length), entry }));
  const { accepted, refused, ignored } = judgeNames(named, rootBytes);
  if (refused.length > 0 && onBadName === "refuse") throw badNames(refused, prefix);
  const entries = accepted.map(({ name, entry }) => ({ ...entry, name })).sort(byName);
  return { entries, skipped: refused, ignored };
}

function badNames(refused: readonly Refusal[], prefix: S3Prefix): PosternError {
  const issues = refused.map(({ key, why }) => `invalid secret name ${quote(key)}: ${why}`);
  return new PosternError(
    "BadName",
    `${issues.length} of the names below ${quote(prefix)} cannot be stored: ${issues[0]}`,
    { issues, hint: "rename the objects, or say on_bad_name: skip to leave them out" },
  );
}

function refuseEmpty(
  entries: readonly Entry[],
  { prefix, known, allowEmpty }: PrefixRequest,
): void {
  const before = known?.size;
  if (entries.length > 0 || allowEmpty || before === 0) return;
  const expected =
    before === undefined ? "at least one" : `some of the ${before} that were there before`;
  throw new PosternError("BadData", `no secret below ${quote(prefix)}: expected ${expected}`, {
    hint: "check prefix and bucket, or say allow_empty: true if it is meant",
  });
}

function refuseLarge(entries: readonly Entry[], request: PrefixRequest): void {
  const { prefix, maxObjectBytes, maxGroupBytes } = request;
  const large = entries.filter(({ size }) => size > maxObjectBytes);
  const first = large[0];
  if (first !== undefined) {
    const issues = large.map(
      ({ key, size }) => `${quote(key)}: expected at most ${maxObjectBytes} bytes, got ${size}`,
    );
    throw new PosternError("TooLarge", `too large: ${issues[0]}`, {
      issues,
      hint: "raise max_size if it is meant to be this large",
    });
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  if (total > maxGroupBytes)
    throw new PosternError(
      "TooLarge",
      `${quote(prefix)} is too large: expected at most ${maxGroupBytes} bytes together, got ${total}`,
      { hint: "raise max_group_size if it is meant to be this large" },
    );
}

async function getEntry(
  entry: Entry,
  { s3, bucket, owner, prefix, maxObjectBytes }: PrefixRequest,
  signal: AbortSignal,
): Promise<FetchedObject | "moved"> {
  const key = keyIn(prefix, entry.name);
  try {
    const answer = await s3.get({
      bucket,
      owner,
      key,
      ifMatch: entry.etag,
      maxBytes: maxObjectBytes,
      signal,
    });
    if (answer.kind !== "object") return "moved";
    const { body, etag, versionId, lastModified } = answer;
    return { name: entry.name, key, etag, versionId, lastModified, body };
  } catch (error) {
    // deleted since the listing
    if (error instanceof PosternError && isMissingKey(error)) return "moved";
    throw error;
  }
}

function kept(entry: Entry, { prefix }: PrefixRequest): FetchedObject {
  const { name, etag, lastModified } = entry;
  const key = keyIn(prefix, name);
  return { name, key, etag, versionId: undefined, lastModified, body: undefined };
}

function byName(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : 1;
}
