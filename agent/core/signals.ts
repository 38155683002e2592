/** The signals that a program may be told by: those that make it look at its files again, or end. @module */

const SIGNALS = [
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGWINCH",
] as const;

export type TellingSignal = (typeof SIGNALS)[number];

/** "HUP" or "SIGHUP"; undefined for what is none of them. */
export function signalNamed(word: string): TellingSignal | undefined {
  return SIGNALS.find((signal) => signal === word || signal === `SIG${word}`);
}
