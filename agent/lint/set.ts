/** The documents that are judged together, and what they tell of the account they belong to. @module */
import type { Caller } from "../policy/caller.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import type { LintDocument } from "./document.ts";

/** What documents do not say, where the caller knows it. */
export interface Surroundings {
  /** 12 digits. */
  readonly account?: string | undefined;
  /** Whether buckets have an S3 Bucket Key: all of them, or by name. */
  readonly bucketKey?: boolean | ReadonlyMap<string, boolean> | undefined;
  /** What of the buckets is no policy. */
  readonly settings?: readonly SettingsFile[] | undefined;
  /** That the documents were made from. */
  readonly map?: MapFile | undefined;
}

/** `bucket/NAME.settings.json`. */
export interface SettingsFile {
  readonly name: string;
  readonly text: string;
}

export type Settings = Readonly<Record<string, unknown>>;

export interface MapFile {
  readonly map: AccessMap;
  /** As it is written, for lines and columns. */
  readonly text: string;
  /** Where in the map a document comes from, or a statement of it; undefined where nobody knows. */
  readonly originOf: (document: string, sid: string | undefined) => MapPath | undefined;
}

export interface DocumentSet {
  /** Those that the evaluator accepts. */
  readonly documents: readonly LintDocument[];
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  /** The ARN of the key, or of one that may be. */
  readonly key: string;
  /** By the bucket's ARN; undefined where nobody knows. */
  readonly hasBucketKey: (bucket: string) => boolean | undefined;
}

// as AWS's own documentation writes an account
const SOME_ACCOUNT = "111122223333";

export function setOf(documents: readonly LintDocument[], known: Surroundings): DocumentSet {
  const texts = documents.map(({ text, attachedTo = "" }) => `${attachedTo} ${text}`).join("\n");
  const owner = /arn:aws[a-z-]*:kms:[a-z0-9-]+:(\d{12}):/.exec(texts)?.[1];
  const attached = documents.flatMap(({ attachedTo = "" }) =>
    [/^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(attachedTo)?.[1]].filter((one) => one !== undefined),
  );
  const named = /arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):/.exec(texts)?.[1];
  const account = known.account ?? owner ?? attached[0] ?? named ?? SOME_ACCOUNT;
  const partition = /arn:(aws[a-z-]*):/.exec(texts)?.[1] ?? "aws";
  const region = /arn:aws[a-z-]*:kms:([a-z0-9-]+):/.exec(texts)?.[1] ?? "us-east-1";
  const keys = texts.match(/arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[a-zA-Z0-9-]+/g) ?? [];
  return {
    documents: documents.filter(({ faults }) => faults.length === 0),
    account,
    partition,
    region,
    key:
      keys.find((arn) => arn.includes(`:${account}:`)) ??
      `arn:${partition}:kms:${region}:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    hasBucketKey: (bucket) =>
      typeof known.bucketKey === "object"
        ? known.bucketKey.get(bucket.split(":")[5] ?? "")
        : known.bucketKey,
  };
}

/** The bucket's name: of the document's own resources, else of another document of the set. */
export function bucketOf({ text, attachedTo = "" }: LintDocument, set: DocumentSet): string {
  const of = (one: string): string | undefined =>
    /arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]+)/.exec(one)?.[1];
  const own = of(attachedTo) ?? of(text);
  return own ?? set.documents.flatMap((one) => of(one.text) ?? [])[0] ?? "some-bucket";
}

/** The role or user that has the document; without a name of its own, one named after the file. */
export function ownerOf({ attachedTo, file }: LintDocument, set: DocumentSet): Caller {
  const { account, partition } = set;
  const user = /^arn:aws[a-z-]*:iam::(\d{12}):user\/.+$/.exec(attachedTo ?? "");
  if (user !== null) return { kind: "user", arn: attachedTo ?? "", account: user[1] ?? account };
  const base = file
    .replace(/^.*\//, "")
    .replace(/\..*$/, "")
    .replace(/[^\w+=,.@-]/g, "-");
  const isRole = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(attachedTo ?? "");
  return roleOf(
    isRole ? (attachedTo ?? "") : `arn:${partition}:iam::${account}:role/${base || "role"}`,
  );
}

/** A session of the role, as an instance has it. */
export function roleOf(arn: string): Caller {
  const [, partition = "aws", account = "", name = ""] =
    /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  const session = `arn:${partition}:sts::${account}:assumed-role/${name}/i-0123456789abcdef0`;
  return { kind: "role", arn, session, account };
}

/** Some role of an account that no document speaks of. */
export function someRole({ partition, account }: DocumentSet, name = "some-role"): Caller {
  return roleOf(`arn:${partition}:iam::${account}:role/${name}`);
}

// an account that no document names
export const STRANGER = "999988887777";

export function strangerRole({ partition }: DocumentSet): Caller {
  return roleOf(`arn:${partition}:iam::${STRANGER}:role/stranger`);
}
