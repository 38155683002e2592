/** The first questions that doctor asks S3 for each group: the same that a first pass would ask. @module */
import type { S3 } from "../aws/s3.ts";
import type { GroupConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { keyIn, type S3Key, type S3Prefix } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { type Listing, listAll } from "../source/listing.ts";
import { attempt, isFault } from "./finding.ts";
import type { Home } from "../daemon/services.ts";

/** How to ask. */
export interface Asking {
  readonly s3: S3;
  readonly home: Home;
  readonly clock: Clock;
}

/** `body` is wiped by `closeOpening`. */
export interface Got {
  readonly key: S3Key;
  readonly body: SecretBytes | PosternError;
}

export type Opening =
  | {
      readonly kind: "listed";
      readonly group: GroupConfig;
      readonly prefix: S3Prefix;
      readonly listing: Listing | PosternError;
      readonly time: TimeOfS3 | undefined;
    }
  | {
      readonly kind: "got";
      readonly group: GroupConfig;
      /** In the order of the config. */
      readonly objects: readonly Got[];
      readonly time: TimeOfS3 | undefined;
    };

/** S3's clock and this host's at the same moment, epoch milliseconds. */
export interface TimeOfS3 {
  readonly theirs: number;
  readonly ours: number;
}

/** Never throws: what S3 refused is in its place. */
export async function openGroup(group: GroupConfig, asking: Asking): Promise<Opening> {
  const { layout } = group;
  switch (layout.kind) {
    case "prefix":
      return openPrefix(group, layout.prefix, asking);
    case "only":
      return openObjects(
        group,
        layout.names.map((name) => keyIn(layout.prefix, name)),
        asking,
      );
    case "bundle":
      return openObjects(group, [layout.key], asking);
    default:
      return layout satisfies never;
  }
}

/** Every failure in it, in order. */
export function faultsOf(opening: Opening): readonly PosternError[] {
  if (opening.kind === "listed") return isFault(opening.listing) ? [opening.listing] : [];
  return opening.objects.flatMap(({ body }) => (isFault(body) ? [body] : []));
}

/** What it found to lie in S3, in bytes. */
export function bytesOf(opening: Opening): number {
  const sizes =
    opening.kind === "listed"
      ? isFault(opening.listing)
        ? []
        : opening.listing.objects.map(({ size }) => size)
      : opening.objects.map(({ body }) => (isFault(body) ? 0 : body.length));
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function closeOpening(opening: Opening): void {
  if (opening.kind === "got")
    for (const { body } of opening.objects) if (!isFault(body)) body.wipe();
}

/** One object, whole; and when S3 says that it answered. */
export async function getObject(
  key: S3Key,
  maxBytes: number,
  { s3, home, clock }: Asking,
): Promise<{ readonly got: Got; readonly time: TimeOfS3 | undefined }> {
  const answer = await attempt(async () => {
    const found = await s3.get({ ...home, key, maxBytes });
    if (found.kind === "object") return found;
    throw new PosternError("Internal", "a conditional answer to an unconditional GET");
  });
  if (isFault(answer)) return { got: { key, body: answer }, time: undefined };
  return { got: { key, body: answer.body }, time: timeOf(answer.serverTime, clock) };
}

async function openPrefix(
  group: GroupConfig,
  prefix: S3Prefix,
  { s3, home, clock }: Asking,
): Promise<Opening> {
  const listing = await attempt(() => listAll({ ...home, s3, prefix }));
  const time = isFault(listing) ? undefined : timeOf(listing.serverTime, clock);
  return { kind: "listed", group, prefix, listing, time };
}

async function openObjects(
  group: GroupConfig,
  keys: readonly S3Key[],
  asking: Asking,
): Promise<Opening> {
  const answers = await Promise.all(
    keys.map((key) => getObject(key, group.maxObjectBytes, asking)),
  );
  return {
    kind: "got",
    group,
    objects: answers.map(({ got }) => got),
    time: answers.find(({ time }) => time !== undefined)?.time,
  };
}

function timeOf(theirs: number | undefined, clock: Clock): TimeOfS3 | undefined {
  return theirs === undefined ? undefined : { theirs, ours: clock.now() };
}
