/**
 * How an object that is written is to be encrypted: as its writer says, or else as its bucket does.
 * @see AWS "Setting default server-side encryption behavior", "Configuring an S3 Bucket Key at the object level"
 * @module
 */
import type { Encryption } from "./objects.ts";
import { inputOf, kmsRefusal, managedKeyArn, type BucketCall } from "./s3-call.ts";
import { refuse, type S3Refusal } from "./s3-errors.ts";

const KIND = "x-amz-server-side-encryption";
const KEY_ID = `${KIND}-aws-kms-key-id`;
const BUCKET_KEY = `${KIND}-bucket-key-enabled`;

export function readEncryption(call: BucketCall): Encryption | S3Refusal {
  const byDefault = call.bucket.settings().encryption;
  const asked = inputOf(call, KIND);
  const id = inputOf(call, KEY_ID);
  if (asked !== undefined && asked !== "AES256" && asked !== "aws:kms")
    return refuse("InvalidArgument", {
      message: "The encryption method specified is not supported",
      details: { ArgumentName: KIND, ArgumentValue: asked },
    });
  if (id !== undefined && asked !== "aws:kms")
    return refuse("InvalidArgument", {
      message: `Server Side Encryption with AWS KMS managed key requires HTTP header ${KIND} : aws:kms`,
      details: { ArgumentName: KIND },
    });
  if ((asked ?? byDefault.kind) === "AES256") return { kind: "AES256" };
  const bucketKey = (inputOf(call, BUCKET_KEY) ?? String(byDefault.bucketKey)) === "true";
  // who names the kind and no key asks for S3's own key, not for the bucket's
  return underKey(call, asked === undefined ? byDefault.keyId : id, bucketKey);
}

function underKey(
  call: BucketCall,
  id: string | undefined,
  bucketKey: boolean,
): Encryption | S3Refusal {
  const managed = managedKeyArn(call.context);
  if (id === undefined || id === managed || id === "alias/aws/s3")
    return { kind: "aws:kms", keyArn: managed, bucketKey };
  const key = call.keys.describe(id);
  return key === undefined
    ? kmsRefusal("NotFoundException", `Invalid keyId '${id}'`)
    : { kind: "aws:kms", keyArn: key.arn, bucketKey };
}
