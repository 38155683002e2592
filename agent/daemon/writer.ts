/** The right to write: the lock held, the tree open and swept, for as long as `use` takes. @module */
import type { PathsConfig } from "../config/config.ts";
import type { Chance, Clock } from "../core/clock.ts";
import type { PosternError } from "../core/errors.ts";
import type { FileSystem } from "../store/file-system.ts";
import { acquireLock } from "../store/lock.ts";
import type { RunProgram } from "../store/program.ts";
import { sweepTree } from "../store/sweep.ts";
import { closeTree, openRun, openTree, type Tree } from "../store/tree.ts";

export interface WriterEffects {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly fs: FileSystem;
  /** Runs flock(1) and getent(1). */
  readonly run: RunProgram;
  readonly uid: number;
  readonly pid: number;
}

/** What it takes to ask AWS, and to write. */
export interface HostEffects extends WriterEffects {
  readonly env: NodeJS.ProcessEnv;
}

export interface Turn {
  readonly paths: PathsConfig;
  /** Named to those who wait meanwhile. */
  readonly command: string;
  /** How long to wait for another writer. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Told once, when there is a wait. */
  readonly onWait?: (why: PosternError) => void;
}

/**
 * Waits for the turn to write, and gives it back whatever happens.
 * @throws {PosternError} Locked, UnsafeTree, CannotWrite, or whatever `use` throws
 */
export async function withTree<Result>(
  { paths, ...wait }: Turn,
  effects: WriterEffects,
  use: (tree: Tree) => Promise<Result>,
): Promise<Result> {
  const run = openRun({ ...effects, run: paths.run });
  try {
    const lock = await acquireLock(run, { ...effects, ...wait });
    try {
      const tree = openTree({ ...effects, ...paths });
      try {
        sweepTree(tree);
        return await use(tree);
      } finally {
        closeTree(tree);
      }
    } finally {
      lock.release();
    }
  } finally {
    effects.fs.close(run.fd);
  }
}
