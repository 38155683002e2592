/** A group that is a prefix: one LIST, then a GET for each object that changed. @module */
import type { S3 } from "../aws/s3.ts";
import type { AccountId, BucketName, S3Prefix, SecretName } from "../core/names.ts";
import type { KnownSecret } from "./fetched.ts";

export interface PrefixRequest {
  readonly s3: S3;
  readonly bucket: BucketName;
  readonly owner: AccountId;
  readonly prefix: S3Prefix;
  /** What the newest generation on this host was made from; empty before the first. */
  readonly known: ReadonlyMap<SecretName, KnownSecret>;
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
