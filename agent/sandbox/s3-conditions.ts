/**
 * Conditions on writes and deletes: what the key must hold for the request to go ahead.
 *
 * They are judged at the moment of writing, with nothing between, so that of two writers one is told: 412
 * when another object is there, 404 when none is. S3 has a third answer, 409, for what it cannot tell in
 * time; here only the fault `conflict` gives it.
 * @see AWS "Conditional requests", "How to perform conditional deletes", "Enforce conditional writes"
 * @module
 */
import { arnOf, authorise, type BucketCall } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import { namesEtag } from "./s3-get.ts";
import { headerOf } from "./service.ts";

/**
 * If-None-Match: * asks that the key be free, If-Match that it hold a certain object; who asks the latter
 * needs the right to read. Nothing else is a condition on a write.
 * @returns undefined when the write may go ahead
 */
export function judgeWriteConditions(call: BucketCall, key: string): S3Refusal | undefined {
  const [ifMatch, ifNoneMatch] = ["if-match", "if-none-match"].map((name) =>
    headerOf(call.request, name),
  );
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  const header = ifNoneMatch === undefined ? "If-Match" : "If-None-Match";
  const both = ifMatch !== undefined && ifNoneMatch !== undefined;
  if (both || ifMatch === "*" || (ifNoneMatch !== undefined && ifNoneMatch !== "*"))
    return unserved(header);
  if (ifMatch !== undefined) return judgeIfMatch(call, key, ifMatch);
  return call.bucket.current(key)?.kind === "object" ? unmet(header) : conflict(call, key, header);
}

/**
 * If-Match asks a delete that the key hold a certain object, or with "*" any: a delete marker is none. To
 * compare an ETag takes the right to read; "*" tells no more than the delete itself.
 * @returns undefined when the delete may go ahead
 */
export function judgeDeleteCondition(
  call: BucketCall,
  key: string,
  ifMatch: string | undefined,
): S3Refusal | undefined {
  return ifMatch === undefined ? undefined : judgeIfMatch(call, key, ifMatch);
}

/** A condition that S3 refuses on a request like this one. */
export function unserved(header: string): S3Refusal {
  return refuse("NotImplemented", { details: { Header: header } });
}

function judgeIfMatch(call: BucketCall, key: string, ifMatch: string): S3Refusal | undefined {
  const denied =
    ifMatch === "*" ? undefined : authorise(call, "s3:GetObject", arnOf(call.bucket.name, key));
  if (denied !== undefined) return denied;
  const current = call.bucket.current(key);
  if (current?.kind !== "object") return refuse("NoSuchKey", { details: { Key: key } });
  return namesEtag(ifMatch, current.etag) ? conflict(call, key, "If-Match") : unmet("If-Match");
}

function conflict({ moment }: BucketCall, key: string, header: string): S3Refusal | undefined {
  return moment.contested === true
    ? refuse("ConditionalRequestConflict", { details: { Condition: header, Key: key } })
    : undefined;
}

function unmet(header: string): S3Refusal {
  return refuse("PreconditionFailed", { details: { Condition: header } });
}
