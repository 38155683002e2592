/** What a bucket is like, as far as it concerns who puts secrets there. @module */
import {
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { quote } from "../core/names.ts";
import { answerOf } from "./answer.ts";
import { asking, createClient, type StoreOptions } from "./store-client.ts";
import { s3Arn } from "./partition.ts";

export interface BucketFacts {
  readonly versioned: boolean;
  /** All four settings of the bucket's own public access block. */
  readonly blocksPublic: boolean;
  /** Its policy lets anybody in, as S3 judges it. */
  readonly isPublic: boolean;
  /** ACLs count, so that an object may belong to, or be readable by, somebody else. */
  readonly hasAcls: boolean;
}

/**
 * Asks for all of them at once.
 * @throws {PosternError} Denied when one may not be looked at
 */
export async function lookAtBucket(options: StoreOptions): Promise<BucketFacts> {
  const client = createClient(options);
  const { bucket, region } = options;
  const where = { Bucket: bucket, ExpectedBucketOwner: options.owner };
  const ask = asking(options);
  const look = <T>({ operation, action, unset, none }: Look<T>, send: Send<T>): Promise<T> => {
    const needs = `s3:${action ?? operation} on ${quote(s3Arn(region, bucket))}`;
    return ask({ operation, subject: `s3://${bucket}`, needs }, async (abortSignal) => {
      try {
        return await send({ abortSignal });
      } catch (error) {
        if (unset !== undefined && answerOf(error)?.awsCode === unset) return none;
        throw error;
      }
    });
  };
  const [versioned, blocksPublic, isPublic, hasAcls] = await Promise.all([
    look({ operation: "GetBucketVersioning", none: false }, async (options) => {
      const { Status } = await client.send(new GetBucketVersioningCommand(where), options);
      return Status === "Enabled";
    }),
    look(
      {
        operation: "GetPublicAccessBlock",
        action: "GetBucketPublicAccessBlock",
        unset: "NoSuchPublicAccessBlockConfiguration",
        none: false,
      },
      async (options) => {
        const answer = await client.send(new GetPublicAccessBlockCommand(where), options);
        const block = answer.PublicAccessBlockConfiguration;
        return (
          block?.BlockPublicAcls === true &&
          block.IgnorePublicAcls === true &&
          block.BlockPublicPolicy === true &&
          block.RestrictPublicBuckets === true
        );
      },
    ),
    look(
      { operation: "GetBucketPolicyStatus", unset: "NoSuchBucketPolicy", none: false },
      async (options) => {
        const answer = await client.send(new GetBucketPolicyStatusCommand(where), options);
        return answer.PolicyStatus?.IsPublic === true;
      },
    ),
    look(
      {
        operation: "GetBucketOwnershipControls",
        unset: "OwnershipControlsNotFoundError",
        none: true,
      },
      async (options) => {
        const answer = await client.send(new GetBucketOwnershipControlsCommand(where), options);
        return answer.OwnershipControls?.Rules?.[0]?.ObjectOwnership !== "BucketOwnerEnforced";
      },
    ),
  ]);
  client.destroy();
  return { versioned, blocksPublic, isPublic, hasAcls };
}

interface Look<T> {
  readonly operation: string;
  /** IAM's name for it where that is another. */
  readonly action?: string;
  /** S3's code for a setting that was never made. */
  readonly unset?: string;
  /** What that amounts to. */
  readonly none: T;
}

type Send<T> = (options: { readonly abortSignal: AbortSignal }) => Promise<T>;
