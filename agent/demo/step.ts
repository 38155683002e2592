/** Steps that are checked, not only shown. @module */
import { toPosternError } from "../core/errors.ts";
import type { Screen } from "./screen.ts";

export interface Step<Scene> {
  readonly title: string;
  readonly run: (scene: Scene, telling: Telling) => Promise<void>;
}

/** What a step says while it runs. */
export interface Telling extends Pick<Screen, "note" | "command" | "output" | "during"> {
  /** Counts as true when `got` is `expected`, and says so in either case. */
  check<Value extends string | number | boolean>(
    promise: string,
    got: Value,
    expected: Value,
  ): void;
}

/**
 * Runs the steps one after the other, up to the first that fails: those after it build on it.
 *
 * A step has failed when a check was not true, when it threw, or when it checked nothing.
 * @param signal ends the demo after the step that runs
 * @returns whether every step held
 */
export async function runSteps<Scene>(
  steps: readonly Step<Scene>[],
  scene: Scene,
  screen: Screen,
  signal: AbortSignal,
): Promise<boolean> {
  for (const [at, step] of steps.entries()) {
    screen.title(`${at + 1}/${steps.length}  ${step.title}`);
    const held = await holds(step, scene, screen, signal);
    // whoever asked it to end knows why it ends
    if (signal.aborted) return false;
    if (held) continue;
    screen.failed(`step ${at + 1} of ${steps.length}; those after it were not run`);
    return false;
  }
  return true;
}

async function holds<Scene>(
  step: Step<Scene>,
  scene: Scene,
  screen: Screen,
  signal: AbortSignal,
): Promise<boolean> {
  let checked = 0;
  let failed = 0;
  const check: Telling["check"] = (promise, got, expected) => {
    checked += 1;
    if (got === expected) return screen.ok(promise);
    failed += 1;
    screen.failed(`${promise}: expected ${expected}, got ${got}`);
  };
  try {
    await step.run(scene, { ...screen, check });
  } catch (error) {
    failed += 1;
    if (!signal.aborted) screen.failed(toPosternError(error).message);
  }
  if (checked === 0 && failed === 0) screen.failed("expected a check, got none");
  return checked > 0 && failed === 0;
}
