/**
 * `npm run bench [NAME]...`: runs every benchmark or the named ones, prints their ratios, and fails when one is
 * above what is promised.
 * @module
 */
import { bench as get } from "./get.ts";
import type { Bench, Verdict } from "./measure.ts";

const BENCHES: readonly Bench[] = [get];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const names = BENCHES.map(({ name }) => name).join(", ");
  process.stderr.write(`no such benchmark: ${unknown.join(", ")}; there are ${names}\n`);
  process.exitCode = 64;
} else {
  for (const bench of BENCHES) {
    if (wanted.length > 0 && !wanted.includes(bench.name)) continue;
    for (const verdict of await bench.run()) print(bench, verdict);
  }
}

function print(bench: Bench, { what, ratio, atMost }: Verdict): void {
  const holds = ratio <= atMost;
  if (!holds) process.exitCode = 1;
  const digits = atMost < 1 ? 3 : 2;
  const numbers = `${ratio.toFixed(digits).padStart(7)}  (at most ${atMost})`;
  process.stdout.write(
    `${bench.name.padEnd(8)} ${what.padEnd(32)} ${numbers}${holds ? "" : "  BROKEN"}\n`,
  );
}
