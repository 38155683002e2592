/**
 * One S3 request that has been let in: what the operations share.
 * @module
 */
import { type Attached, type Principal, reasonOf } from "./authorise.ts";
import type { Bucket, Buckets, Encryption } from "./objects.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";
import type { Route } from "./s3-routes.ts";
import { encodeXml, type Element } from "./s3-xml.ts";
import {
  callerKeys,
  type ContextKeys,
  mergeKeys,
  networkKeys,
  placeKeys,
} from "./request-context.ts";
import { headerOf, type Moment, type ServiceContext, type WireRequest } from "./service.ts";
import type { Uploads } from "./uploads.ts";

/** What S3 needs to know of KMS keys: whether it may use one. */
export interface KeyLookup {
  /** By id, ARN or alias (name or ARN); undefined when there is none. */
  describe(key: string): DescribedKey | undefined;
}

interface DescribedKey {
  readonly arn: string;
  readonly state: string;
  readonly attached: Attached;
  /** Condition keys that the key itself gives. */
  readonly conditions: ContextKeys;
}

export interface S3Call {
  readonly route: Route & { readonly key: string };
  readonly request: WireRequest;
  readonly moment: Moment;
  readonly principal: Principal;
  readonly presigned: boolean;
  /** Decoded, when it came aws-chunked. */
  readonly body: Buffer;
  readonly trailers: ReadonlyMap<string, string>;
  readonly context: ServiceContext;
  readonly buckets: Buckets;
  readonly uploads: Uploads;
  readonly keys: KeyLookup;
}

/** A call on a bucket that exists. */
export interface BucketCall extends S3Call {
  readonly bucket: Bucket;
}

export interface S3Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type S3Outcome = S3Reply | S3Refusal;

const EMPTY = Buffer.alloc(0);

export function reply(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = EMPTY,
): S3Reply {
  return { kind: "reply", status, headers, body };
}

export function replyXml(root: Element, headers: Readonly<Record<string, string>> = {}): S3Reply {
  return reply(200, { ...headers, "Content-Type": "application/xml" }, encodeXml(root));
}

/**
 * A header as text, or, in a presigned URL, the query parameter of that name: signers move x-amz-* there.
 */
export function inputOf(
  call: Pick<S3Call, "request" | "route" | "presigned">,
  name: string,
): string | undefined {
  const header = headerOf(call.request, name);
  if (header !== undefined) return Buffer.from(header, "latin1").toString("utf8");
  if (!call.presigned || !name.startsWith("x-amz-")) return undefined;
  return [...call.route.query].find(([parameter]) => parameter.toLowerCase() === name)?.[1];
}

/** `arn:aws:s3:::BUCKET` or `arn:aws:s3:::BUCKET/KEY` */
export function arnOf(bucket: string, key = ""): string {
  return `arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
}

/**
 * Asks the authoriser.
 * @returns undefined when allowed
 */
export function authorise(
  call: S3Call,
  action: string,
  resource: string,
  more: ContextKeys = {},
): S3Refusal | undefined {
  const { context, request } = call;
  const bucket = call.buckets.get(/^arn:aws:s3:::([^/]*)/.exec(resource)?.[1] ?? "");
  return decide(call, action, resource, {
    attached: bucket && { policy: bucket.settings().policy?.policy, grants: [] },
    context: [
      networkKeys(context.network ?? {}, "s3", request.remote),
      { "s3:ResourceAccount": [context.account], "s3:TlsVersion": ["1.3"] },
      signatureKeys(call),
      more,
    ],
  });
}

/**
 * Asks for the right to use an object's KMS key as S3 does on the caller's behalf, and for the key's state. Such a
 * call comes from no network.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html (encryption context)
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (kms:ViaService)
 * @returns undefined when the key serves
 */
export function authoriseKey(
  call: BucketCall,
  action: "kms:Decrypt" | "kms:GenerateDataKey",
  key: string,
  encryption: Encryption,
): S3Refusal | undefined {
  if (encryption.kind === "AES256") return undefined;
  const { keyArn, bucketKey } = encryption;
  // the AWS managed key serves everyone in the account who comes through S3
  if (keyArn === managedKeyArn(call.context)) return undefined;
  const { bucket, context, keys } = call;
  const described = keys.describe(keyArn);
  const denied = decide(call, action, keyArn, {
    attached: described?.attached,
    context: [
      described?.conditions,
      {
        "aws:ViaAWSService": ["true"],
        "kms:ViaService": [`s3.${context.region}.amazonaws.com`],
        "kms:CallerAccount": [context.account],
        "kms:EncryptionAlgorithm": ["SYMMETRIC_DEFAULT"],
        "kms:EncryptionContext:aws:s3:arn": [arnOf(bucket.name, bucketKey ? "" : key)],
        "kms:EncryptionContextKeys": ["aws:s3:arn"],
      },
    ],
  });
  return denied ?? judgeKeyState(keys, keyArn);
}

function decide(
  { principal, context, moment }: S3Call,
  action: string,
  resource: string,
  asked: {
    readonly attached: Attached | undefined;
    readonly context: readonly (ContextKeys | undefined)[];
  },
): S3Refusal | undefined {
  const { region, account } = context;
  const decision = context.authoriser().decide({
    principal,
    action,
    resource,
    attached: asked.attached,
    context: mergeKeys(
      callerKeys(principal),
      placeKeys(region, account, moment.now),
      ...asked.context,
    ),
  });
  if (decision.allowed) return undefined;
  const { allowed: _, ...denial } = decision;
  if (principal.kind === "anonymous") return refuse("AccessDenied", { denial });
  const who = principal.kind === "role" ? principal.sessionArn : principal.arn;
  return refuse("AccessDenied", {
    denial,
    message: `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" ${reasonOf(decision, action)}`,
  });
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html */
function signatureKeys({ principal, presigned, moment, request, route }: S3Call): ContextKeys {
  if (principal.kind === "anonymous") return {};
  const hash = headerOf(request, "x-amz-content-sha256");
  return {
    "s3:authType": [presigned ? "REST-QUERY-STRING" : "REST-HEADER"],
    "s3:signatureversion": ["AWS4-HMAC-SHA256"],
    ...(hash === undefined ? {} : { "s3:x-amz-content-sha256": [hash] }),
    ...(presigned ? { "s3:signatureAge": [String(ageMs(route, moment.now))] } : {}),
  };
}

/** Since a presigned URL was signed. */
function ageMs({ query }: Route, now: number): number {
  const date = [...query].find(([name]) => name.toLowerCase() === "x-amz-date")?.[1] ?? "";
  const signed = date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  return Math.max(0, now - Date.parse(signed));
}

/** ARN of the key behind `alias/aws/s3`, which every account has without making it. */
export function managedKeyArn({ region, account }: ServiceContext): string {
  return `arn:aws:kms:${region}:${account}:key/00000000-0000-0000-0000-0000000000a3`;
}

/** KMS's refusal of a key, in the shape in which S3 hands it on. */
export function kmsRefusal(name: string, message: string): S3Refusal {
  return { kind: "refused", code: `KMS.${name}`, status: 400, message };
}

function judgeKeyState(keys: KeyLookup, arn: string): S3Refusal | undefined {
  const state = keys.describe(arn)?.state;
  switch (state) {
    case "Enabled":
      return undefined;
    case undefined:
      return kmsRefusal("NotFoundException", `Key '${arn}' does not exist`);
    case "Disabled":
      return kmsRefusal("DisabledException", `${arn} is disabled.`);
    case "PendingDeletion":
      return kmsRefusal("KMSInvalidStateException", `${arn} is pending deletion.`);
    default:
      return kmsRefusal("KMSInvalidStateException", `${arn} is in an invalid state.`);
  }
}
