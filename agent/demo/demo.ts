/** The demo: the whole of postern on one machine, each step checked. @module */
import type { Screen } from "./screen.ts";
import { FIRST_STEPS } from "./first-steps.ts";
import { LATER_STEPS } from "./later-steps.ts";
import { openScene, type SceneOptions } from "./scene.ts";
import { runSteps } from "./step.ts";

/**
 * Plays the demo, and leaves neither a file nor a process behind, however it ends.
 * @returns whether every step held
 * @throws {PosternError} when the sandbox cannot start
 */
export async function playDemo(options: SceneOptions, screen: Screen): Promise<boolean> {
  const scene = await openScene(options);
  try {
    return await runSteps([...FIRST_STEPS, ...LATER_STEPS], scene, screen, options.signal);
  } finally {
    await scene.close();
  }
}
