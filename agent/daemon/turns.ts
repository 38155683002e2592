/** One at a time for each group: a pass, a rollback, whatever changes its files. @module */
import type { GroupName } from "../core/names.ts";

/** Runs `work` once every earlier work on the group has ended, however that ended. */
export type InTurn = <Result>(group: GroupName, work: () => Promise<Result>) => Promise<Result>;

export interface Turns {
  readonly inTurn: InTurn;
  /** Whether something is being done to the group, or waits for its turn. */
  isBusy(group: GroupName): boolean;
}

export function createTurns(): Turns {
  const last = new Map<GroupName, Promise<unknown>>();
  return {
    inTurn: (group, work) => {
      const turn = (last.get(group) ?? Promise.resolve()).then(work);
      const ended = turn.then(
        () => undefined,
        () => undefined,
      );
      last.set(group, ended);
      void ended.then(() => {
        if (last.get(group) === ended) last.delete(group);
      });
      return turn;
    },
    isBusy: (group) => last.has(group),
  };
}
