/**
 * Swaps between two sets below its argument until it is killed, and says each time that it did. All values of
 * a set begin with its letter.
 */
import { newWorld, pass, stillClock } from "./store.ts";
import { letterSet } from "./letter-set.ts";

const clock = stillClock();
const world = newWorld(process.argv[2] ?? "", { clock });
for (let index = 1; ; index += 1) {
  await pass(world, letterSet(index % 2 === 0 ? "a" : "b"));
  process.stdout.write(".");
}
