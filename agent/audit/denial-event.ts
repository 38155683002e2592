/**
 * What an event of CloudTrail tells of a request, denied or not.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { accountOf, callerOfArn } from "../policy/caller.ts";
import { parseArn } from "../policy/glob.ts";
import { type Denial, namedIn, toldBy } from "./denial.ts";

const text = v.optional(v.string());

/** The members that say something here; an event has many more. */
const EVENT = v.looseObject({
  eventSource: v.picklist(["s3.amazonaws.com", "kms.amazonaws.com"]),
  eventName: v.string(),
  awsRegion: text,
  sourceIPAddress: text,
  vpcEndpointId: text,
  errorMessage: text,
  userIdentity: v.looseObject({
    type: text,
    arn: text,
    accountId: text,
    invokedBy: text,
    sessionContext: v.optional(
      v.looseObject({
        ec2RoleDelivery: text,
        sessionIssuer: v.optional(v.looseObject({ arn: text })),
      }),
    ),
  }),
  requestParameters: v.nullish(v.record(v.string(), v.unknown())),
  resources: v.nullish(v.array(v.looseObject({ ARN: text, type: text }))),
  additionalEventData: v.nullish(v.looseObject({ AuthenticationMethod: text })),
  tlsDetails: v.nullish(v.looseObject({ tlsVersion: text })),
});

type Event = v.InferOutput<typeof EVENT>;

/** @throws {PosternError} BadData for an event of another service, or of nobody that a policy could name */
export function denialOfEvent(value: unknown): Denial {
  const event = eventOf(value);
  const ofS3 = event.eventSource === "s3.amazonaws.com";
  return {
    from: "event",
    caller: callerOf(event),
    action: ofS3 ? s3Action(event) : `kms:${event.eventName}`,
    resource: ofS3 ? s3Resource(event) : kmsResource(event),
    context: contextOf(event),
    told: toldBy(event.errorMessage ?? ""),
  };
}

function eventOf(value: unknown): Event {
  const result = v.safeParse(EVENT, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  throw new PosternError(
    "BadData",
    `${path === "" ? "" : `${path}: `}expected an event of S3 or KMS from CloudTrail, got another`,
  );
}

/**
 * Of other accounts, and of nobody, CloudTrail tells no ARN; the message of the error may.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
function callerOf({ userIdentity: who, errorMessage = "" }: Event): Denial["caller"] {
  const named = callerOfArn(who.arn ?? "", who.sessionContext?.sessionIssuer?.arn);
  if (named !== undefined) return named;
  const { accountId: account = "" } = who;
  if (who.type === "AWSAccount" && /^anonymous/i.test(account)) return { kind: "anonymous" };
  if (who.type === "AWSAccount" && /^\d{12}$/.test(account)) {
    const told = callerOfArn(namedIn(errorMessage).arn ?? "");
    return told !== undefined && accountOf(told) === account ? told : { kind: "unnamed", account };
  }
  throw new PosternError("BadData", "userIdentity: expected the ARN of a user, role or session");
}

/** Operations whose right has another name. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
const RIGHTS: Readonly<Record<string, string>> = {
  HeadObject: "GetObject",
  HeadBucket: "ListBucket",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  CopyObject: "PutObject",
  CreateMultipartUpload: "PutObject",
  UploadPart: "PutObject",
  CompleteMultipartUpload: "PutObject",
  DeleteObjects: "DeleteObject",
  PutBucketEncryption: "PutEncryptionConfiguration",
  GetBucketEncryption: "GetEncryptionConfiguration",
};

/** Of the two rights that ask for a version, the one that names it. */
const OF_VERSIONS = new Set(["GetObject", "DeleteObject"]);

function s3Action({ eventName, requestParameters }: Event): string {
  const right = RIGHTS[eventName] ?? eventName;
  const hasVersion = typeof requestParameters?.["versionId"] === "string";
  return `s3:${right}${hasVersion && OF_VERSIONS.has(right) ? "Version" : ""}`;
}

function s3Resource(event: Event): string | undefined {
  const { bucketName, key } = event.requestParameters ?? {};
  const named = resourceOf(event, "AWS::S3::Object") ?? resourceOf(event, "AWS::S3::Bucket");
  if (typeof bucketName !== "string") return named;
  const partition = named?.split(":")[1] ?? partitionOf(event.awsRegion);
  return `arn:${partition}:s3:::${bucketName}${typeof key === "string" ? `/${key}` : ""}`;
}

/** A denied request has no `resources`: then the key is where it was asked for, or in the message. */
function kmsResource(event: Event): string | undefined {
  const { keyId } = event.requestParameters ?? {};
  return (
    resourceOf(event, "AWS::KMS::Key") ??
    namedIn(event.errorMessage ?? "").resource ??
    (typeof keyId === "string" && parseArn(keyId) !== undefined ? keyId : undefined)
  );
}

function partitionOf(region = ""): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

function resourceOf({ resources }: Event, type: string): string | undefined {
  return resources?.find((one) => one.type === type)?.ARN;
}

function contextOf(event: Event): Denial["context"] {
  const { requestParameters, vpcEndpointId, sourceIPAddress: address, tlsDetails: tls } = event;
  const method = event.additionalEventData?.AuthenticationMethod;
  const prefix = requestParameters?.["prefix"];
  const version = requestParameters?.["versionId"];
  const isAddress = address !== undefined && /^[0-9a-fA-F.:]+$/.test(address);
  const keys: Readonly<Record<string, unknown>> = {
    "aws:SourceVpce": vpcEndpointId,
    // through an endpoint the address is a private one, and no key
    "aws:SourceIp": isAddress && vpcEndpointId === undefined ? address : undefined,
    "aws:SecureTransport": tls?.tlsVersion === undefined ? undefined : "true",
    "s3:TlsVersion": tls?.tlsVersion?.replace(/^TLSv/, ""),
    "s3:authType": { AuthHeader: "REST-HEADER", QueryString: "REST-QUERY-STRING" }[method ?? ""],
    "s3:prefix": prefix,
    "s3:versionid": version,
    "ec2:RoleDelivery": event.userIdentity.sessionContext?.ec2RoleDelivery,
    "aws:ViaAWSService": event.userIdentity.invokedBy === undefined ? undefined : "true",
  };
  return {
    ...Object.fromEntries(
      Object.entries(keys).flatMap(([key, value]) =>
        typeof value === "string" ? [[key, [value]]] : [],
      ),
    ),
    ...encryptionContextOf(requestParameters?.["encryptionContext"]),
  };
}

function encryptionContextOf(given: unknown): Denial["context"] {
  if (typeof given !== "object" || given === null) return {};
  const pairs = Object.entries(given).filter(([, value]) => typeof value === "string");
  if (pairs.length === 0) return {};
  return {
    ...Object.fromEntries(pairs.map(([name, value]) => [`kms:EncryptionContext:${name}`, [value]])),
    "kms:EncryptionContextKeys": pairs.map(([name]) => name),
  };
}
