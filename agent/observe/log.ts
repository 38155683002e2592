/**
 * What the daemon says: one line for each event, with a closed list of fields.
 *
 * Nothing free-form goes in: each event is a record of names, states, counts and messages of our own, so that a value
 * cannot be logged by accident. Pino writes the lines; in the journal each begins with its priority.
 * @see https://getpino.io, sd-daemon(3) for the "<N>" in front
 * @module
 */
import { pino } from "pino";

export type Level = "debug" | "info" | "warn" | "error";

/** Every event, with its fields. */
export type LogEvent =
  | { readonly event: "waiting"; readonly why: string }
  | { readonly event: "started"; readonly version: string; readonly groups: number }
  | { readonly event: "stopping" }
  | { readonly event: "stopped" }
  | { readonly event: "config-read"; readonly groups: number }
  | ({ readonly event: "config-refused" } & Fault)
  | { readonly event: "config-warning"; readonly warning: string }
  | {
      readonly event: "group-changed";
      readonly group: string;
      readonly generation: string;
      readonly secrets: number;
      readonly bytes: number;
      readonly added: number;
      readonly changed: number;
      readonly removed: number;
    }
  | { readonly event: "group-unchanged"; readonly group: string; readonly durationMs: number }
  | { readonly event: "group-waiting"; readonly group: string; readonly why: string }
  | { readonly event: "group-held"; readonly group: string; readonly why: string }
  | ({ readonly event: "group-failed"; readonly group: string } & Fault)
  | {
      readonly event: "state-changed";
      readonly group: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly event: "group-note"; readonly group: string; readonly note: string }
  | {
      readonly event: "tampering";
      readonly group: string;
      readonly kind: string;
      readonly path: string;
    }
  | { readonly event: "files-removed"; readonly group: string; readonly why: string }
  | { readonly event: "reload-done"; readonly groups: readonly string[]; readonly target: string }
  | {
      readonly event: "reload-not-needed" | "reload-later";
      readonly groups: readonly string[];
      readonly target: string;
      readonly why: string;
    }
  | ({
      readonly event: "reload-failed";
      readonly groups: readonly string[];
      readonly target: string;
      readonly retryInMs: number;
    } & Fault)
  | ({
      readonly event: "rolled-back";
      readonly groups: readonly string[];
      readonly target: string;
    } & Fault)
  | ({ readonly event: "failover" } & Fault)
  | { readonly event: "failback"; readonly lastedMs: number }
  | ({ readonly event: "textfile-failed" } & Fault)
  | { readonly event: "clock-step"; readonly stepMs: number }
  | { readonly event: "asked"; readonly what: string; readonly groups: readonly string[] };

/** An error of ours: its message quotes names alone. */
interface Fault {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface Log {
  write(event: LogEvent): void;
}

export interface LogOptions {
  readonly level: Level;
  /** `pretty` is for people, one plain line each. */
  readonly format: "json" | "pretty";
  /** Whether lines go to the journal, which takes a priority in front of each. */
  readonly journal: boolean;
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What each event weighs: what a person should look at is a warning, what somebody must do something about an error. */
const LEVEL: Readonly<Record<LogEvent["event"], Level>> = {
  waiting: "warn",
  started: "info",
  stopping: "info",
  stopped: "info",
  "config-read": "info",
  "config-refused": "error",
  "config-warning": "warn",
  "group-changed": "info",
  "group-unchanged": "debug",
  "group-waiting": "debug",
  "group-held": "debug",
  "group-failed": "warn",
  "state-changed": "info",
  "group-note": "info",
  tampering: "warn",
  "files-removed": "warn",
  "reload-done": "info",
  "reload-not-needed": "info",
  "reload-later": "info",
  "reload-failed": "error",
  "rolled-back": "error",
  failover: "error",
  failback: "warn",
  "textfile-failed": "warn",
  "clock-step": "warn",
  asked: "info",
};

/** States that somebody must do something about. */
const ALARMING: ReadonlySet<string> = new Set(["expired", "denied", "rejected"]);

/** The fields that a line may have, whatever a caller hands over. */
export const LOG_FIELDS = [
  "event",
  "version",
  "groups",
  "group",
  "generation",
  "secrets",
  "bytes",
  "added",
  "changed",
  "removed",
  "durationMs",
  "why",
  "code",
  "message",
  "hint",
  "from",
  "to",
  "note",
  "warning",
  "kind",
  "path",
  "target",
  "retryInMs",
  "stepMs",
  "lastedMs",
  "what",
] as const;

// syslog(3)
const PRIORITY: Readonly<Record<Level, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

export function createLog({ level, format, journal, write, now }: LogOptions): Log {
  const lines = pino(
    {
      level,
      base: null,
      messageKey: "msg",
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line) },
  );
  return {
    write: (event) => {
      const weight = levelOf(event);
      const prefix = journal ? `<${PRIORITY[weight]}>` : "";
      if (format === "pretty") {
        if (lines.isLevelEnabled(weight)) write(`${prefix}${prettyLine(event, weight, now())}\n`);
        return;
      }
      if (!lines.isLevelEnabled(weight)) return;
      // in front of the same write, so that no other line comes between
      if (prefix !== "") write(prefix);
      lines[weight](allowed(event));
    },
  };
}

/**
 * Whether what this process prints goes to the journal: the variable is inherited by every child, so the stream's own
 * device and inode decide.
 * @param stat of the stream that is written to
 * @see systemd.exec(5), JOURNAL_STREAM
 */
export function isJournal(
  env: NodeJS.ProcessEnv,
  stat: { readonly dev: number; readonly ino: number },
): boolean {
  return env["JOURNAL_STREAM"] === `${stat.dev}:${stat.ino}`;
}

/** The event's fields that are on the list. */
function allowed(event: LogEvent): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(event).filter(([name]) => isField(name)));
}

function isField(name: string): boolean {
  return LOG_FIELDS.some((field) => field === name);
}

function levelOf(event: LogEvent): Level {
  if (event.event === "state-changed" && ALARMING.has(event.to)) return "error";
  return LEVEL[event.event];
}

function prettyLine(event: LogEvent, level: Level, now: number): string {
  const { event: name, ...fields } = allowed(event);
  const said = Object.entries(fields).map(([field, value]) => `${field}=${told(value)}`);
  return [new Date(now).toISOString(), level.padEnd(5), String(name), ...said].join(" ");
}

function told(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
}
