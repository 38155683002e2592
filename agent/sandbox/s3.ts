/**
 * The sandbox's S3: from one signed request to one answer.
 * @see AWS "Amazon S3 API Reference"
 * @module
 */
import { createBuckets, type Buckets } from "./objects.ts";
import { getObjectAcl, getObjectTagging } from "./s3-attributes.ts";
import * as bucketOperations from "./s3-buckets.ts";
import {
  inputOf,
  type BucketCall,
  type KeyLookup,
  type S3Call,
  type S3Outcome,
} from "./s3-call.ts";
import { copyObject } from "./s3-copy.ts";
import { deleteObject, deleteObjects } from "./s3-delete.ts";
import { encodeRefusal, hostId, refuse, type S3ErrorCode, type S3Refusal } from "./s3-errors.ts";
import { getObject } from "./s3-get.ts";
import { listObjects, listObjectsV2 } from "./s3-list.ts";
import { listMultipartUploads, listParts } from "./s3-list-uploads.ts";
import { listObjectVersions } from "./s3-list-versions.ts";
import * as multipart from "./s3-multipart.ts";
import { open, type Signer } from "./s3-open.ts";
import * as policies from "./s3-policy.ts";
import { putObject } from "./s3-put.ts";
import * as settings from "./s3-settings.ts";
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
import { verifySignature } from "./signature.ts";
import { createUploads } from "./uploads.ts";

export interface S3 extends Service {
  readonly buckets: Buckets;
}

export interface S3Options {
  readonly keys: KeyLookup;
  /** Served beside the sandbox's own: one endpoint stands for S3 in all of them, as the signature says. */
  readonly otherRegions?: readonly string[] | undefined;
  /** Runs before the objects are looked at. */
  beforeAnswer?(asked: Asked): Promise<void>;
}

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
  GetPublicAccessBlock: settings.getPublicAccessBlock,
  PutPublicAccessBlock: settings.putPublicAccessBlock,
  DeletePublicAccessBlock: settings.deletePublicAccessBlock,
  GetBucketOwnershipControls: settings.getBucketOwnershipControls,
  PutBucketOwnershipControls: settings.putBucketOwnershipControls,
  DeleteBucketOwnershipControls: settings.deleteBucketOwnershipControls,
  GetBucketPolicy: policies.getBucketPolicy,
  PutBucketPolicy: policies.putBucketPolicy,
  DeleteBucketPolicy: policies.deleteBucketPolicy,
  GetBucketPolicyStatus: settings.getBucketPolicyStatus,
  GetBucketEncryption: settings.getBucketEncryption,
  PutBucketEncryption: settings.putBucketEncryption,
  DeleteBucketEncryption: settings.deleteBucketEncryption,
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
  ListMultipartUploads: listMultipartUploads,
  CreateMultipartUpload: multipart.createMultipartUpload,
  UploadPart: multipart.uploadPart,
  ListParts: listParts,
  CompleteMultipartUpload: multipart.completeMultipartUpload,
  AbortMultipartUpload: multipart.abortMultipartUpload,
};

export function createS3(context: ServiceContext, options: S3Options): S3 {
  const buckets = createBuckets(context);
  const uploads = createUploads();
  const regions = [context.region, ...(options.otherRegions ?? [])];
  return {
    name: "s3",
    buckets,
    asked: (request) => askedOf(routeOf(request)),
    async answer(request, moment): Promise<Answer> {
      const region = regions.find((served) => served === signedRegion(request)) ?? context.region;
      const signer = verifySignature(request, {
        lookup: (accessKeyId) => context.credentials.lookup(accessKeyId),
        now: moment.now,
        region,
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
              context: { ...context, region },
              buckets,
              uploads,
              keys: options.keys,
            });
      const response = encode(outcome, request, moment);
      const denial = outcome.kind === "refused" ? outcome.denial : undefined;
      return signer.kind === "verified"
        ? { response, denial, principal: arnOfSigner(signer) }
        : { response, denial };
    },
    refuse: (refusal, request, moment) => encode(refuse(REFUSALS[refusal]), request, moment),
  };
}

/** The region of the credential scope, unverified; a presigned URL is for the sandbox's own. */
function signedRegion(request: WireRequest): string | undefined {
  const authorization = headerOf(request, "authorization") ?? "";
  return /Credential=[^,]*\/\d{8}\/([a-z0-9-]+)\/s3\/aws4_request/.exec(authorization)?.[1];
}

function askedOf({ operation, bucket, key, query }: Route): Asked {
  const named = bucket === "" ? {} : { bucket };
  if (key !== undefined && key !== "") return { operation, key, ...named };
  return { operation, key: query.get("prefix") ?? bucket, ...named };
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
