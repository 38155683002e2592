/**
 * What the first pass over 1,000 secrets costs in CPU and memory, beside a bare client's and the SDK's.
 *
 * Each is a process of its own that says at its end what it used; the sandbox's work is not in it. CPU for an
 * object is user and system time, less that of the same program with nothing to do. The other two keep the
 * objects in memory; postern also checks each of them and writes it to a file.
 * @module
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Bench,
  type Contestant,
  inTurn,
  median,
  runProgram,
  type Tell,
  type Verdict,
} from "./measure.ts";
import { inWorld, launcher, seedGroup, type World, writeConfig } from "./world.ts";

const SECRETS = 1000;
const ROUNDS = 5;

export const bench: Bench = {
  name: "bulk",
  method: `${SECRETS} secrets, no latency; CPU time and peak memory of the process, against a bare client and the SDK's`,
  run: (tell) => inWorld(0, (world) => measureBulk(world, tell)),
};

/** What one process used. */
interface Usage {
  /** User and system time in milliseconds. */
  readonly cpu: number;
  /** Largest resident set in MiB. */
  readonly memory: number;
}

async function measureBulk(world: World, tell: Tell): Promise<readonly Verdict[]> {
  seedGroup(world, "web", SECRETS);
  const { file, tree } = writeConfig(world, "web", "prefix: web/");
  const program = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const meter = createMeter(world);
  const clean = (): void => rmSync(tree, { recursive: true, force: true });
  const contestants: readonly Contestant[] = [
    meter.contestant("postern", [launcher, "fetch", "--quiet", "--config", file], clean),
    meter.contestant("postern idle", [launcher, "--version"]),
    meter.contestant("bare", [process.execPath, program("bare"), "web/"]),
    meter.contestant("bare idle", [process.execPath, program("bare")]),
    meter.contestant("sdk", [process.execPath, program("sdk"), "web/"]),
    meter.contestant("sdk idle", [process.execPath, program("sdk")]),
  ];
  await inTurn(contestants, ROUNDS);
  return judge((name) => meter.median(name), tell);
}

function judge(used: (name: string) => Usage, tell: Tell): readonly Verdict[] {
  const names = ["postern", "bare", "sdk"] as const;
  const perObject = (name: (typeof names)[number]): number =>
    (used(name).cpu - used(`${name} idle`).cpu) / SECRETS;
  for (const name of names) {
    const { cpu, memory } = used(name);
    tell(
      `${name.padEnd(8)} ${perObject(name).toFixed(2)} ms of CPU an object, ${cpu.toFixed(0)} ms in all, ${memory.toFixed(0)} MiB at most`,
    );
  }
  const against = (name: "bare" | "sdk", atMost: number): Verdict => ({
    what: `CPU an object / ${name}'s`,
    ratio: perObject("postern") / perObject(name),
    atMost,
  });
  const memory = used("postern").memory / used("bare").memory;
  return [
    against("bare", 2),
    against("sdk", 1),
    { what: "peak memory / bare's", ratio: memory, atMost: 2 },
  ];
}

interface Meter {
  contestant(name: string, command: readonly string[], before?: () => void): Contestant;
  /** The medians of all of its runs. */
  median(name: string): Usage;
}

/** Lets each process write down what it used, as its last act. */
function createMeter({ folder, env }: World): Meter {
  const report = join(folder, "usage.json");
  const hook = join(folder, "usage.cjs");
  writeFileSync(
    hook,
    `process.on("exit", () => {
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
      const usage = [(userCPUTime + systemCPUTime) / 1000, maxRSS / 1024].join(" ");
      require("node:fs").writeFileSync(${JSON.stringify(report)}, usage);
    });`,
  );
  const metered = { ...env, NODE_OPTIONS: `--require ${hook}` };
  const runs = new Map<string, Usage[]>();
  return {
    contestant: (name, command, before) => ({
      name,
      ...(before === undefined ? {} : { before }),
      once: () => {
        runProgram(command, metered);
        const [cpu = Number.NaN, memory = Number.NaN] = readFileSync(report, "utf8")
          .split(" ")
          .map(Number);
        const usage = { cpu, memory };
        runs.set(name, [...(runs.get(name) ?? []), usage]);
      },
    }),
    median: (name) => {
      // the first is inTurn's round that does not count
      const counted = runs.get(name)?.slice(1) ?? [];
      return {
        cpu: median(counted.map(({ cpu }) => cpu)),
        memory: median(counted.map(({ memory }) => memory)),
      };
    },
  };
}
