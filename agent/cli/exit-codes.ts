/** What each exit code means, said once: the help, the man pages and the docs take it from here. @module */
import { EXIT, type ExitCode } from "../core/errors.ts";

export interface ExitMeaning {
  readonly code: ExitCode;
  /** A few words, for the foot of the help. */
  readonly short: string;
  /** A sentence or two for the table of a page: when it is given and what to do. */
  readonly long: string;
}

const SAID: Readonly<Record<ExitCode, readonly [short: string, long: string]>> = {
  [EXIT.done]: ["done", "Done. Nothing changed, or nobody asked whether it did."],
  [EXIT.internal]: [
    "internal fault",
    "A fault of postern itself. With POSTERN_DEBUG set, the places in the program are printed too.",
  ],
  [EXIT.changed]: [
    "changed (with --detailed-exitcode), or not as expected",
    "Done, and a set changed or would change, with --detailed-exitcode; or what a policy command checks is not as expected: a decision, a finding, a difference.",
  ],
  [EXIT.usage]: ["usage", "The command line is wrong."],
  [EXIT.badData]: [
    "bad data",
    "A secret that cannot be stored as a file, an object above its limit, or one that is not what the configuration says. The last good files stay.",
  ],
  [EXIT.notFound]: ["no such secret or group", "No such secret, group, field, bucket or object."],
  [EXIT.unavailable]: [
    "unavailable",
    "S3, KMS or IMDS is unavailable: an outage, throttling, a wrong clock, missing or expired credentials. The last good files stay. Try again.",
  ],
  [EXIT.decryptFailed]: [
    "decrypt failed",
    "An object did not open under the configured keys and encryption context. The last good files stay.",
  ],
  [EXIT.cannotWrite]: [
    "cannot write",
    "The destination refused: permissions, space, an obstacle in the way, or a tree that others may write. Also a closed standard output.",
  ],
  [EXIT.notReady]: [
    "not ready yet",
    "Not ready yet, older than asked, another postern is writing, or another publisher was first. Try again.",
  ],
  [EXIT.denied]: [
    "denied",
    "AWS denied the role, or the kernel denied this user. Trying again does not help.",
  ],
  [EXIT.configInvalid]: [
    "config invalid",
    "The configuration is wrong, or not to be trusted because others may write it.",
  ],
  [EXIT.checkFailed]: [
    "check, verify or reload failed",
    "A check, a verification or a reload failed; or not all holds that policy prove or policy verify looks at.",
  ],
};

/** By code, lowest first. */
export const exitMeanings: readonly ExitMeaning[] = Object.values(EXIT)
  .map((code) => ({ code, short: SAID[code][0], long: SAID[code][1] }))
  .sort((a, b) => a.code - b.code);
