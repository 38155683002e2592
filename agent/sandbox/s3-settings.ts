/**
 * Reading and changing what a bucket is set to.
 * @see AWS "GetPublicAccessBlock", "GetBucketOwnershipControls", "GetBucketPolicyStatus",
 *   "GetBucketEncryption" and their like; "Actions, resources, and condition keys for Amazon S3": a delete is
 *   the right to put
 * @module
 */
import {
  OBJECT_OWNERSHIPS,
  OWN_ENCRYPTION,
  type BucketSettings,
  type DefaultEncryption,
  type ObjectOwnership,
  type PublicAccessBlock,
} from "./bucket-settings.ts";
import { arnOf, authorise, reply, replyXml, type BucketCall, type S3Outcome } from "./s3-call.ts";
import { refuse, type S3ErrorCode, type S3Refusal } from "./s3-errors.ts";
import { verifyPayload } from "./s3-integrity.ts";
import { childOf, listOf, parseXml, textOf, type Element } from "./s3-xml.ts";

type Parsed = { readonly kind: "parsed"; readonly settings: Partial<BucketSettings> } | S3Refusal;

const MALFORMED: S3Refusal = refuse("MalformedXML");

export function getPublicAccessBlock(call: BucketCall): S3Outcome {
  return read(call, "s3:GetBucketPublicAccessBlock", ({ publicAccessBlock: block }) =>
    block === undefined
      ? "NoSuchPublicAccessBlockConfiguration"
      : [
          "PublicAccessBlockConfiguration",
          [
            ["BlockPublicAcls", String(block.blockPublicAcls)],
            ["IgnorePublicAcls", String(block.ignorePublicAcls)],
            ["BlockPublicPolicy", String(block.blockPublicPolicy)],
            ["RestrictPublicBuckets", String(block.restrictPublicBuckets)],
          ],
        ],
  );
}

export function putPublicAccessBlock(call: BucketCall): Promise<S3Outcome> {
  return change(call, "s3:PutBucketPublicAccessBlock", parsePublicAccessBlock);
}

export function deletePublicAccessBlock(call: BucketCall): S3Outcome {
  return reset(call, "s3:PutBucketPublicAccessBlock", { publicAccessBlock: undefined });
}

export function getBucketOwnershipControls(call: BucketCall): S3Outcome {
  return read(call, "s3:GetBucketOwnershipControls", ({ ownership }) =>
    ownership === undefined
      ? "OwnershipControlsNotFoundError"
      : ["OwnershipControls", [["Rule", [["ObjectOwnership", ownership]]]]],
  );
}

export function putBucketOwnershipControls(call: BucketCall): Promise<S3Outcome> {
  return change(call, "s3:PutBucketOwnershipControls", parseOwnershipControls);
}

export function deleteBucketOwnershipControls(call: BucketCall): S3Outcome {
  return reset(call, "s3:PutBucketOwnershipControls", { ownership: undefined });
}

export function getBucketPolicyStatus(call: BucketCall): S3Outcome {
  return read(call, "s3:GetBucketPolicyStatus", ({ policyIsPublic }) =>
    policyIsPublic === undefined
      ? "NoSuchBucketPolicy"
      : ["PolicyStatus", [["IsPublic", String(policyIsPublic)]]],
  );
}

export function getBucketEncryption(call: BucketCall): S3Outcome {
  return read(call, "s3:GetEncryptionConfiguration", ({ encryption }) => {
    const { kind, keyId, bucketKey } = encryption;
    const byDefault: readonly Element[] = [
      ["SSEAlgorithm", kind],
      ["KMSMasterKeyID", keyId],
    ];
    const rule: readonly Element[] = [
      ["ApplyServerSideEncryptionByDefault", byDefault],
      ["BucketKeyEnabled", String(bucketKey)],
    ];
    return ["ServerSideEncryptionConfiguration", [["Rule", rule]]];
  });
}

export function putBucketEncryption(call: BucketCall): Promise<S3Outcome> {
  return change(call, "s3:PutEncryptionConfiguration", parseEncryption);
}

export function deleteBucketEncryption(call: BucketCall): S3Outcome {
  return reset(call, "s3:PutEncryptionConfiguration", { encryption: OWN_ENCRYPTION });
}

export function parseObjectOwnership(text: string | undefined): ObjectOwnership | undefined {
  return OBJECT_OWNERSHIPS.find((name) => name === text);
}

/** @param elementOf the setting's document, or the error that says that there is none */
function read(
  call: BucketCall,
  action: string,
  elementOf: (settings: BucketSettings) => Element | S3ErrorCode,
): S3Outcome {
  const { bucket } = call;
  const denied = authorise(call, action, arnOf(bucket.name));
  if (denied !== undefined) return denied;
  const element = elementOf(bucket.settings());
  return typeof element === "string"
    ? refuse(element, { details: { BucketName: bucket.name } })
    : replyXml(element);
}

async function change(
  call: BucketCall,
  action: string,
  parse: (body: Buffer) => Parsed,
): Promise<S3Outcome> {
  const denied = authorise(call, action, arnOf(call.bucket.name));
  if (denied !== undefined) return denied;
  const verified = await verifyPayload(call);
  if (verified.kind === "refused") return verified;
  const parsed = parse(call.body);
  if (parsed.kind === "refused") return parsed;
  call.bucket.configure(parsed.settings);
  return reply(200);
}

function reset(call: BucketCall, action: string, settings: Partial<BucketSettings>): S3Outcome {
  const denied = authorise(call, action, arnOf(call.bucket.name));
  if (denied !== undefined) return denied;
  call.bucket.configure(settings);
  return reply(204);
}

// what is left out is false
function parsePublicAccessBlock(body: Buffer): Parsed {
  const document = parseXml(body, "PublicAccessBlockConfiguration");
  if (document === undefined) return MALFORMED;
  const texts = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
  ].map((name) => textOf(document, name)?.toLowerCase() ?? "false");
  if (!texts.every((text) => text === "true" || text === "false")) return MALFORMED;
  const [acls, ignored, policy, restricted] = texts.map((text) => text === "true");
  const publicAccessBlock: PublicAccessBlock = {
    blockPublicAcls: acls === true,
    ignorePublicAcls: ignored === true,
    blockPublicPolicy: policy === true,
    restrictPublicBuckets: restricted === true,
  };
  return { kind: "parsed", settings: { publicAccessBlock } };
}

function parseOwnershipControls(body: Buffer): Parsed {
  const document = parseXml(body, "OwnershipControls", ["Rule"]);
  const [rule, ...more] = document === undefined ? [] : listOf(document, "Rule");
  const ownership =
    rule === undefined ? undefined : parseObjectOwnership(textOf(rule, "ObjectOwnership"));
  return ownership === undefined || more.length > 0
    ? MALFORMED
    : { kind: "parsed", settings: { ownership } };
}

// S3 does not look whether the key is there
function parseEncryption(body: Buffer): Parsed {
  const document = parseXml(body, "ServerSideEncryptionConfiguration", ["Rule"]);
  const [rule, ...more] = document === undefined ? [] : listOf(document, "Rule");
  const byDefault =
    rule === undefined ? undefined : childOf(rule, "ApplyServerSideEncryptionByDefault");
  if (rule === undefined || byDefault === undefined || more.length > 0) return MALFORMED;
  const kind = textOf(byDefault, "SSEAlgorithm");
  const keyId = textOf(byDefault, "KMSMasterKeyID");
  if (kind === "aws:kms:dsse" || childOf(rule, "BlockedEncryptionTypes") !== undefined)
    return refuse("NotImplemented");
  if (kind !== "AES256" && kind !== "aws:kms") return MALFORMED;
  if (kind === "AES256" && keyId !== undefined)
    return refuse("InvalidArgument", {
      message:
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
      details: { ArgumentName: "ApplyServerSideEncryptionByDefault" },
    });
  const bucketKey = textOf(rule, "BucketKeyEnabled")?.toLowerCase() === "true";
  const encryption: DefaultEncryption = { kind, keyId, bucketKey };
  return { kind: "parsed", settings: { encryption } };
}
