/** What clients ask of an object beside its bytes, and this sandbox has none of. @module */
import { replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { findObject } from "./s3-get.ts";
import { ownerElement } from "./s3-list.ts";

/** Nothing here has tags: clients ask when they copy. */
export function getObjectTagging(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  const found = findObject(call, key, query.get("versionId"), "Tagging");
  return found.kind === "refused" ? found : replyXml(["Tagging", [["TagSet", ""]]]);
}

/** ACLs are off, as in every bucket made since 2023: the owner alone has grants. */
export function getObjectAcl(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  const found = findObject(call, key, query.get("versionId"), "Acl");
  if (found.kind === "refused") return found;
  return replyXml([
    "AccessControlPolicy",
    [ownerElement(call.bucket.owner), ["AccessControlList", ""]],
  ]);
}
