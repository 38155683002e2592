/**
 * Paths that the store may act on, and how they come about.
 *
 * A path that was checked and is then used again may lead elsewhere by then: a parent may have been replaced
 * by a symlink. So nothing is used twice by its path. Each directory is opened once, and what lies in it is
 * addressed through the open descriptor, one segment at a time: `/proc/self/fd/7/db_password`. Node has no
 * openat(2); the kernel resolves such a path from the directory's inode, as openat would.
 * @see proc_pid_fd(5)
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";

declare const brand: unique symbol;
/** A path by which the store may touch the disk: "/", or one or more checked segments below an open directory. */
export type TargetPath = string & { readonly [brand]: "TargetPath" };
/** A generation's name on this host: twelve hex digits, chosen by chance. */
export type GenerationId = string & { readonly [brand]: "GenerationId" };

export const GENERATION_ID_BYTES = 6;

/** An open directory. */
export interface Directory {
  readonly fd: number;
  /** Where it was found: for messages, and for readers. The store itself never resolves it again. */
  readonly path: string;
}

/** Where every walk starts. */
export const ROOT: TargetPath = "/" as TargetPath;

/**
 * What `segment` names in `directory`, by the directory's descriptor.
 * @throws {PosternError} BadName unless it is one plain segment
 */
export function childOf(directory: Directory, segment: string): TargetPath {
  if (segment === "" || segment === "." || segment === ".." || /[/\0]/.test(segment)) {
    throw new PosternError(
      "BadName",
      `invalid file name ${quote(segment)}: expected one path segment`,
    );
  }
  return `/proc/self/fd/${directory.fd}/${segment}` as TargetPath;
}

/** The directory itself, by its descriptor. */
export function selfOf(directory: Directory): TargetPath {
  return `/proc/self/fd/${directory.fd}/.` as TargetPath;
}

/**
 * The file of a secret in a directory that this process made a moment ago and that nobody else may enter.
 * Only there is it safe to leave the folders within the name to the kernel: elsewhere, walk.
 */
export function freshFile(directory: Directory, name: SecretName): TargetPath {
  return `/proc/self/fd/${directory.fd}/${name}` as TargetPath;
}

/** `text` as a generation's id, or undefined when it is none. */
export function parseGenerationId(text: string): GenerationId | undefined {
  return /^[0-9a-f]{12}$/.test(text) ? (text as GenerationId) : undefined;
}

/** The folders on the way to `name`, outermost first: "a/b/c" lies in "a" and "a/b". */
export function foldersOf(name: SecretName): readonly SecretName[] {
  const segments = name.split("/");
  // what begins a judged name, whole segments long, would itself be judged well
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/") as SecretName);
}
