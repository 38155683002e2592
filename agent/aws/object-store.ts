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
} from "@aws-sdk/client-s3";
import { PosternError } from "../core/errors.ts";
import { quote, type S3Key } from "../core/names.ts";
import { answerOf } from "./answer.ts";
import { type Asked, unreadable } from "./failure.ts";
import { s3Arn } from "./partition.ts";
import { asking, createClient, type StoreOptions } from "./store-client.ts";

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
  /**
   * One write or none: an answer that was lost on the way is made good by a look at what is there.
   * @throws {PosternError} Unavailable also when that does not tell, since another write came after
   */
  put(request: PutRequest): Promise<PutOutcome>;
  /** Deletes the current state, only if it is `etag`; older versions stay. @throws as `put` */
  remove(key: S3Key, etag: string): Promise<RemoveOutcome>;
}

export function createObjectStore(options: StoreOptions): ObjectStore {
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

  const write = async <T>(
    about: Asked,
    key: S3Key,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<Ended<T>> => {
    let inDoubt = false;
    const once = async (signal: AbortSignal): Promise<{ readonly answer: T } | "refused"> => {
      try {
        return { answer: await send(signal) };
      } catch (error) {
        if (isRefused(error)) return "refused";
        if (isContested(error))
          throw unreadable(about, "another write to it is under way (ConditionalRequestConflict)");
        inDoubt ||= mayBeDone(error);
        throw error;
      }
    };
    let failed: PosternError | undefined;
    try {
      const got = await ask(about, once);
      if (got !== "refused") return { kind: "done", answer: got.answer };
    } catch (error) {
      if (!inDoubt || !(error instanceof PosternError)) throw error;
      failed = error;
    }
    if (failed === undefined) return { kind: "refused", inDoubt, current: await find(key) };
    try {
      return { kind: "lost", error: failed, current: await find(key) };
    } catch {
      throw failed;
    }
  };

  return {
    head: find,

    put: async ({ key, body, condition, sse }) => {
      const mark = chance.bytes(16).toString("hex");
      const about = asked("PutObject", "PutObject", key);
      const input: PutObjectCommandInput = {
        ...where,
        Key: key,
        Body: body,
        ContentType: "application/octet-stream",
        Metadata: { [WRITE]: mark },
        ...conditionHeaders(condition),
        ...sseHeaders(sse),
      };
      const ended = await write(about, key, async (abortSignal) => {
        const { ETag, VersionId } = await client.send(new PutObjectCommand(input), { abortSignal });
        if (ETag === undefined) throw unreadable(about, "an answer without ETag");
        return { etag: ETag, versionId: VersionId };
      });
      if (ended.kind === "done") return { kind: "written", ...ended.answer };
      const { current } = ended;
      if (current?.write === mark)
        return { kind: "written", etag: current.etag, versionId: current.versionId };
      return conflictOf(about, ended);
    },

    remove: async (key, etag) => {
      const about = asked("DeleteObject", "DeleteObject", key);
      const ended = await write(about, key, async (abortSignal) => {
        const command = new DeleteObjectCommand({ ...where, Key: key, IfMatch: etag });
        return (await client.send(command, { abortSignal })).VersionId;
      });
      if (ended.kind === "done") return { kind: "removed", versionId: ended.answer };
      // gone is what was wanted, whoever did it
      if (ended.current === undefined) return { kind: "removed", versionId: undefined };
      return conflictOf(about, ended);
    },
  };
}

/**
 * How a conditional write ended, and what is there now.
 *
 * - `refused`: the condition did not hold. That is also said to whoever asks again after the answer to a success was
 *   lost: `inDoubt` when there was such an answer.
 * - `lost`: nobody answered to the end.
 */
type Ended<T> =
  | { readonly kind: "done"; readonly answer: T }
  | (Left & { readonly kind: "refused"; readonly inDoubt: boolean })
  | (Left & { readonly kind: "lost"; readonly error: PosternError });

interface Left {
  readonly current: (ObjectHead & Mark) | undefined;
}

/** @throws {PosternError} Unavailable when it may have been done, and was overwritten since */
function conflictOf(
  about: Asked,
  ended: Exclude<Ended<unknown>, { readonly kind: "done" }>,
): { readonly kind: "conflict"; readonly current: ObjectHead | undefined } {
  const { kind, current } = ended;
  if (kind === "lost") throw ended.error;
  if (!ended.inDoubt) return { kind: "conflict", current };
  const since = current && new Date(current.lastModified).toISOString();
  const what = since === undefined ? "nothing" : `version ${current?.versionId ?? ""} of ${since}`;
  throw new PosternError(
    "Unavailable",
    `${about.operation} ${quote(about.subject)}: an answer was lost, and ${what} is there by now: not known whether it was done before`,
    { hint: "see postern history, and do it again if it is not there" },
  );
}

/** Metadata that tells this write from every other. */
const WRITE = "postern-write";

interface Mark {
  readonly write: string | undefined;
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
function isContested(error: unknown): boolean {
  return answerOf(error)?.awsCode === "ConditionalRequestConflict";
}

/** Whether S3 may have done what it gave no good answer to: who is throttled or refused was not served. */
function mayBeDone(error: unknown): boolean {
  const answer = answerOf(error);
  if (answer === undefined) return true;
  return (answer.status < 400 || answer.status >= 500) && answer.awsCode !== "SlowDown";
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
