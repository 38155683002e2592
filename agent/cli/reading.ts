/**
 * Finding a group or a secret below the run directory: the rules of `get` and `path`.
 *
 * ```
 * RUN/secrets/GROUP -> ../groups/GROUP/current -> gen/ID      ID/NAME is a value
 * RUN/state/GROUP      "STATE LAST_SUCCESS FRESH_UNTIL GENERATION", times in epoch seconds
 * RUN/status.json      there once a pass has ended on this host
 * ```
 *
 * `bin/postern` keeps the same rules and words in shell; `test/readers.test.ts` holds both to one table.
 * @module
 */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import {
  type GroupName,
  parseGroupName,
  parseSecretName,
  quote,
  type SecretName,
} from "../core/names.ts";
import { parseWord } from "./misuse.ts";

/** What a person names: a group, or one secret of it. */
export interface Subject {
  readonly group: GroupName;
  readonly secret: SecretName | undefined;
}

export interface Question {
  /** The run directory, absolute, without a slash at its end. */
  readonly run: string;
  readonly subject: Subject;
  /** `value`: the secret will be read, so it must be a readable file. `place`: only its path matters. */
  readonly wanted: "value" | "place";
  /** The group's last success may be at most this long ago; undefined: however long. */
  readonly maxAgeMs: number | undefined;
}

/**
 * - `found`: `stable` is the path that follows every swap, `pinned` the same in the generation that is
 *   current now, which stays as it is.
 * - `missing`: `error` says why; with `passing` it may be there later.
 */
export type Finding =
  | { readonly kind: "found"; readonly stable: string; readonly pinned: string }
  | { readonly kind: "missing"; readonly error: PosternError; readonly passing: boolean };

/** `$POSTERN_RUN`, by default /run/postern; made absolute as the launcher does it. */
export function runDirectory(env: NodeJS.ProcessEnv, cwd: string): string {
  const named = env["POSTERN_RUN"] || "/run/postern";
  return (named.startsWith("/") ? named : `${cwd}/${named}`).replace(/\/$/, "");
}

/**
 * "GROUP" or "GROUP/NAME"; a name may hold further slashes.
 * @throws {PosternError} Usage
 */
export function parseSubject(text: string): Subject {
  const slash = text.indexOf("/");
  if (slash === -1) return { group: parseWord(parseGroupName, text), secret: undefined };
  return {
    group: parseWord(parseGroupName, text.slice(0, slash)),
    secret: parseWord(parseSecretName, text.slice(slash + 1)),
  };
}

/** Looks once a second until found, or until `waitMs` have passed; a denial is not waited out. */
export async function findWithin(
  question: Question,
  waitMs: number,
  clock: Clock,
): Promise<Finding> {
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    const finding = find(question, clock.now());
    const left = deadline - clock.monotonic();
    if (finding.kind === "found" || !finding.passing || left <= 0) return finding;
    await clock.sleep(Math.min(1000, left));
  }
}

/** Looks once; `now` in epoch milliseconds. */
function find(question: Question, now: number): Finding {
  const { run, subject } = question;
  const stable = `${run}/secrets/${subject.group}`;
  const pinned = enter(stable);
  if (pinned === undefined) return missingGroup(run, subject.group);
  const below = subject.secret === undefined ? "" : `/${subject.secret}`;
  return (
    (subject.secret === undefined ? undefined : missingSecret(question, stable, pinned)) ??
    tooOld(question, now) ?? { kind: "found", stable: stable + below, pinned: pinned + below }
  );
}

/** The real path of a directory that may be searched; from here on, everything is read in one generation. */
function enter(directory: string): string | undefined {
  try {
    const real = realpathSync(directory);
    return isDirectory(real) && may(real, constants.X_OK) ? real : undefined;
  } catch {
    return undefined;
  }
}

function missingSecret(
  { subject, wanted }: Question,
  stable: string,
  pinned: string,
): Finding | undefined {
  const name = `${subject.group}/${subject.secret}`;
  const file = `${pinned}/${subject.secret}`;
  if (wanted === "place" && existsSync(file)) return undefined;
  const kind = kindOf(file);
  if (kind === "file") {
    return may(file, constants.R_OK)
      ? undefined
      : denied(`secret ${quote(name)}`, `${stable}/${subject.secret}`);
  }
  const folder = kind === "folder" ? ": expected a file, got a folder" : "";
  return missing("NotFound", `no such secret ${quote(name)}${folder}`, {
    hint: `ls ${quote(stable)} shows the names`,
  });
}

function missingGroup(run: string, group: GroupName): Finding {
  const home = `${run}/groups/${group}`;
  const stable = `${run}/secrets/${group}`;
  if (isDirectory(home) && !may(home, constants.X_OK)) return denied(`group ${quote(group)}`, home);
  if (isDirectory(stable)) return denied(`group ${quote(group)}`, `${stable}/`);
  if (isDirectory(home) || existsSync(`${run}/state/${group}`)) {
    return missing("NotReady", `not ready: group ${quote(group)} has no generation yet`, {
      hint: "postern status says why, postern get --wait 30s waits for it",
    });
  }
  if (existsSync(`${run}/status.json`)) {
    return missing("NotFound", `no such group ${quote(group)}`, {
      hint: "postern status lists the groups of this host",
    });
  }
  return missing("NotReady", "not ready: postern has not run on this host yet", {
    hint: "run postern fetch, or wait for it with postern get --wait 30s",
  });
}

function tooOld({ run, subject, maxAgeMs }: Question, now: number): Finding | undefined {
  if (maxAgeMs === undefined) return undefined;
  const hint = "postern status says why";
  const group = `not fresh: group ${quote(subject.group)}`;
  const succeeded = lastSuccess(`${run}/state/${subject.group}`);
  if (succeeded === undefined)
    return missing("NotReady", `${group} never was in step with S3`, { hint });
  const age = Math.floor(now / 1000) - succeeded;
  if (age * 1000 <= maxAgeMs) return undefined;
  return missing(
    "NotReady",
    `${group} was last in step with S3 ${age}s ago, expected at most ${maxAgeMs / 1000}s`,
    { hint },
  );
}

/** Epoch seconds; anything that is not a plausible time counts as never. */
function lastSuccess(stateFile: string): number | undefined {
  try {
    const digits = /^\S+ ([1-9]\d{0,10})(?: |$)/.exec(readFileSync(stateFile, "utf8"))?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}

function denied(what: string, path: string): Finding {
  const error = new PosternError("Denied", `denied: ${what} is not readable by this user`, {
    hint: `its owner and mode decide: see ls -ld ${quote(path)}`,
  });
  return { kind: "missing", error, passing: false };
}

function missing(
  code: "NotFound" | "NotReady",
  message: string,
  details: { readonly hint: string },
): Finding {
  return { kind: "missing", error: new PosternError(code, message, details), passing: true };
}

function isDirectory(path: string): boolean {
  return kindOf(path) === "folder";
}

/** Undefined too for what this user may not look at. */
function kindOf(path: string): "file" | "folder" | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() ? "file" : stats.isDirectory() ? "folder" : undefined;
  } catch {
    return undefined;
  }
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
