/**
 * What AWS says of a request that it denied: the message of an error, or an event of CloudTrail.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { type Caller, callerOfArn } from "../policy/caller.ts";
import type { Layer } from "../policy/verdict.ts";

/** A request as far as AWS told of it. */
export interface Denial {
  readonly caller: Caller;
  /** "s3:GetObject" */
  readonly action: string;
  /** Undefined where AWS did not name it. */
  readonly resource: string | undefined;
  /** The condition keys that can be told, each with its values. */
  readonly context: Readonly<Record<string, readonly string[]>>;
  /** Why, where AWS said so. */
  readonly told: { readonly layer: Layer; readonly explicit: boolean } | undefined;
}

/**
 * @param text an error's message, with or without what a client put around it; or a CloudTrail event as JSON
 * @throws {PosternError} BadData when it is neither
 */
export function parseDenial(text: string): Denial {
  return text.trimStart().startsWith("{") ? ofEvent(text) : ofMessage(text);
}

const MESSAGE =
  /User: (\S+) is not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)(?: on resource: "?([^"\s]+)"?| on the resource associated with this ciphertext)?/;

function ofMessage(text: string): Denial {
  const found = MESSAGE.exec(text);
  const [, arn = "", action = "", resource] = found ?? [];
  const caller = arn === "anonymous" ? ({ kind: "anonymous" } as const) : callerOfArn(arn);
  if (caller === undefined)
    throw new PosternError(
      "BadData",
      'expected "User: ARN is not authorized to perform: ACTION on resource: ...", got another message',
      {
        hint: 'S3\'s plain "Access Denied" says nothing of who and what: take the event from CloudTrail, or ask postern policy explain ROLE KEY',
      },
    );
  return { caller, action, resource, context: {}, told: toldBy(text) };
}

/** In AWS's words, with ours for it. */
const LAYERS: readonly (readonly [words: string, layer: Layer])[] = [
  ["identity-based policy", "identity"],
  ["resource-based polic", "resource"],
  ["permissions boundary", "boundary"],
  ["session policy", "session"],
  ["service control policy", "scp"],
  ["resource control policy", "rcp"],
  ["VPC endpoint policy", "endpoint"],
];

function toldBy(text: string): Denial["told"] {
  const found = /(with an explicit deny in an?|because no) ([A-Za-z -]+)/.exec(text);
  const layer = LAYERS.find(([words]) => found?.[2]?.startsWith(words) === true)?.[1];
  return layer === undefined ? undefined : { layer, explicit: found?.[1] !== "because no" };
}

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

function ofEvent(json: string): Denial {
  const event = eventIn(json);
  const { userIdentity: who, eventSource } = event;
  const caller =
    who.type === "AWSAccount" && who.accountId === "anonymous"
      ? ({ kind: "anonymous" } as const)
      : callerOfArn(who.arn ?? "", who.sessionContext?.sessionIssuer?.arn);
  if (caller === undefined)
    throw new PosternError("BadData", "userIdentity: expected the ARN of a user, role or session");
  const ofS3 = eventSource === "s3.amazonaws.com";
  return {
    caller,
    action: ofS3 ? s3Action(event) : `kms:${event.eventName}`,
    resource: ofS3 ? s3Resource(event) : resourceOf(event, "AWS::KMS::Key"),
    context: contextOf(event),
    told: toldBy(event.errorMessage ?? ""),
  };
}

function eventIn(json: string): Event {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new PosternError("BadData", "expected a CloudTrail event as JSON, got something else", {
      cause,
    });
  }
  const result = v.safeParse(EVENT, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  throw new PosternError(
    "BadData",
    `${path === "" ? "" : `${path}: `}expected an event of S3 or KMS from CloudTrail, got another`,
    { hint: "give one event, not the list of Records around it" },
  );
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
