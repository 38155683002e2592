/** What the host's own settings are when the config leaves them out, and how they must fit together. @module */
import { quote } from "../core/names.ts";
import type { LimitsConfig, PathsConfig, RefreshConfig } from "./config.ts";
import type { Report } from "./group.ts";
import { isWithin } from "./overlap.ts";
import type { MainSettings } from "./schema.ts";
import { encodeDuration, parseDuration, parseSize } from "./units.ts";

export interface Host {
  readonly refresh: RefreshConfig;
  readonly paths: PathsConfig;
  readonly limits: Omit<LimitsConfig, "requestsPerMinute">;
  /** For groups that name no `max_age`. */
  readonly maxAgeMs: number;
}

/** `settings` with every default filled in. */
export function completeHost({ refresh, paths, limits }: Partial<MainSettings>): Host {
  const everyMs = refresh?.every ?? parseDuration("60s");
  return {
    refresh: {
      everyMs,
      // a host that polls every 5 s has no 10 s to spread over
      splayMs: refresh?.splay ?? Math.min(parseDuration("10s"), everyMs),
    },
    paths: { run: paths?.run ?? "/run/postern", state: paths?.state ?? "/var/lib/postern" },
    limits: {
      concurrency: limits?.concurrency ?? 64,
      requestTimeoutMs: limits?.request_timeout ?? parseDuration("5s"),
      passTimeoutMs: limits?.pass_timeout ?? parseDuration("60s"),
      maxHostBytes: limits?.max_host_size ?? parseSize("64MiB"),
    },
    // the default alone follows a slower refresh: an hour written down is an hour meant
    maxAgeMs: refresh?.max_age ?? Math.max(parseDuration("1h"), everyMs),
  };
}

/** Tells `report` which of the host's settings contradict each other. */
export function judgeHost({ refresh, paths, limits, maxAgeMs }: Host, report: Report): void {
  const { everyMs, splayMs } = refresh;
  if (splayMs > everyMs) report(["refresh", "splay"], atMost("refresh.every", everyMs, splayMs));
  if (maxAgeMs < everyMs)
    report(
      ["refresh", "max_age"],
      `expected at least refresh.every (${encodeDuration(everyMs)}), got "${encodeDuration(maxAgeMs)}"`,
    );
  if (limits.requestTimeoutMs > limits.passTimeoutMs)
    report(
      ["limits", "request_timeout"],
      atMost("limits.pass_timeout", limits.passTimeoutMs, limits.requestTimeoutMs),
    );
  if (isWithin(paths.run, paths.state) || isWithin(paths.state, paths.run))
    report(
      ["paths"],
      `expected run and state apart from each other, got ${quote(paths.run)} and ${quote(paths.state)}`,
    );
}

function atMost(key: string, limitMs: number, gotMs: number): string {
  return `expected at most ${key} (${encodeDuration(limitMs)}), got "${encodeDuration(gotMs)}"`;
}
