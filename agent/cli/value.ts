/** A value as a publisher hands it over: from stdin, a file or an editor. Never from argv, which everybody can read. @module */
import { readFile } from "node:fs/promises";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Terminal } from "./report.ts";

/** More than any host would take by default, and far less than what a slip could send. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws {PosternError} NotFound, Denied, BadData */
export async function valueOfFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") throw new PosternError("NotFound", `no such file ${quote(path)}`);
    if (errno === "EACCES") throw new PosternError("Denied", `denied: cannot read ${quote(path)}`);
    throw new PosternError("BadData", `cannot read ${quote(path)}: ${errno ?? "unknown reason"}`, {
      cause: error,
    });
  }
}

/**
 * Every byte of stdin; from a terminal one line, which is not shown.
 * @throws {PosternError} TooLarge
 */
export async function valueOfInput({ stdin, stderr }: Terminal): Promise<Buffer> {
  if (stdin.isTTY) return lineUnseen(stdin, stderr);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES)
      throw new PosternError("TooLarge", `expected at most ${MAX_BYTES} bytes on stdin, got more`);
    chunks.push(chunk);
  }
  const value = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  return value;
}

export const NEWLINE = 0x0a;

/** Whether there is no newline but one at the end. */
export function isOneLine(value: Buffer): boolean {
  const at = value.indexOf(NEWLINE);
  return at === -1 || at === value.length - 1;
}

/** A part of `value`, without a newline at its end. */
export function trimmed(value: Buffer): Buffer {
  if (value.at(-1) !== NEWLINE) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

const ENTER = new Set([0x0a, 0x0d]);
const END = 0x04;
const INTERRUPT = 0x03;
const ERASE = new Set([0x08, 0x7f]);

/** Reads up to Enter with the terminal's echo off. */
async function lineUnseen(stdin: Terminal["stdin"], stderr: Terminal["stderr"]): Promise<Buffer> {
  stderr.write("value (not shown): ");
  stdin.setRawMode(true);
  const bytes: number[] = [];
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      for (const byte of chunk) {
        if (byte === INTERRUPT) throw new PosternError("Usage", "nothing was changed");
        if (ENTER.has(byte) || byte === END) return Buffer.from(bytes);
        if (ERASE.has(byte)) eraseCharacter(bytes);
        else bytes.push(byte);
      }
    }
    return Buffer.from(bytes);
  } finally {
    stdin.setRawMode(false);
    stderr.write("\n");
  }
}

/** Takes the last character off, all of its bytes. */
function eraseCharacter(bytes: number[]): void {
  while (bytes.length > 0) {
    const byte = bytes.pop() ?? 0;
    // of UTF-8, all but a character's first byte are 10xxxxxx
    if ((byte & 0xc0) !== 0x80) return;
  }
}
