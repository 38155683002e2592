/** The words of `postern cat`, checked: there is no configuration that could do it. @module */
import { parseSize } from "../config/units.ts";
import { PosternError } from "../core/errors.ts";
import {
  type BucketName,
  parseAccountId,
  parseBucketName,
  parseKmsKeyArn,
  parseRegion,
  parseS3Key,
  quote,
  type S3Key,
} from "../core/names.ts";
import type { CredentialSource } from "../credentials/provider.ts";
import type { ObjectRequest } from "../daemon/one-object.ts";

/** As yargs has them. */
export interface CatFlags {
  readonly object: string;
  readonly "bucket-owner"?: string | undefined;
  readonly region?: string | undefined;
  readonly decrypt?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly context?: readonly string[] | undefined;
  readonly credentials?: string | undefined;
  readonly profile?: string | undefined;
  readonly "max-size"?: string | undefined;
}

/** @throws {PosternError} Usage, naming the flag */
export function readCatFlags(flags: CatFlags): ObjectRequest {
  return {
    ...parseUrl(flags.object),
    owner: flag("bucket-owner", flags["bucket-owner"], parseAccountId),
    region: flag("region", flags.region, parseRegion),
    credentials: readCredentials(flags),
    decrypt: readDecrypt(flags),
    maxBytes: flag("max-size", flags["max-size"], parseSize) ?? parseSize("1MiB"),
  };
}

/** @throws {PosternError} Usage unless `text` is s3://BUCKET/KEY, whose key a file could be named by */
function parseUrl(text: string): { readonly bucket: BucketName; readonly key: S3Key } {
  const [, bucket, key] = /^s3:\/\/([^/]*)\/(.*)$/s.exec(text) ?? [];
  if (bucket === undefined || key === undefined || key === "")
    throw misuse(`expected s3://BUCKET/KEY, got ${quote(text)}`, hintFor(text));
  return {
    bucket: named(text, bucket, parseBucketName),
    key: named(text, key, parseS3Key),
  };
}

function hintFor(text: string): string {
  if (/^s3:\/\/[^/]+\/?$/.test(text)) return "name an object of the bucket too";
  if (/^https?:/.test(text)) return "write the bucket and the key, not a web address";
  return 'for example "s3://acme-secrets/web/db_password"';
}

function named<Name>(url: string, text: string, parse: (text: string) => Name): Name {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof PosternError)) throw cause;
    throw new PosternError("Usage", `${quote(url)}: ${cause.message}`, { cause });
  }
}

const SOURCES = ["instance", "environment", "container", "web-identity"] as const;

function readCredentials({ credentials, profile }: CatFlags): CredentialSource {
  if (profile === "") throw misuse("--profile: expected a profile's name, got none");
  if (profile !== undefined && credentials !== undefined)
    throw misuse("--profile: expected no --credentials beside it");
  if (profile !== undefined) return { from: "profile", profile };
  const from = SOURCES.find((source) => source === (credentials ?? "instance"));
  if (from !== undefined) return { from };
  throw misuse(`--credentials: expected ${SOURCES.join(", ")}, got ${quote(credentials ?? "")}`);
}

function readDecrypt({
  decrypt = "none",
  key: keys = [],
  context: pairs = [],
}: CatFlags): ObjectRequest["decrypt"] {
  switch (decrypt) {
    case "none": {
      const stray = keys.length > 0 ? "key" : "context";
      if (keys.length === 0 && pairs.length === 0) return { mode: "none" };
      throw misuse(`--${stray}: expected --decrypt kms or --decrypt envelope beside it`);
    }
    case "kms":
    case "envelope": {
      if (keys.length === 0)
        throw misuse(`--decrypt ${decrypt}: expected --key ARN beside it, got no key`);
      const pinned = keys.map((text) => parseFlag("key", text, parseKmsKeyArn));
      return { mode: decrypt, keys: pinned, bind: "none", context: readContext(pairs) };
    }
    default:
      throw misuse(`--decrypt: expected none, kms or envelope, got ${quote(decrypt)}`);
  }
}

function readContext(pairs: readonly string[]): Readonly<Record<string, string>> {
  const context = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw misuse(`--context: expected NAME=VALUE, got ${quote(pair)}`);
    // the Encryption SDK keeps these names for itself
    if (name.startsWith("aws-crypto-"))
      throw misuse(`--context: expected a name without "aws-crypto-", got ${quote(name)}`);
    if (context.has(name)) throw misuse(`--context: expected ${quote(name)} once`);
    context.set(name, value);
  }
  return Object.fromEntries(context);
}

function flag<Value>(
  name: string,
  text: string | undefined,
  parse: (text: string) => Value,
): Value | undefined {
  return text === undefined ? undefined : parseFlag(name, text, parse);
}

function parseFlag<Value>(name: string, text: string, parse: (text: string) => Value): Value {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof PosternError)) throw cause;
    throw new PosternError("Usage", `--${name}: ${cause.message}`, { cause });
  }
}

function misuse(message: string, hint = "postern cat --help shows its options"): PosternError {
  return new PosternError("Usage", message, { hint });
}
