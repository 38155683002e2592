/** A group that is a fixed list of keys: one conditional GET each, and no right to list needed. @module */
import { PosternError } from "../core/errors.ts";
import { keyIn, quote, type SecretName } from "../core/names.ts";
import type { FetchedObject, FetchOutcome } from "./fetched.ts";
import { gather, wipe } from "./gather.ts";
import type { PrefixRequest } from "./prefix.ts";
import { unsettledMs } from "./settle.ts";

export interface OnlyRequest extends Omit<PrefixRequest, "onBadName" | "allowEmpty" | "rootBytes"> {
  /** Every one of them must exist. */
  readonly names: readonly SecretName[];
}

/**
 * What became of the named secrets since `known`. One that is missing or denied fails the whole set.
 *
 * @throws {PosternError} MissingOrDenied, NotFound, TooLarge, or whatever S3 failed with
 */
export async function fetchOnly(request: OnlyRequest): Promise<FetchOutcome> {
  const { known, names, settleMs, signal } = request;
  const budget = createBudget(request);
  // by S3's clock; zero until an answer tells
  let serverTime = 0;
  const objects = await gather(
    names.toSorted(),
    async (name, stop) => {
      const { object, at } = await getNamed(name, known?.get(name)?.etag, request, stop);
      serverTime = Math.max(serverTime, at ?? 0);
      budget(object);
      return object;
    },
    signal,
  );
  if (objects === "moved") return { kind: "waiting", why: "moved" };
  const changed = objects.filter(({ body }) => body !== undefined);
  const removed = [...(known?.keys() ?? [])].filter((name) => !names.includes(name)).sort();
  if (known !== undefined && changed.length === 0 && removed.length === 0)
    return { kind: "unchanged" };
  const untilMs = unsettledMs(
    changed.flatMap(({ lastModified }) => lastModified ?? []),
    serverTime || request.now(),
    settleMs,
  );
  if (untilMs > 0) {
    wipe(objects);
    return { kind: "waiting", why: "settling", untilMs };
  }
  const confirm = (): Promise<"same" | "moved"> => confirmAll(objects, request);
  return { kind: "fetched", objects, removed, skipped: [], ignored: [], confirm };
}

async function getNamed(
  name: SecretName,
  ifNoneMatch: string | undefined,
  request: OnlyRequest,
  signal: AbortSignal,
): Promise<{ readonly object: FetchedObject; readonly at?: number | undefined }> {
  const { s3, bucket, owner, prefix, maxObjectBytes: maxBytes } = request;
  const key = keyIn(prefix, name);
  try {
    const answer = await s3.get({ bucket, owner, key, ifNoneMatch, maxBytes, signal });
    if (answer.kind === "object") {
      const { body, etag, versionId, lastModified, serverTime } = answer;
      return { object: { name, key, etag, versionId, lastModified, body }, at: serverTime };
    }
    const etag = ifNoneMatch ?? "";
    return {
      object: { name, key, etag, versionId: undefined, lastModified: undefined, body: undefined },
    };
  } catch (error) {
    throw error instanceof PosternError && error.code === "Denied"
      ? missingOrDenied(error, `s3://${bucket}/${key}`)
      : error;
  }
}

/**
 * What a denied GET of `subject` means to who may not list: S3 answers 403 for a missing key too, and saying
 * more would be a guess.
 */
export function missingOrDenied(error: PosternError, subject: string): PosternError {
  return new PosternError("MissingOrDenied", `${quote(subject)} is missing or denied`, {
    hint: `it is not there, or ${error.hint ?? "the role lacks s3:GetObject on it"}`,
    cause: error,
    ...(error.awsCode === undefined ? {} : { awsCode: error.awsCode }),
    ...(error.requestId === undefined ? {} : { requestId: error.requestId }),
  });
}

/** Adds up the bodies and throws when they are too large together: no listing told beforehand. */
function createBudget({ prefix, maxGroupBytes }: OnlyRequest): (object: FetchedObject) => void {
  let total = 0;
  return ({ body }) => {
    total += body?.length ?? 0;
    if (total <= maxGroupBytes) return;
    body?.wipe();
    throw new PosternError(
      "TooLarge",
      `the objects below ${quote(prefix)} are too large: expected at most ${maxGroupBytes} bytes together`,
      { hint: "raise max_group_size if they are meant to be this large" },
    );
  };
}

// one object is a whole set; of several, an earlier one may have changed while a later one was read
async function confirmAll(
  objects: readonly FetchedObject[],
  request: OnlyRequest,
): Promise<"same" | "moved"> {
  if (objects.length < 2) return "same";
  const again = await gather(
    objects,
    async ({ name, etag }, stop) => {
      const { object } = await getNamed(name, etag, request, stop);
      if (object.body === undefined) return object;
      object.body.wipe();
      return "moved";
    },
    request.signal,
  );
  return again === "moved" ? "moved" : "same";
}
