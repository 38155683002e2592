/**
 * Which operation, bucket and key a request names, by path or by host.
 * @see AWS "Virtual hosting of buckets", and the request syntax of each operation
 * @module
 */
import { parseRawQuery, percentDecode } from "./canonical-request.ts";
import { headerOf, type WireRequest } from "./service.ts";

export type Operation =
  | "ListBuckets"
  | "CreateBucket"
  | "DeleteBucket"
  | "HeadBucket"
  | "GetBucketLocation"
  | "GetBucketVersioning"
  | "PutBucketVersioning"
  | "GetPublicAccessBlock"
  | "PutPublicAccessBlock"
  | "DeletePublicAccessBlock"
  | "GetBucketOwnershipControls"
  | "PutBucketOwnershipControls"
  | "DeleteBucketOwnershipControls"
  | "GetBucketPolicy"
  | "PutBucketPolicy"
  | "DeleteBucketPolicy"
  | "GetBucketPolicyStatus"
  | "GetBucketEncryption"
  | "PutBucketEncryption"
  | "DeleteBucketEncryption"
  | "ListObjects"
  | "ListObjectsV2"
  | "ListObjectVersions"
  | "ListMultipartUploads"
  | "DeleteObjects"
  | "GetObject"
  | "HeadObject"
  | "GetObjectTagging"
  | "GetObjectAcl"
  | "PutObject"
  | "CopyObject"
  | "DeleteObject"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "ListParts"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"
  | "NotImplemented";

export interface Route {
  readonly operation: Operation;
  /** Empty for ListBuckets. */
  readonly bucket: string;
  /** Empty for operations on a bucket; undefined when it is not UTF-8. */
  readonly key: string | undefined;
  readonly query: ReadonlyMap<string, string>;
}

// parameters that name a sub-resource: with one that is not served, the plain operation must not answer
const SUBRESOURCES = new Set(
  "accelerate acl analytics attributes cors encryption inventory intelligent-tiering legal-hold lifecycle logging metadataTable metrics notification object-lock ownershipControls partNumber policy policyStatus publicAccessBlock replication requestPayment restore retention select session tagging torrent website abac renameObject".split(
    " ",
  ),
);

/** What is served of a bucket's settings, by parameter and method. */
const SETTINGS: readonly (readonly [
  parameter: string,
  operations: Readonly<Record<string, Operation>>,
])[] = [
  ["versioning", { GET: "GetBucketVersioning", PUT: "PutBucketVersioning" }],
  [
    "publicAccessBlock",
    {
      GET: "GetPublicAccessBlock",
      PUT: "PutPublicAccessBlock",
      DELETE: "DeletePublicAccessBlock",
    },
  ],
  [
    "ownershipControls",
    {
      GET: "GetBucketOwnershipControls",
      PUT: "PutBucketOwnershipControls",
      DELETE: "DeleteBucketOwnershipControls",
    },
  ],
  ["policy", { GET: "GetBucketPolicy", PUT: "PutBucketPolicy", DELETE: "DeleteBucketPolicy" }],
  ["policyStatus", { GET: "GetBucketPolicyStatus" }],
  [
    "encryption",
    { GET: "GetBucketEncryption", PUT: "PutBucketEncryption", DELETE: "DeleteBucketEncryption" },
  ],
];

/** Reads a request's target. Nothing is checked: a route may name what does not exist. */
export function routeOf(request: WireRequest): Route {
  const query = new Map(
    parseRawQuery(request.rawQuery).map(([name, value]) => [name, fromLatin1(value)]),
  );
  const path = percentDecode(request.rawPath);
  const hosted = bucketOfHost(headerOf(request, "host") ?? "");
  const [bucket, keyBytes] = hosted === undefined ? splitPath(path) : [hosted, path.subarray(1)];
  const key = decodeUtf8(keyBytes);
  const operation =
    bucket === ""
      ? "ListBuckets"
      : keyBytes.length === 0
        ? bucketOperation(request.method, query)
        : objectOperation(request, query);
  return { operation, bucket, key, query };
}

/**
 * The bucket that a Host header names, or undefined for path style.
 *
 * `BUCKET.s3.…` and `BUCKET.localhost` are virtual hosts; an address, `localhost` and `s3.…` are not.
 */
function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (/^(localhost|s3[.-].*|[\d.]+|\[.*\])$/.test(name)) return undefined;
  return /^(.+?)\.(?:s3(?:[.-].*)?|localhost)$/.exec(name)?.[1];
}

function splitPath(path: Buffer): [string, Buffer] {
  const slash = path.indexOf("/", 1);
  if (slash === -1) return [path.toString("utf8", 1), Buffer.alloc(0)];
  return [path.toString("utf8", 1, slash), path.subarray(slash + 1)];
}

function bucketOperation(method: string, query: ReadonlyMap<string, string>): Operation {
  if (method === "POST") return query.has("delete") ? "DeleteObjects" : "NotImplemented";
  const setting = SETTINGS.find(([parameter]) => query.has(parameter));
  if (setting !== undefined) return setting[1][method] ?? "NotImplemented";
  if (namesSubresource(query)) return "NotImplemented";
  if (method === "PUT") return "CreateBucket";
  if (method === "DELETE") return "DeleteBucket";
  if (method === "HEAD") return "HeadBucket";
  if (method !== "GET") return "NotImplemented";
  if (query.has("location")) return "GetBucketLocation";
  if (query.has("versions")) return "ListObjectVersions";
  if (query.has("uploads")) return "ListMultipartUploads";
  return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
}

function objectOperation(request: WireRequest, query: ReadonlyMap<string, string>): Operation {
  const { method } = request;
  if (query.has("uploadId")) return uploadOperation(request, query);
  if (method === "GET" && query.has("tagging")) return "GetObjectTagging";
  if (method === "GET" && query.has("acl")) return "GetObjectAcl";
  if (namesSubresource(query)) return "NotImplemented";
  switch (method) {
    case "GET":
      return "GetObject";
    case "HEAD":
      return "HeadObject";
    case "PUT":
      return request.headers.has("x-amz-copy-source") ? "CopyObject" : "PutObject";
    case "DELETE":
      return "DeleteObject";
    case "POST":
      return query.has("uploads") ? "CreateMultipartUpload" : "NotImplemented";
    default:
      return "NotImplemented";
  }
}

function uploadOperation(request: WireRequest, query: ReadonlyMap<string, string>): Operation {
  switch (request.method) {
    case "PUT":
      return query.has("partNumber") && !request.headers.has("x-amz-copy-source")
        ? "UploadPart"
        : "NotImplemented";
    case "GET":
      return "ListParts";
    case "POST":
      return "CompleteMultipartUpload";
    case "DELETE":
      return "AbortMultipartUpload";
    default:
      return "NotImplemented";
  }
}

function namesSubresource(query: ReadonlyMap<string, string>): boolean {
  return [...query.keys()].some((name) => SUBRESOURCES.has(name));
}

function fromLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

function decodeUtf8(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
