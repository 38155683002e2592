/**
 * A group that is one object: a conditional GET, the rule against replays, and what is inside.
 *
 * One PUT publishes the whole set, so nothing has to settle and nothing has to be confirmed.
 * @module
 */
import type { S3 } from "../aws/s3.ts";
import { PosternError } from "../core/errors.ts";
import {
  type AccountId,
  type BucketName,
  judgeNames,
  quote,
  type Refusal,
  type S3Key,
  type SecretName,
} from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { type TarLimits, unpackTar } from "./tar.ts";

export interface BundleRequest {
  readonly s3: Pick<S3, "get">;
  readonly bucket: BucketName;
  readonly owner: AccountId;
  readonly key: S3Key;
  /** What the newest generation on this host was made from, with its quotes; undefined before the first. */
  readonly knownEtag: string | undefined;
  /** Of the object, as it lies in S3. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export type BundleOutcome =
  | { readonly kind: "unchanged" }
  | {
      readonly kind: "fetched";
      /** Still sealed. The caller wipes it. */
      readonly body: SecretBytes;
      readonly etag: string;
      readonly versionId: string | undefined;
      /** Epoch milliseconds. */
      readonly lastModified: number;
    };

/**
 * The bundle, if it is another than the known one.
 * @throws {PosternError} TooLarge above `maxBytes`, or S3's failure; whether a missing bundle is a revocation
 * is the caller's to judge
 */
export async function fetchBundle(request: BundleRequest): Promise<BundleOutcome> {
  const { s3, bucket, owner, key, knownEtag, maxBytes, signal } = request;
  const answer = await s3.get({ bucket, owner, key, ifNoneMatch: knownEtag, maxBytes, signal });
  switch (answer.kind) {
    case "unchanged":
      return { kind: "unchanged" };
    case "changed":
      throw new PosternError("Internal", `${quote(key)}: 412 without If-Match`);
    case "object": {
      const { body, etag, versionId, lastModified } = answer;
      return { kind: "fetched", body, etag, versionId, lastModified };
    }
    default:
      return answer satisfies never;
  }
}

export interface RevisionRule {
  /** Authenticated: from the opened message. */
  readonly revision: number;
  /** On this host, for this group; undefined when it has seen none yet (trust on first use). */
  readonly highestSeen: number | undefined;
  /** The config's floor. */
  readonly minRevision: number;
  /** The operator asked for older content once: lifts what was seen, not the config's floor. */
  readonly acceptOlder: boolean;
}

/**
 * Why a bundle's revision is refused, or undefined.
 *
 * The same revision again is accepted, whatever its ETag: a replica, a re-encryption under another key and a
 * second upload change the ETag but not the content, and two contents under one number can only come from the
 * publisher, who may publish either anyway.
 */
export function judgeRevision(rule: RevisionRule): string | undefined {
  const { revision, highestSeen = 0, minRevision, acceptOlder } = rule;
  if (revision < minRevision) return `expected revision ${minRevision} or newer, got ${revision}`;
  return revision < highestSeen && !acceptOlder
    ? `expected revision ${highestSeen}, which this host has seen, or newer, got ${revision}`
    : undefined;
}

export interface UnpackRule {
  readonly limits: TarLimits;
  readonly onBadName: "refuse" | "skip";
  /** Length in bytes of the path that the names will be joined to on this host. */
  readonly rootBytes?: number;
}

export interface Unpacked {
  /** In the archive's order. The caller wipes the bodies. */
  readonly secrets: readonly { readonly name: SecretName; readonly body: SecretBytes }[];
  /** Names that `skip` left out. */
  readonly skipped: readonly Refusal[];
}

/**
 * The secrets inside an opened bundle, each under a name that can be a file.
 *
 * @param plaintext stays the caller's
 * @throws {PosternError} BadData or TooLarge from the archive, BadName for the names unless they are skipped
 */
export async function unpackBundle(plaintext: SecretBytes, rule: UnpackRule): Promise<Unpacked> {
  const members = await unpackTar(plaintext, rule.limits);
  const entries = members.map(({ name, bytes }) => ({ name, entry: bytes }));
  const { accepted, refused, ignored } = judgeNames(entries, rule.rootBytes);
  const names = [...refused, ...ignored.map((key) => ({ key, why: "expected a file's name" }))];
  const left = new Set(names.map(({ key }) => key));
  const refuse = names.length > 0 && rule.onBadName === "refuse";
  for (const { name, bytes } of members) if (refuse || left.has(name)) bytes.wipe();
  if (refuse) throw badNames(names);
  return { secrets: accepted.map(({ name, entry }) => ({ name, body: entry })), skipped: names };
}

function badNames(refused: readonly Refusal[]): PosternError {
  const issues = refused.map(({ key, why }) => `invalid secret name ${quote(key)}: ${why}`);
  return new PosternError(
    "BadName",
    `${issues.length} of the names in the bundle cannot be stored: ${issues[0]}`,
    { issues, hint: "rename them, or say on_bad_name: skip to leave them out" },
  );
}
