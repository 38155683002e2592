/**
 * `npm run bench [-- NAME... --verbose]`: runs every benchmark or the named ones and prints their ratios, beside
 * what is aimed at. It judges nothing: a busy machine is no fault.
 * @module
 */
import { bench as bulk } from "./bulk.ts";
import { bench as daemon } from "./daemon.ts";
import { bench as fetch } from "./fetch.ts";
import { bench as get } from "./get.ts";
import type { Bench, Tell, Verdict } from "./measure.ts";
import { bench as policy } from "./policy.ts";
import { bench as prove } from "./prove.ts";
import { bench as publish } from "./publish.ts";

const BENCHES: readonly Bench[] = [get, fetch, bulk, publish, daemon, policy, prove];
const METHOD = `Ratios of medians. What is compared runs in turn in this one run, so that a busy machine slows all of it alike;
the sandbox that answers is a process of its own, and does not count. Node ${process.version}, ${process.arch}.
`;

const words = process.argv.slice(2);
const wanted = words.filter((word) => word !== "--verbose");
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const names = BENCHES.map(({ name }) => name).join(", ");
  process.stderr.write(`no such benchmark: ${unknown.join(", ")}; there are ${names}\n`);
  process.exitCode = 64;
} else {
  await runAll(BENCHES.filter(({ name }) => wanted.length === 0 || wanted.includes(name)));
}

async function runAll(benches: readonly Bench[]): Promise<void> {
  process.stdout.write(METHOD);
  const tell: Tell = words.includes("--verbose")
    ? (line) => void process.stdout.write(`         ${line}\n`)
    : () => undefined;
  for (const bench of benches) {
    process.stdout.write(`\n${bench.name}: ${bench.method}\n`);
    for (const verdict of await bench.run(tell)) print(verdict);
  }
}

function print(verdict: Verdict): void {
  const { what, ratio, atMost } = verdict;
  const aim = saidAim(verdict);
  const digits = ratio >= 1000 ? 0 : atMost !== undefined && atMost < 1 ? 3 : 2;
  process.stdout.write(`  ${what.padEnd(32)}${ratio.toFixed(digits).padStart(7)}${aim}\n`);
}

function saidAim({ ratio, atMost, atLeast }: Verdict): string {
  if (atLeast !== undefined)
    return `  (aim: at least ${atLeast}${ratio >= atLeast ? "" : "; below it"})`;
  if (atMost === undefined) return "";
  return `  (aim: at most ${atMost}${ratio <= atMost ? "" : "; above it"})`;
}
