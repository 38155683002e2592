/**
 * Who may have written a file or folder, judged from what `fstat` says of it.
 *
 * A file is to be trusted when nobody but root and one user could have put it there or changed it, and that
 * needs the same of every folder on the way to it.
 * @see inode(7), the sticky bit
 * @module
 */

export interface Ownership {
  readonly uid: number;
  /** Permission bits; others are ignored. */
  readonly mode: number;
  readonly sticky: boolean;
  readonly isDirectory: boolean;
}

/**
 * Why somebody other than root and `allowedUid` may change the file, or the entries of the folder; undefined
 * when nobody else may.
 *
 * A sticky folder such as /tmp may be writable by all: what root or `allowedUid` own in it can be neither
 * renamed nor removed by others. What others add there is theirs, and judged by its own owner.
 */
export function judgeOwnership(item: Ownership, allowedUid: number): string | undefined {
  if (item.uid !== 0 && item.uid !== allowedUid) {
    const owners = allowedUid === 0 ? "root" : `root or user ${allowedUid}`;
    return `expected it to belong to ${owners}, got user ${item.uid}`;
  }
  const othersWrite = (item.mode & 0o022) !== 0;
  if (othersWrite && !(item.isDirectory && item.sticky)) {
    const mode = (item.mode & 0o777).toString(8).padStart(4, "0");
    return `expected no write permission for group and others, got mode ${mode}`;
  }
  return undefined;
}
