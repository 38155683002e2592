/**
 * Names that grant something, and the rules by which a key becomes the name of a file.
 *
 * Key names are input from whoever may write to the bucket. Nothing else in postern turns a string into a
 * branded name, and nothing that reaches the store is unbranded.
 * @module
 */
import { PosternError } from "./errors.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A group's name: one path segment of `[A-Za-z0-9._-]`, starting with a letter or digit, at most 64. */
export type GroupName = Branded<"GroupName">;
/** A secret's name within its group: a relative path that has passed `judgeName`. */
export type SecretName = Branded<"SecretName">;
/** A whole S3 object key. */
export type S3Key = Branded<"S3Key">;
/** A non-empty S3 key prefix that ends in "/". */
export type S3Prefix = Branded<"S3Prefix">;
/** An S3 bucket name, by the general purpose bucket naming rules. */
export type BucketName = Branded<"BucketName">;
/** Twelve digits. */
export type AccountId = Branded<"AccountId">;
/** A region's code ("eu-central-1"). */
export type Region = Branded<"Region">;
/** `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`, never an alias: KMS policies and messages name keys. */
export type KmsKeyArn = Branded<"KmsKeyArn">;

/** @throws {PosternError} BadName */
export function parseGroupName(text: string): GroupName {
  return matching<GroupName>(
    text,
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "group name",
    "letters, digits, '.', '_' and '-', at most 64, the first a letter or digit",
  );
}

/** @throws {PosternError} BadName */
export function parseBucketName(text: string): BucketName {
  return matching<BucketName>(
    text,
    /^(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    "bucket name",
    "3 to 63 of a-z, 0-9, '.' and '-'",
  );
}

/** @throws {PosternError} BadName */
export function parseAccountId(text: string): AccountId {
  return matching<AccountId>(text, /^\d{12}$/, "account id", "12 digits");
}

/** @throws {PosternError} BadName */
export function parseRegion(text: string): Region {
  return matching<Region>(
    text,
    /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/,
    "region",
    "a region's code such as eu-central-1",
  );
}

/** @throws {PosternError} BadName */
export function parseKmsKeyArn(text: string): KmsKeyArn {
  return matching<KmsKeyArn>(
    text,
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]{1,256}$/,
    "KMS key",
    "a key ARN (arn:aws:kms:REGION:ACCOUNT:key/ID), not an alias or a bare id",
  );
}

/** The region inside a key's ARN. */
export function regionOfKey(key: KmsKeyArn): Region {
  return parseRegion(key.split(":")[3] ?? "");
}

/**
 * Up to 1024 bytes of UTF-8 that end in "/" and hold no empty, "." or ".." segment.
 * @throws {PosternError} BadName
 */
export function parseS3Prefix(text: string): S3Prefix {
  if (!text.endsWith("/")) {
    throw new PosternError("BadName", `invalid prefix ${quote(text)}: expected it to end in "/"`, {
      hint: `write ${quote(`${text}/`)}: without the slash it would also match ${quote(`${text}-other`)}`,
    });
  }
  parseS3Key(text.slice(0, -1));
  return text as S3Prefix;
}

/**
 * 1 to 1024 bytes of UTF-8 without empty, "." or ".." segments, control characters or backslashes.
 * @throws {PosternError} BadName
 */
export function parseS3Key(text: string): S3Key {
  const fault = judgeName(text);
  if (fault !== undefined)
    throw new PosternError("BadName", `invalid key ${quote(text)}: ${fault}`);
  return text as S3Key;
}

/**
 * A relative path of segments that a file system can hold, and not below `RESERVED`.
 * @throws {PosternError} BadName
 */
export function parseSecretName(text: string): SecretName {
  const fault = judgeName(text) ?? judgeReserved(text);
  if (fault !== undefined)
    throw new PosternError("BadName", `invalid secret name ${quote(text)}: ${fault}`);
  return text as SecretName;
}

/** The folder beside a group's secrets that is postern's own; no secret lies in it, whatever its case. */
export const RESERVED = ".postern";

/**
 * The name of a file in a generation: a secret's, or below `RESERVED`.
 * @throws {PosternError} BadName
 */
export function parseFileName(text: string): SecretName {
  return text.startsWith(`${RESERVED}/`)
    ? parseRenderName(text.slice(RESERVED.length))
    : parseSecretName(text);
}

/**
 * The name, beside a group's secrets, of a file that postern itself makes: a relative `path` as it is, an
 * absolute one below `RESERVED`.
 * @throws {PosternError} BadName
 */
export function parseRenderName(path: string): SecretName {
  if (!path.startsWith("/")) return parseSecretName(path);
  const name = `${RESERVED}${path}`;
  const fault = judgeName(name);
  if (fault !== undefined)
    throw new PosternError("BadName", `invalid path ${quote(path)}: ${fault}`);
  return name as SecretName;
}

/** The key of `name` in a prefix group. */
export function keyIn(prefix: S3Prefix, name: SecretName): S3Key {
  return `${prefix}${name}` as S3Key;
}

/** A bundle member's or listed key's fate, see `judgeNames`. */
export interface Refusal {
  /** As it came, unquoted: print it with `quote`. */
  readonly key: string;
  readonly why: string;
}

export interface JudgedNames<Entry> {
  readonly accepted: readonly { readonly name: SecretName; readonly entry: Entry }[];
  readonly refused: readonly Refusal[];
  /** Folder markers ("web/"): objects that consoles make, not secrets. */
  readonly ignored: readonly string[];
}

/**
 * Decides which entries can be files beside each other.
 *
 * Refused are names that `judgeName` faults or that lie below `RESERVED`, and every name of a clash: one that is both file and folder, or
 * several that a case-insensitive or normalising file system would merge. No winner is picked: which of two
 * clashing values an app gets must not depend on order.
 *
 * @param entries each with its name below the group's root; names are distinct
 * @param rootBytes length in bytes of the path that the names are joined to, for the limit of PATH_MAX
 */
export function judgeNames<Entry>(
  entries: readonly { readonly name: string; readonly entry: Entry }[],
  rootBytes = 0,
): JudgedNames<Entry> {
  const refused: Refusal[] = [];
  const ignored: string[] = [];
  const sound: { name: SecretName; entry: Entry }[] = [];
  for (const { name, entry } of entries) {
    if (name === "" || name.endsWith("/")) ignored.push(name);
    else {
      const fault = judgeName(name) ?? judgeReserved(name) ?? tooLong(name, rootBytes);
      if (fault === undefined) sound.push({ name: name as SecretName, entry });
      else refused.push({ key: name, why: fault });
    }
  }
  const clashes = findClashes(sound.map(({ name }) => name));
  for (const [key, why] of clashes) refused.push({ key, why });
  return { accepted: sound.filter(({ name }) => !clashes.has(name)), refused, ignored };
}

/**
 * Why `name` cannot be a relative path of plain segments, or undefined when it can.
 *
 * The rules: (1) not empty, (2) not absolute, (3) well-formed Unicode, (4) no control character, line
 * separator or backslash, (5) no empty, "." or ".." segment, (6) no segment over 255 bytes (NAME_MAX),
 * (7) at most 1024 bytes (an S3 key's limit).
 */
export function judgeName(name: string): string | undefined {
  if (name === "") return "expected at least one character";
  if (name.startsWith("/")) return "expected a relative path";
  if (!name.isWellFormed()) return "expected well-formed Unicode";
  if (/[\p{Cc}\u2028\u2029\\]/u.test(name))
    return "expected no control character, line separator or backslash";
  for (const segment of name.split("/")) {
    if (segment === "") return 'expected no empty segment ("//" or a trailing "/")';
    if (segment === "." || segment === "..")
      return 'expected path segments other than "." and ".."';
    if (Buffer.byteLength(segment) > 255) return "expected segments of at most 255 bytes";
  }
  if (Buffer.byteLength(name) > 1024) return "expected at most 1024 bytes";
  return undefined;
}

/** `text` in quotes, with everything that could change a terminal or a log line escaped, cut to 120 characters. */
export function quote(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return JSON.stringify(cut).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function judgeReserved(name: string): string | undefined {
  const first = name.split("/", 1)[0] ?? "";
  return fold(first) === RESERVED
    ? `expected a name that is not below ${quote(RESERVED)}`
    : undefined;
}

function tooLong(name: string, rootBytes: number): string | undefined {
  // PATH_MAX is 4096 with the terminating NUL; the slash between is ours
  return rootBytes + 1 + Buffer.byteLength(name) > 4095
    ? "expected a path of at most 4095 bytes on this host"
    : undefined;
}

function findClashes(names: readonly SecretName[]): Map<string, string> {
  const byFolded = groupBy(names);
  const clashes = new Map<string, string>();
  for (const [folded, same] of byFolded) {
    if (same.length > 1)
      for (const name of same)
        clashes.set(name, "expected names that differ by more than case or Unicode normalisation");
    for (let slash = folded.indexOf("/"); slash !== -1; slash = folded.indexOf("/", slash + 1)) {
      const parents = byFolded.get(folded.slice(0, slash));
      if (parents === undefined) continue;
      for (const name of [...parents, ...same])
        clashes.set(name, "expected a name to be a file or a folder, not both");
    }
  }
  return clashes;
}

function groupBy(names: readonly SecretName[]): Map<string, SecretName[]> {
  const groups = new Map<string, SecretName[]>();
  for (const name of names) {
    const folded = fold(name);
    const group = groups.get(folded);
    if (group) group.push(name);
    else groups.set(folded, [name]);
  }
  return groups;
}

// upper then lower: "ß" and "SS" fold together, as case-insensitive file systems do
function fold(name: string): string {
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

function matching<Name extends string>(
  text: string,
  pattern: RegExp,
  what: string,
  expected: string,
): Name {
  if (!pattern.test(text))
    throw new PosternError("BadName", `invalid ${what} ${quote(text)}: expected ${expected}`);
  return text as Name;
}
