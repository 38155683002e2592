/**
 * The writing half of S3, for one bucket.
 *
 * By the SDK's client, which is slow to load and right: people and CI jobs write a few objects at a time. Every
 * call carries the expected owner, and every write a condition, so that nobody's work is overwritten unseen.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 * @module
 */
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Chance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { type AccountId, type BucketName, quote, type Region, type S3Key } from "../core/names.ts";
import type { Call } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoints } from "./endpoints.ts";
import { answerOf } from "./answer.ts";
import { type Asked, toFailure, unreadable } from "./failure.ts";
import { s3Arn } from "./partition.ts";

/** Server-side encryption as a PUT asks for it; undefined leaves it to the bucket. */
export type ServerSideEncryption =
  | { readonly type: "s3" }
  /** `key` is a whole ARN: bucket policies compare the header as text. */
  | { readonly type: "kms" | "dsse"; readonly key: string };

/** What an object must be for it to be replaced. */
export type Condition =
  | { readonly kind: "absent" }
  /** The ETag with its quotes. */
  | { readonly kind: "etag"; readonly etag: string };

export interface PutRequest {
  readonly key: S3Key;
  readonly body: Uint8Array;
  readonly condition: Condition;
  readonly sse?: ServerSideEncryption | undefined;
}

/** An object as it is now, without its bytes. */
export interface ObjectHead {
  readonly etag: string;
  /** Undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** In bytes. */
  readonly size: number;
}

/**
 * - `written`: S3 has it, and this call put it there.
 * - `conflict`: the condition did not hold; `current` is what is there instead, undefined for nothing.
 */
export type PutOutcome =
  | { readonly kind: "written"; readonly etag: string; readonly versionId: string | undefined }
  | { readonly kind: "conflict"; readonly current: ObjectHead | undefined };

export type RemoveOutcome =
  /** `versionId` is the delete marker's; undefined in a bucket without versions. */
  | { readonly kind: "removed"; readonly versionId: string | undefined }
  | { readonly kind: "conflict"; readonly current: ObjectHead | undefined };

export interface ObjectStore {
  /**
   * Undefined when there is none, said to someone who may list.
   * @throws {PosternError} MissingOrDenied when S3 does not say which
   */
  head(key: S3Key): Promise<ObjectHead | undefined>;
  /** One write or none: an answer that was lost on the way is made good by a look at what is there. */
  put(request: PutRequest): Promise<PutOutcome>;
  /** Deletes the current state, only if it is `etag`; older versions stay. */
  remove(key: S3Key, etag: string): Promise<RemoveOutcome>;
}

export interface ObjectStoreOptions {
  readonly bucket: BucketName;
  readonly region: Region;
  /** The account that must own the bucket; any other is denied. */
  readonly owner: AccountId;
  readonly endpoints: Endpoints;
  readonly credentials: Credentials;
  readonly connection: Connection;
  readonly call: Call;
  readonly chance: Chance;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export function createObjectStore(options: ObjectStoreOptions): ObjectStore {
  const { bucket, owner, region, chance } = options;
  const client = createClient(options);
  const where = { Bucket: bucket, ExpectedBucketOwner: owner };
  const ask = asking(options);
  const asked = (operation: string, action: string, key?: S3Key): Asked => ({
    operation,
    subject: key === undefined ? `s3://${bucket}` : `s3://${bucket}/${key}`,
    needs: `s3:${action} on ${quote(s3Arn(region, bucket, key))}`,
  });

  const find = async (key: S3Key): Promise<(ObjectHead & Mark) | undefined> => {
    const about = asked("HeadObject", "GetObject", key);
    return ask(about, async (abortSignal) => {
      try {
        const command = new HeadObjectCommand({ ...where, Key: key });
        const { ETag, VersionId, LastModified, ContentLength, Metadata } = await client.send(
          command,
          { abortSignal },
        );
        if (ETag === undefined || LastModified === undefined)
          throw unreadable(about, "an answer without ETag or Last-Modified");
        return {
          etag: ETag,
          versionId: VersionId,
          lastModified: LastModified.getTime(),
          size: ContentLength ?? 0,
          write: Metadata?.[WRITE],
        };
      } catch (error) {
        // the answer to a HEAD has no body that could say why
        const status = answerOf(error)?.status;
        if (status === 404) return undefined;
        if (status === 403) throw missingOrDenied(about);
        throw error;
      }
    });
  };

  return {
    head: find,

    put: async ({ key, body, condition, sse }) => {
      const write = chance.bytes(16).toString("hex");
      const about = asked("PutObject", "PutObject", key);
      const input: PutObjectCommandInput = {
        ...where,
        Key: key,
        Body: body,
        ContentType: "application/octet-stream",
        Metadata: { [WRITE]: write },
        ...conditionHeaders(condition),
        ...sseHeaders(sse),
      };
      const putOnce = async (abortSignal: AbortSignal): Promise<PutOutcome | "refused"> => {
        try {
          const { ETag, VersionId } = await client.send(new PutObjectCommand(input), {
            abortSignal,
          });
          if (ETag === undefined) throw unreadable(about, "an answer without ETag");
          return { kind: "written", etag: ETag, versionId: VersionId };
        } catch (error) {
          if (isRefused(error)) return "refused";
          throw concurrent(error, about);
        }
      };
      const found = await orLost(ask(about, putOnce));
      if (found.kind === "answer" && found.answer !== "refused") return found.answer;
      // a condition is also refused to whoever asks again after the answer to a success was lost
      const current = await find(key);
      if (current?.write === write)
        return { kind: "written", etag: current.etag, versionId: current.versionId };
      if (found.kind === "lost") throw found.error;
      return { kind: "conflict", current };
    },

    remove: async (key, etag) => {
      const about = asked("DeleteObject", "DeleteObject", key);
      const removeOnce = async (abortSignal: AbortSignal): Promise<RemoveOutcome | "refused"> => {
        try {
          const command = new DeleteObjectCommand({ ...where, Key: key, IfMatch: etag });
          const { VersionId } = await client.send(command, { abortSignal });
          return { kind: "removed", versionId: VersionId };
        } catch (error) {
          if (isRefused(error)) return "refused";
          throw concurrent(error, about);
        }
      };
      const answer = await ask(about, removeOnce);
      if (answer !== "refused") return answer;
      const current = await find(key);
      // gone is what was wanted, whoever did it
      if (current === undefined) return { kind: "removed", versionId: undefined };
      return { kind: "conflict", current };
    },
  };
}

/** Metadata that tells this write from every other. */
const WRITE = "postern-write";

interface Mark {
  readonly write: string | undefined;
}

/** The SDK's client as everything here uses it: each call is one request, in the right region. */
export function createClient({
  region,
  endpoints,
  credentials,
  connection,
}: ObjectStoreOptions): S3Client {
  const { s3, pathStyle, fips, dualStack } = endpoints;
  return new S3Client({
    region,
    credentials,
    requestHandler: connection,
    // retries are `call`'s
    maxAttempts: 1,
    disableClockSkewCorrection: true,
    followRegionRedirects: false,
    useFipsEndpoint: fips,
    useDualstackEndpoint: dualStack,
    forcePathStyle: pathStyle,
    ...(s3 === undefined ? {} : { endpoint: s3.href }),
  });
}

/** Asks with retries and deadlines, and fails with PosternError alone. */
export function asking({ call, now }: ObjectStoreOptions) {
  return <T>(asked: Asked, send: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    call(async (signal) => {
      try {
        return await send(signal);
      } catch (error) {
        throw toFailure(error, asked, now());
      }
    });
}

type Found<T> =
  | { readonly kind: "answer"; readonly answer: T }
  /** Nobody knows whether it was done. */
  | { readonly kind: "lost"; readonly error: PosternError };

async function orLost<T>(asking: Promise<T>): Promise<Found<T>> {
  try {
    return { kind: "answer", answer: await asking };
  } catch (error) {
    if (error instanceof PosternError && error.code === "Unavailable")
      return { kind: "lost", error };
    throw error;
  }
}

function conditionHeaders(
  condition: Condition,
): Pick<PutObjectCommandInput, "IfMatch" | "IfNoneMatch"> {
  return condition.kind === "absent" ? { IfNoneMatch: "*" } : { IfMatch: condition.etag };
}

function sseHeaders(
  sse: ServerSideEncryption | undefined,
): Pick<PutObjectCommandInput, "ServerSideEncryption" | "SSEKMSKeyId"> {
  switch (sse?.type) {
    case undefined:
      return {};
    case "s3":
      return { ServerSideEncryption: "AES256" };
    case "kms":
      return { ServerSideEncryption: "aws:kms", SSEKMSKeyId: sse.key };
    case "dsse":
      return { ServerSideEncryption: "aws:kms:dsse", SSEKMSKeyId: sse.key };
    default:
      return sse satisfies never;
  }
}

/** 412; or 404, which If-Match gets where there is nothing. */
function isRefused(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.awsCode === "PreconditionFailed" || answer?.awsCode === "NoSuchKey";
}

/** 409 is S3's way to say that another write to the key was under way, which may yet fail: worth asking again. */
function concurrent(error: unknown, asked: Asked): unknown {
  return answerOf(error)?.awsCode === "ConditionalRequestConflict"
    ? unreadable(asked, "another write to it is under way (ConditionalRequestConflict)")
    : error;
}

function missingOrDenied(asked: Asked): PosternError {
  return new PosternError(
    "MissingOrDenied",
    `${quote(asked.subject)} is missing or denied: S3 does not say which to someone who may not list`,
    {
      hint: `the caller lacks ${asked.needs}, or there is no such object`,
      awsCode: "AccessDenied",
    },
  );
}
