/**
 * Which actions of S3 and KMS each publishing command takes, and the levels that a publisher is granted.
 *
 * One table for all who need it: docs/publishing.md shows it, the sandbox grants by it, and a test runs every command
 * with exactly these and with one less.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (If-Match takes GetObject)
 * @module
 */

export const LEVELS = ["write", "edit", "restore"] as const;

/**
 * - `write`: a CI job that rotates secrets which it cannot read.
 * - `edit`: who also reads, lists and removes.
 * - `restore`: who also sees the past.
 */
export type Level = (typeof LEVELS)[number];

/** "seal" is kms:Encrypt in mode kms, kms:GenerateDataKey in mode envelope, and nothing in mode none. */
export type Right =
  | "s3:GetObject"
  | "s3:GetObjectVersion"
  | "s3:PutObject"
  | "s3:DeleteObject"
  | "s3:ListBucket"
  | "s3:ListBucketVersions"
  | "kms:Decrypt"
  | "seal";

/** What a level adds to the one before it. */
const ADDS: Readonly<Record<Level, readonly Right[]>> = {
  write: ["s3:PutObject", "s3:GetObject", "seal"],
  edit: ["kms:Decrypt", "s3:ListBucket", "s3:DeleteObject"],
  restore: ["s3:GetObjectVersion", "s3:ListBucketVersions"],
};

export function rightsOfLevel(level: Level): readonly Right[] {
  return LEVELS.slice(0, LEVELS.indexOf(level) + 1).flatMap((one) => ADDS[one]);
}

/** How a group lies in S3. */
export type Layout = "prefix" | "bundle";

/** The commands that ask S3 as a publisher. */
export type PublishCommand =
  | "put"
  | "remove"
  | "list"
  | "publish"
  | "diff"
  | "history"
  | "restore"
  | "copy"
  | "reseal"
  | "export"
  | "import";

/** By command, with each layout's rights. */
export const COMMAND_RIGHTS: Readonly<
  Record<PublishCommand, Readonly<Record<Layout, readonly Right[]>>>
> = {
  put: {
    prefix: ["s3:PutObject", "s3:GetObject", "seal"],
    bundle: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt"],
  },
  remove: {
    prefix: ["s3:GetObject", "s3:DeleteObject"],
    bundle: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt"],
  },
  list: {
    prefix: ["s3:GetObject", "s3:ListBucket"],
    bundle: ["s3:GetObject", "kms:Decrypt"],
  },
  publish: {
    prefix: [
      "s3:PutObject",
      "s3:GetObject",
      "seal",
      "kms:Decrypt",
      "s3:ListBucket",
      "s3:DeleteObject",
    ],
    bundle: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt"],
  },
  diff: {
    prefix: ["s3:GetObject", "kms:Decrypt", "s3:ListBucket"],
    bundle: ["s3:GetObject", "kms:Decrypt"],
  },
  history: {
    prefix: ["s3:ListBucketVersions"],
    bundle: ["s3:GetObjectVersion", "s3:ListBucketVersions"],
  },
  restore: {
    prefix: [
      "s3:PutObject",
      "s3:GetObject",
      "seal",
      "kms:Decrypt",
      "s3:ListBucket",
      "s3:DeleteObject",
      "s3:GetObjectVersion",
      "s3:ListBucketVersions",
    ],
    bundle: [
      "s3:PutObject",
      "s3:GetObject",
      "seal",
      "kms:Decrypt",
      "s3:GetObjectVersion",
      "s3:ListBucketVersions",
    ],
  },
  copy: {
    prefix: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt"],
    bundle: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt"],
  },
  reseal: {
    prefix: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt", "s3:ListBucket"],
    bundle: ["s3:PutObject", "s3:GetObject", "seal", "kms:Decrypt"],
  },
  export: {
    prefix: ["s3:GetObject", "s3:ListBucket"],
    bundle: ["s3:GetObject"],
  },
  import: {
    prefix: ["s3:PutObject", "s3:GetObject", "kms:Decrypt"],
    bundle: ["s3:PutObject", "s3:GetObject", "kms:Decrypt"],
  },
};

/** The lowest level that has all rights of the command. */
export function levelOf(command: PublishCommand, layout: Layout): Level {
  const needed = COMMAND_RIGHTS[command][layout];
  const level = LEVELS.find((one) => {
    const granted = rightsOfLevel(one);
    return needed.every((right) => granted.includes(right));
  });
  return level ?? "restore";
}

/** What looking at the bucket before a write takes, all on the bucket; --no-bucket-check does without. */
export const BUCKET_CHECK_RIGHTS: readonly string[] = [
  "s3:GetBucketVersioning",
  "s3:GetBucketPublicAccessBlock",
  "s3:GetBucketPolicyStatus",
  "s3:GetBucketOwnershipControls",
];

/** What auditors may do: see how a bucket and a key are protected. */
export const AUDIT_RIGHTS: Readonly<Record<"bucket" | "key", readonly string[]>> = {
  bucket: [...BUCKET_CHECK_RIGHTS, "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"],
  key: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants"],
};

/** IAM's own name of a right, for objects sealed by `mode`; undefined for none. */
export function actionOf(right: Right, mode: "none" | "kms" | "envelope"): string | undefined {
  if (right === "seal")
    return { none: undefined, kms: "kms:Encrypt", envelope: "kms:GenerateDataKey" }[mode];
  return right === "kms:Decrypt" && mode === "none" ? undefined : right;
}
