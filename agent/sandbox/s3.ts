/**
 * The sandbox's S3: from one signed request to one answer.
 * @see AWS "Amazon S3 API Reference"
 * @module
 */
import type { Principal } from "./authorise.ts";
import { decodeChunkedBody, type ChunkedBody } from "./chunked-body.ts";
import { createBuckets, type Buckets } from "./objects.ts";
import * as bucketOperations from "./s3-buckets.ts";
import {
  inputOf,
  replyXml,
  type BucketCall,
  type KeyLookup,
  type S3Call,
  type S3Outcome,
} from "./s3-call.ts";
import { copyObject } from "./s3-copy.ts";
import { deleteObject, deleteObjects } from "./s3-delete.ts";
import { encodeRefusal, hostId, refuse, type S3ErrorCode, type S3Refusal } from "./s3-errors.ts";
import { findObject, getObject } from "./s3-get.ts";
import { listObjects, listObjectsV2, listObjectVersions, ownerElement } from "./s3-list.ts";
import * as multipart from "./s3-multipart.ts";
import { putObject } from "./s3-put.ts";
import { routeOf, type Operation, type Route } from "./s3-routes.ts";
import {
  headerOf,
  type Answer,
  type Asked,
  type Moment,
  type Refusal,
  type Service,
  type ServiceContext,
  type WireRequest,
  type WireResponse,
} from "./service.ts";
import { verifySignature, type Verdict } from "./signature.ts";
import { createUploads } from "./uploads.ts";

export interface S3 extends Service {
  readonly buckets: Buckets;
}

export interface S3Options {
  readonly keys: KeyLookup;
  /** Runs before the objects are looked at. */
  beforeAnswer?(asked: Asked): Promise<void>;
}

type Signer = Exclude<Verdict, { readonly kind: "refused" }>;

const ANONYMOUS: Principal = { kind: "anonymous" };

const REFUSALS: Readonly<Record<Refusal, S3ErrorCode>> = {
  throttle: "SlowDown",
  internal: "InternalError",
  unavailable: "ServiceUnavailable",
  "expired-credentials": "ExpiredToken",
};

const OPERATIONS: Readonly<
  Record<
    Exclude<Operation, "ListBuckets" | "CreateBucket" | "NotImplemented">,
    (call: BucketCall) => S3Outcome | Promise<S3Outcome>
  >
> = {
  DeleteBucket: bucketOperations.deleteBucket,
  HeadBucket: bucketOperations.headBucket,
  GetBucketLocation: bucketOperations.getBucketLocation,
  GetBucketVersioning: bucketOperations.getBucketVersioning,
  PutBucketVersioning: bucketOperations.putBucketVersioning,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  DeleteObjects: deleteObjects,
  GetObject: getObject,
  HeadObject: getObject,
  GetObjectTagging: getObjectTagging,
  GetObjectAcl: getObjectAcl,
  PutObject: putObject,
  CopyObject: copyObject,
  DeleteObject: deleteObject,
  ListMultipartUploads: multipart.listMultipartUploads,
  CreateMultipartUpload: multipart.createMultipartUpload,
  UploadPart: multipart.uploadPart,
  ListParts: multipart.listParts,
  CompleteMultipartUpload: multipart.completeMultipartUpload,
  AbortMultipartUpload: multipart.abortMultipartUpload,
};

export function createS3(context: ServiceContext, options: S3Options): S3 {
  const buckets = createBuckets(context);
  const uploads = createUploads();
  return {
    name: "s3",
    buckets,
    asked: (request) => askedOf(routeOf(request)),
    async answer(request, moment): Promise<Answer> {
      const signer = verifySignature(request, {
        lookup: (accessKeyId) => context.credentials.lookup(accessKeyId),
        now: moment.now,
        region: context.region,
        service: "s3",
      });
      if (signer.kind === "refused") return { response: encode(signer, request, moment) };
      const route = routeOf(request);
      await options.beforeAnswer?.(askedOf(route));
      const opened = open(request, route, signer);
      const outcome =
        opened.kind === "refused"
          ? opened
          : await perform({
              ...opened.call,
              moment,
              context,
              buckets,
              uploads,
              keys: options.keys,
            });
      const response = encode(outcome, request, moment);
      return signer.kind === "verified"
        ? { response, principal: arnOfSigner(signer) }
        : { response };
    },
    refuse: (refusal, request, moment) => encode(refuse(REFUSALS[refusal]), request, moment),
  };
}

function askedOf({ operation, bucket, key, query }: Route): Asked {
  if (key !== undefined && key !== "") return { operation, key };
  return { operation, key: query.get("prefix") ?? (operation === "ListBuckets" ? "" : bucket) };
}

type Opened =
  | {
      readonly kind: "opened";
      readonly call: Omit<S3Call, "moment" | "context" | "buckets" | "uploads" | "keys">;
    }
  | S3Refusal;

/** Reads the key and the body. */
function open(request: WireRequest, route: Route, signer: Signer): Opened {
  const { key } = route;
  if (key === undefined) return refuse("InvalidURI");
  const decoded = decodeBody(request, signer);
  if (decoded.kind === "malformed") return refuse("IncompleteBody");
  if (decoded.kind === "forged") return refuse("SignatureDoesNotMatch");
  if (decoded.kind === "refused") return decoded;
  const { body, trailers } = decoded;
  const verified = signer.kind === "verified";
  const principal = verified ? signer.principal : ANONYMOUS;
  const presigned = verified && signer.presigned;
  const call = { route: { ...route, key }, request, principal, presigned, body, trailers };
  return { kind: "opened", call };
}

function decodeBody(request: WireRequest, signer: Signer): ChunkedBody | S3Refusal {
  const mode =
    signer.kind === "verified" ? signer.payloadHash : headerOf(request, "x-amz-content-sha256");
  const { body } = request;
  if (!mode?.startsWith("STREAMING-")) return { kind: "decoded", body, trailers: new Map() };
  const length = headerOf(request, "x-amz-decoded-content-length");
  if (length === undefined) return refuse("MissingContentLength");
  const signed = mode.startsWith("STREAMING-AWS4-HMAC-SHA256-");
  if (signed && signer.kind !== "verified") return refuse("AccessDenied");
  const chain = signed && signer.kind === "verified" ? signer.chain : undefined;
  const decoded = decodeChunkedBody(body, chain);
  return decoded.kind === "decoded" && decoded.body.length !== Number(length)
    ? { kind: "malformed" }
    : decoded;
}

/**
 * In S3's order: (1) operations without a bucket, (2) the bucket and its region, (3) the expected owner, (4)
 * the operation, which asks the authoriser itself since it knows what it touches.
 */
async function perform(call: S3Call): Promise<S3Outcome> {
  const { operation, bucket: name } = call.route;
  // (1)
  if (operation === "ListBuckets") return bucketOperations.listBuckets(call);
  if (operation === "CreateBucket") return bucketOperations.createBucket(call);
  // (2)
  const bucket = call.buckets.get(name);
  if (bucket === undefined) return refuse("NoSuchBucket", { details: { BucketName: name } });
  if (bucket.region !== call.context.region)
    return refuse("PermanentRedirect", {
      details: { Bucket: name, Endpoint: `${name}.s3.${bucket.region}.amazonaws.com` },
      headers: { "x-amz-bucket-region": bucket.region },
    });
  // (3)
  const expectedOwner = inputOf(call, "x-amz-expected-bucket-owner");
  if (expectedOwner !== undefined && expectedOwner !== bucket.owner) return refuse("AccessDenied");
  // (4)
  if (operation === "NotImplemented") return refuse("NotImplemented");
  return OPERATIONS[operation]({ ...call, bucket });
}

// nothing here has tags: clients ask when they copy
function getObjectTagging(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  const found = findObject(call, key, query.get("versionId"), "Tagging");
  return found.kind === "refused" ? found : replyXml(["Tagging", [["TagSet", ""]]]);
}

// ACLs are off, as in every bucket made since 2023: the owner has full control
function getObjectAcl(call: BucketCall): S3Outcome {
  const { key, query } = call.route;
  const found = findObject(call, key, query.get("versionId"), "Acl");
  if (found.kind === "refused") return found;
  return replyXml([
    "AccessControlPolicy",
    [ownerElement(call.bucket.owner), ["AccessControlList", ""]],
  ]);
}

function encode(
  outcome: S3Outcome | Omit<S3Refusal, "kind">,
  request: WireRequest,
  moment: Moment,
): WireResponse {
  const response =
    "body" in outcome
      ? outcome
      : encodeRefusal({ kind: "refused", ...outcome }, request.rawPath, moment);
  return {
    ...response,
    headers: {
      "x-amz-id-2": hostId(moment.requestId),
      "x-amz-request-id": moment.requestId,
      Server: "AmazonS3",
      ...response.headers,
    },
  };
}

function arnOfSigner({ principal }: Signer & { readonly kind: "verified" }): string {
  switch (principal.kind) {
    case "role":
      return principal.sessionArn;
    case "user":
      return principal.arn;
    case "anonymous":
      return "anonymous";
    default:
      return principal satisfies never;
  }
}
