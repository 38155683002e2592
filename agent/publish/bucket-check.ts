/** Whether a bucket is fit to hold secrets, before one is put there. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Publisher } from "./publisher.ts";

/**
 * @throws {PosternError} BadData for a bucket that is public, unversioned or takes ACLs, with all its faults at once;
 * Denied to someone who may not look
 */
export async function checkBucket(publisher: Publisher): Promise<void> {
  const { bucket } = publisher;
  let found: Awaited<ReturnType<Publisher["facts"]>>;
  try {
    found = await publisher.facts();
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== "Denied") throw error;
    throw new PosternError("Denied", `cannot look at bucket ${quote(bucket)}: ${error.message}`, {
      cause: error,
      hint: `${error.hint ?? "the caller may not look at it"}; --no-bucket-check puts secrets there unseen`,
    });
  }
  const { versioned, blocksPublic, isPublic, hasAcls } = found;
  const faults = [
    ...(isPublic ? ["its policy lets anybody in: expected no public statement"] : []),
    ...(blocksPublic ? [] : ["expected all four settings of its public access block to be on"]),
    ...(versioned ? [] : ["expected versioning to be on: without it what is overwritten is gone"]),
    ...(hasAcls
      ? ["expected object ownership BucketOwnerEnforced: with ACLs others may own or read objects"]
      : []),
  ];
  if (faults.length === 0) return;
  throw new PosternError(
    "BadData",
    `bucket ${quote(bucket)} is not fit for secrets: ${faults[0]}`,
    {
      issues: faults.map((fault) => `bucket ${quote(bucket)}: ${fault}`),
      hint: "change the bucket, or add --no-bucket-check if it is meant to be so",
    },
  );
}
