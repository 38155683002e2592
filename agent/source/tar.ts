/**
 * Unpacks a tar archive in memory: regular files only, within limits, and nothing that a tar should not hold.
 *
 * Reads ustar, pax and GNU archives. An archive ends with two blocks of zeros (POSIX), which is also what
 * tells a whole one from one cut between two members; only zeros may follow.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html "ustar Interchange Format"
 * @module
 */
import { extract, type Header } from "tar-stream";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";

export interface TarLimits {
  /** Bytes of all files together. */
  readonly maxBytes: number;
  /** Files and folders. */
  readonly maxEntries: number;
}

export interface TarMember {
  /** As the archive names it, without a leading "./". Not yet judged as a secret's name. */
  readonly name: string;
  /** The caller wipes it. */
  readonly bytes: SecretBytes;
}

/**
 * The archive's files in its order; folders are left out. On a fault nothing of it stays in memory.
 *
 * @param archive stays the caller's
 * @throws {PosternError} BadData for a damaged archive or a member that is no plain file below the root,
 * TooLarge above a limit
 */
export async function unpackTar(
  archive: SecretBytes,
  limits: TarLimits,
): Promise<readonly TarMember[]> {
  const bytes = archive.expose();
  const members = new Map<string, SecretBytes>();
  let entries = 0;
  let room = limits.maxBytes;
  const reader = extract();
  try {
    reader.end(bytes.subarray(0, findEnd(bytes)));
    for await (const entry of reader) {
      const { header } = entry;
      entries += 1;
      if (entries > limits.maxEntries)
        throw tooLarge(`at most ${limits.maxEntries} files and folders`);
      const name = nameOf(header);
      const { size } = header;
      if (isFolder(header)) {
        entry.resume();
        continue;
      }
      refuseMember(name, header, members);
      room -= size;
      if (room < 0) throw tooLarge(`at most ${limits.maxBytes} bytes in its files`);
      members.set(name, await read(entry, size));
    }
  } catch (error) {
    for (const member of members.values()) member.wipe();
    throw error instanceof PosternError ? error : damaged("a damaged one", error);
  }
  return [...members].map(([name, body]) => ({ name, bytes: body }));
}

const BLOCK = 512;
const END_MARK = Buffer.alloc(2 * BLOCK);

/** Where the members end and the zeros begin. The reader itself would skip zeros and read on. */
function findEnd(bytes: Buffer): number {
  let at = 0;
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    // a member of 8 GiB or more spells its size in another way, and is far above every limit
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 136), 8);
    if (!(size >= 0)) throw damaged("one with a member of no readable size");
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  const rest = bytes.subarray(at);
  if (!rest.subarray(0, END_MARK.length).equals(END_MARK)) throw damaged("one that is cut short");
  if (rest.some((byte) => byte !== 0)) throw damaged("one with further bytes after its end");
  return at;
}

function nameOf({ name }: Header): string {
  return name.startsWith("./") ? name.slice(2) : name;
}

// archives from before POSIX mark a folder by its name alone
function isFolder({ type, name, size }: Header): boolean {
  return type === "directory" || (type === "file" && size === 0 && name.endsWith("/"));
}

function refuseMember(
  name: string,
  header: Header,
  members: ReadonlyMap<string, SecretBytes>,
): void {
  const fault = memberFault(name, header, members);
  if (fault !== undefined) throw new PosternError("BadData", `tar member ${quote(name)}: ${fault}`);
}

function memberFault(
  name: string,
  header: Header,
  members: ReadonlyMap<string, SecretBytes>,
): string | undefined {
  if (header.type !== "file") return `expected a regular file, got ${kindOf(header)}`;
  if (hasSparseRecord(header)) return "expected a regular file, got a sparse one";
  if (name.startsWith("/")) return "expected a relative path";
  if (name.split("/").includes("..")) return 'expected no ".." segment';
  // what the reader puts in place of bytes that are no UTF-8: two names could become one
  if (name.includes("\uFFFD")) return "expected a name in UTF-8";
  return members.has(name) ? "expected each name once" : undefined;
}

// the library's types leave out the null that it makes of a type it does not know
function kindOf({ type }: { readonly type: string | null }): string {
  return type === null ? "one of an unknown type" : `a ${type.replace("-", " ")}`;
}

// GNU tar's sparse files in pax form call themselves regular; their content begins with a map of holes
function hasSparseRecord({ pax }: Header): boolean {
  if (typeof pax !== "object" || pax === null) return false;
  return Object.keys(pax).some((record) => record.startsWith("GNU.sparse."));
}

async function read(entry: AsyncIterable<unknown>, size: number): Promise<SecretBytes> {
  const body = new SecretBytes(Buffer.alloc(size));
  let at = 0;
  try {
    for await (const chunk of entry)
      if (chunk instanceof Uint8Array) {
        body.expose().set(chunk, at);
        at += chunk.length;
      }
    if (at !== size) throw damaged("one that is cut short");
    return body;
  } catch (error) {
    body.wipe();
    throw error;
  }
}

function damaged(got: string, cause?: unknown): PosternError {
  return new PosternError(
    "BadData",
    `expected a whole tar archive, got ${got}`,
    cause === undefined ? {} : { cause },
  );
}

function tooLarge(expected: string): PosternError {
  return new PosternError("TooLarge", `tar archive: expected ${expected}, got more`);
}
