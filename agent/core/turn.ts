/** Letting the event loop do what was begun. @module */
import { setImmediate as turn } from "node:timers/promises";

/**
 * Resolves when requests that were begun before are on their way, if what they go to is near. Worth waiting for
 * before work that holds the process up: a socket connects in one turn of the event loop, and is written to in the
 * next.
 */
export async function untilSent(): Promise<void> {
  await turn();
  await turn();
}
