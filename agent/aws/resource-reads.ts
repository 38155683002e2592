/**
 * What is asked of S3, KMS and EC2 about a bucket, a key and an endpoint.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
 * @module
 */
import { GetKeyPolicyCommand, type KMS, ListGrantsCommand } from "@aws-sdk/client-kms";
import {
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Asked } from "./failure.ts";
import { child, type Query } from "./query.ts";
import type { Input } from "./question.ts";
import { childText } from "./xml.ts";

/** One page. @throws whatever the client fails with */
export type Send<Client> = (
  client: Client,
  input: Input,
  options: { readonly abortSignal: AbortSignal },
) => Promise<object>;

export const S3_READS: ReadonlyMap<string, Send<S3Client>> = new Map<string, Send<S3Client>>([
  [
    "GetBucketPolicy",
    (s3, { Bucket, ExpectedBucketOwner }, options) =>
      s3.send(new GetBucketPolicyCommand({ Bucket, ExpectedBucketOwner }), options),
  ],
  [
    "GetPublicAccessBlock",
    (s3, { Bucket, ExpectedBucketOwner }, options) =>
      s3.send(new GetPublicAccessBlockCommand({ Bucket, ExpectedBucketOwner }), options),
  ],
  [
    "GetBucketOwnershipControls",
    (s3, { Bucket, ExpectedBucketOwner }, options) =>
      s3.send(new GetBucketOwnershipControlsCommand({ Bucket, ExpectedBucketOwner }), options),
  ],
  [
    "GetBucketVersioning",
    (s3, { Bucket, ExpectedBucketOwner }, options) =>
      s3.send(new GetBucketVersioningCommand({ Bucket, ExpectedBucketOwner }), options),
  ],
  [
    "GetBucketEncryption",
    (s3, { Bucket, ExpectedBucketOwner }, options) =>
      s3.send(new GetBucketEncryptionCommand({ Bucket, ExpectedBucketOwner }), options),
  ],
]);

export const KMS_READS: ReadonlyMap<string, Send<KMS>> = new Map<string, Send<KMS>>([
  [
    "GetKeyPolicy",
    async (kms, { KeyId, PolicyName }, options) => ({
      // by which it is known as a key's, whatever it says
      PolicyName,
      ...(await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName }), options)),
    }),
  ],
  [
    "ListGrants",
    (kms, { KeyId, Marker }, options) =>
      kms.send(new ListGrantsCommand({ KeyId, Marker }), options),
  ],
]);

/** Of one endpoint, whose list has no second page. */
export async function describeVpcEndpoint(
  query: Query,
  asked: Asked,
  { VpcEndpointIds: id = "" }: Input,
  signal: AbortSignal,
): Promise<object> {
  const root = await query(asked, { "VpcEndpointId.1": id }, signal);
  const items = child(root, "vpcEndpointSet")?.children ?? [];
  return {
    VpcEndpoints: items.map((item) => ({
      VpcEndpointId: childText(item, "vpcEndpointId"),
      VpcEndpointType: childText(item, "vpcEndpointType"),
      ServiceName: childText(item, "serviceName"),
      PolicyDocument: childText(item, "policyDocument"),
    })),
  };
}
