/**
 * Measuring by comparison: what is compared runs in turn, so that a busy machine slows all of it alike.
 *
 * Times of one machine say little about another; ratios within one run do. Nothing else is reported.
 * @module
 */
import { spawnSync } from "node:child_process";

/** One benchmark: what it compares, and which ratios are promised. */
export interface Bench {
  readonly name: string;
  /** What is compared with what, in one line. */
  readonly method: string;
  /** Measures, and gives one line for each promise. */
  readonly run: (tell: Tell) => Promise<readonly Verdict[]>;
}

/** Takes a line about what the ratios are made of. */
export type Tell = (line: string) => void;

/** A ratio, and the most or the least that it may be; without either it is information. */
export interface Verdict {
  readonly what: string;
  readonly ratio: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A named thing to time; it fails by throwing. */
export interface Contestant {
  readonly name: string;
  /** Makes ready for one run; not timed. */
  readonly before?: () => void;
  readonly once: () => void | Promise<void>;
}

/**
 * The median time of each contestant in milliseconds, by name.
 *
 * All run once in each round, and each round begins with another of them. A round before the first is not
 * counted: it fills the caches.
 */
export async function inTurn(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round += 1) {
    for (let place = 0; place < contestants.length; place += 1) {
      const contestant = contestants[(place + round + 1) % contestants.length];
      if (contestant === undefined) continue;
      contestant.before?.();
      const start = performance.now();
      await contestant.once();
      if (round >= 0) times.get(contestant.name)?.push(performance.now() - start);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

/** How many times longer `subject` takes than `reference`; both must be in `medians`. */
export function ratio(
  medians: ReadonlyMap<string, number>,
  subject: string,
  reference: string,
): number {
  return (medians.get(subject) ?? Number.NaN) / (medians.get(reference) ?? Number.NaN);
}

/**
 * A command, run `times` times in a row with its output thrown away. A shell starts it, since starting a
 * process from Node costs more than what a small command does, and would flatter its ratio.
 */
export function commandContestant(
  name: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  times: number,
): Contestant {
  const loop = 'i=0; while [ $i -lt "$times" ]; do "$@" || exit; i=$((i + 1)); done';
  return {
    name,
    once: () => {
      const { status, error } = spawnSync("/bin/sh", ["-c", loop, "sh", ...command], {
        env: { ...env, times: String(times) },
        stdio: "ignore",
      });
      if (status !== 0) throw new Error(`${name}: ended with ${status}`, { cause: error });
    },
  };
}

/** Runs a command with its output thrown away, and waits for its end. */
export function runProgram(
  [program = "", ...words]: readonly string[],
  env: Readonly<Record<string, string>>,
): void {
  const { status, error } = spawnSync(program, words, {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`${program}: ended with ${status}`, { cause: error });
}

/** The middle one, or the mean of the middle two. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}
