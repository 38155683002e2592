/** What the daemon tells, in the words of the log and the counts of the metrics. @module */
import type { ReloadConfig } from "../config/config.ts";
import { inOneLine, type PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { DaemonObserver, PassReport, ReloadReport } from "../daemon/observer.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";

export interface Observing {
  readonly observer: DaemonObserver;
  /** Whether the group's last set, as far as it was asked for, came from a replica. */
  readonly isFailedOver: (group: string) => boolean;
}

/** @param now epoch milliseconds */
export function observe(log: Log, metrics: Metrics, now: () => number): Observing {
  const failedOver = new Set<string>();
  const observer = observerOf(log, metrics, now);
  return {
    isFailedOver: (group) => failedOver.has(group),
    observer: {
      ...observer,
      onPass: (report) => {
        const { outcome, group } = report;
        if ("from" in outcome && outcome.from.kind === "replica") failedOver.add(group);
        else if ("from" in outcome) failedOver.delete(group);
        observer.onPass(report);
      },
    },
  };
}

function observerOf(log: Log, metrics: Metrics, now: () => number): DaemonObserver {
  const tellNotes = notesTo(log);
  return {
    onWait: ({ message }) => log.write({ event: "waiting", why: message }),
    onPass: (report) => {
      metrics.pass(report.group, report.outcome.kind, report.durationMs);
      tellPass(report, log, metrics);
      tellNotes(report);
    },
    onReload: (report) => {
      countReload(report, metrics);
      tellReload(report, log);
    },
    onRemoved: (group, why) => log.write({ event: "files-removed", group, why }),
    onConfig: (groups) => {
      metrics.configRead(true, now());
      log.write({ event: "config-read", groups });
    },
    onConfigRefused: (error) => {
      metrics.configRead(false, now());
      log.write({ event: "config-refused", ...faultIn(error) });
    },
    onFailover: (event) => {
      if (event.kind === "failover") log.write({ event: "failover", ...faultIn(event.outage) });
      else log.write({ event: "failback", lastedMs: Math.round(event.lastedMs) });
    },
    onClockStep: (stepMs) => log.write({ event: "clock-step", stepMs }),
  };
}

// what one person changed on a host is told file by file, what a script changed is not
const MAX_TAMPERED = 20;

function tellPass(
  { group, outcome, before, status, durationMs }: PassReport,
  log: Log,
  metrics: Metrics,
): void {
  const drift = "drift" in outcome ? (outcome.drift ?? []) : [];
  for (const { kind } of drift) metrics.drift(group, kind, 1);
  for (const { kind, path } of drift.slice(0, MAX_TAMPERED))
    log.write({ event: "tampering", group, kind, path: quote(path) });
  switch (outcome.kind) {
    case "unchanged":
      log.write({ event: "group-unchanged", group, durationMs: Math.round(durationMs) });
      break;
    case "changed": {
      const { generation, secrets, bytes, changes } = outcome;
      const { added, changed, removed } = changes;
      const amounts = { added: added.length, changed: changed.length, removed: removed.length };
      log.write({ event: "group-changed", group, generation, secrets, bytes, ...amounts });
      break;
    }
    case "held":
      log.write({ event: "group-held", group, why: outcome.why });
      break;
    case "waiting":
      log.write({ event: "group-waiting", group, why: outcome.why });
      break;
    case "failed":
      log.write({ event: "group-failed", group, ...faultIn(outcome.error) });
      break;
    default:
      outcome satisfies never;
  }
  if (status !== undefined && before !== status.state)
    log.write({ event: "state-changed", group, from: before ?? "pending", to: status.state });
}

/** Notes are told when they are news: some hold for as long as nobody does anything about them. */
function notesTo(log: Log): (report: PassReport) => void {
  const told = new Map<string, readonly string[]>();
  return ({ group, outcome }) => {
    if (!("notes" in outcome)) return;
    const known = outcome.kind === "changed" ? [] : (told.get(group) ?? []);
    for (const note of outcome.notes)
      if (!known.includes(note)) log.write({ event: "group-note", group, note });
    told.set(group, outcome.notes);
  };
}

function countReload({ groups, result }: ReloadReport, metrics: Metrics): void {
  for (const group of groups) {
    if (result.kind === "done") metrics.reload(group, "done");
    if (result.kind === "failed" || result.kind === "rolled-back") metrics.reload(group, "failed");
    if (result.kind === "rolled-back") metrics.rollback(group);
  }
}

function tellReload({ groups, reload, result }: ReloadReport, log: Log): void {
  const about = { groups, target: targetOf(reload) };
  switch (result.kind) {
    case "done":
      log.write({ event: "reload-done", ...about });
      break;
    case "not-needed":
      log.write({ event: "reload-not-needed", ...about, why: result.why });
      break;
    case "later":
      log.write({ event: "reload-later", ...about, why: result.why });
      break;
    case "failed":
      log.write({
        event: "reload-failed",
        ...about,
        retryInMs: result.delayMs,
        ...faultIn(result.error),
      });
      break;
    case "rolled-back":
      log.write({ event: "rolled-back", ...about, ...faultIn(result.error) });
      break;
    default:
      result satisfies never;
  }
}

/** Whom it tells, and not with which words. */
function targetOf(reload: ReloadConfig): string {
  switch (reload.kind) {
    case "unit":
      return reload.unit;
    case "signal":
      return reload.pidfile;
    case "command":
      return reload.argv[0] ?? "";
    default:
      return reload satisfies never;
  }
}

/** An error, as a line of the log has it. */
export function faultIn(error: PosternError): {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
} {
  const { code, hint } = error;
  return { code, message: inOneLine(error), hint: hint ?? null };
}
