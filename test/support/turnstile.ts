/**
 * Lets the requests of several actors through one at a time, in a chosen order.
 *
 * Nobody is let through before all who are still at work stand and wait, and the last request is answered: so the
 * choice is between all of them, and the same choices make the same run.
 * @module
 */
export interface Turnstile {
  /** Resolves when it is the actor's turn. */
  enter(actor: number): Promise<void>;
  /** What had the turn is answered. */
  passed(): void;
  /** The actor's work is done. */
  leave(actor: number): void;
}

/** @param choose one of the actors */
export function createTurnstile(
  actors: readonly number[],
  choose: (waiting: readonly number[]) => number,
): Turnstile {
  const queues = new Map(actors.map((actor) => [actor, [] as (() => void)[]]));
  let isTaken = false;
  const turn = (): void => {
    const all = [...queues];
    if (isTaken || all.length === 0 || all.some(([, queue]) => queue.length === 0)) return;
    isTaken = true;
    queues.get(choose(all.map(([actor]) => actor)))?.shift()?.();
  };
  return {
    enter: (actor) =>
      new Promise((resolve) => {
        queues.get(actor)?.push(resolve);
        turn();
      }),
    passed: () => {
      isTaken = false;
      turn();
    },
    leave: (actor) => {
      queues.delete(actor);
      turn();
    },
  };
}
