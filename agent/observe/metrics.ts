/**
 * What the daemon counts, for Prometheus.
 *
 * Labels are names of the configuration and words of ours alone, so that there are as many series as there are groups.
 * @see https://prometheus.io/docs/practices/naming/
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { GROUP_STATES, type GroupState } from "../core/group-state.ts";
import type { RequestCounts } from "../core/outcome.ts";

/** Where a group stands. Times in epoch milliseconds. */
export interface GroupFacts {
  readonly group: string;
  readonly state: GroupState;
  readonly lastSuccess: number | undefined;
  readonly freshUntil: number | undefined;
  readonly secrets: number | undefined;
  /** Plaintext. */
  readonly bytes: number | undefined;
  readonly isReloadOwed: boolean;
}

/** What is looked up when somebody asks. */
export interface Snapshot {
  readonly groups: readonly GroupFacts[];
  readonly requests: RequestCounts;
  /** Epoch milliseconds; undefined for none, and for those that never expire. */
  readonly credentialsExpireAt: number | undefined;
}

export interface Metrics {
  pass(group: string, outcome: string, durationMs: number): void;
  reload(group: string, result: string): void;
  drift(group: string, kind: string): void;
  config(accepted: boolean): void;
  /** The exposition in text, as of now. */
  text(snapshot: Snapshot): Promise<string>;
}

const GROUP = ["group"] as const;

/** @param version of the program */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> => new Gauge({ name, help, labelNames: [...labelNames], registers });
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
  ): Counter<Label> => new Counter({ name, help, labelNames: [...labelNames], registers });

  gauge("postern_build_info", "1, with the version of postern and of Node", [
    "version",
    "node",
  ]).set({ version, node: process.versions.node }, 1);
  const started = gauge("process_start_time_seconds", "When the process started, epoch seconds");
  started.set(Math.round(Date.now() / 1000 - process.uptime()));
  const resident = gauge("process_resident_memory_bytes", "Resident memory");
  const passes = counter("postern_passes_total", "Passes over a group by outcome", [
    "group",
    "outcome",
  ]);
  const durations = new Histogram({
    name: "postern_pass_duration_seconds",
    help: "How long passes took",
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
    registers,
  });
  const reloads = counter("postern_reloads_total", "Reloads by result", ["group", "result"]);
  const drifts = counter("postern_drift_total", "Files found other than written, by kind", [
    "group",
    "kind",
  ]);
  const accepted = gauge(
    "postern_config_last_reload_successful",
    "1 while the configuration in use is the one on disk when it was last read",
  );
  const looks = lookedUp(gauge);
  const requests = requestMetrics(counter);
  return {
    pass: (group, outcome, durationMs) => {
      passes.inc({ group, outcome });
      durations.observe(durationMs / 1000);
    },
    reload: (group, result) => reloads.inc({ group, result }),
    drift: (group, kind) => drifts.inc({ group, kind }),
    config: (isAccepted) => accepted.set(isAccepted ? 1 : 0),
    text: async (snapshot) => {
      resident.set(process.memoryUsage.rss());
      looks(snapshot);
      requests(snapshot.requests);
      return registry.metrics();
    },
  };
}

type MakeGauge = <Label extends string>(
  name: string,
  help: string,
  labels?: readonly Label[],
) => Gauge<Label>;

/** Gauges that say how things stand; a group that left the configuration leaves them too. */
function lookedUp(gauge: MakeGauge): (snapshot: Snapshot) => void {
  const state = gauge("postern_group_state", "1 for the state that the group is in, else 0", [
    "group",
    "state",
  ]);
  const success = gauge(
    "postern_group_last_success_timestamp_seconds",
    "When the group last was in step with S3, epoch seconds",
    GROUP,
  );
  const fresh = gauge(
    "postern_group_fresh_until_timestamp_seconds",
    "When the group is past its max_age, epoch seconds",
    GROUP,
  );
  const secrets = gauge("postern_group_secrets", "Secrets in the group's generation", GROUP);
  const bytes = gauge("postern_group_bytes", "Bytes of plaintext in the generation", GROUP);
  const owed = gauge("postern_reload_owed", "1 while a change waits for its reload", GROUP);
  const expiry = gauge(
    "postern_credentials_expiry_timestamp_seconds",
    "When the credentials in use expire, epoch seconds",
  );
  return ({ groups, credentialsExpireAt }) => {
    for (const one of [state, success, fresh, secrets, bytes, owed, expiry]) one.reset();
    for (const facts of groups) {
      const { group } = facts;
      for (const name of GROUP_STATES)
        state.set({ group, state: name }, name === facts.state ? 1 : 0);
      if (facts.lastSuccess !== undefined) success.set({ group }, facts.lastSuccess / 1000);
      if (facts.freshUntil !== undefined) fresh.set({ group }, facts.freshUntil / 1000);
      if (facts.secrets !== undefined) secrets.set({ group }, facts.secrets);
      if (facts.bytes !== undefined) bytes.set({ group }, facts.bytes);
      owed.set({ group }, facts.isReloadOwed ? 1 : 0);
    }
    if (credentialsExpireAt !== undefined) expiry.set(credentialsExpireAt / 1000);
  };
}

type MakeCounter = <Label extends string>(
  name: string,
  help: string,
  labels: readonly Label[],
) => Counter<Label>;

/** Counters that follow counts kept elsewhere, which only grow. */
function requestMetrics(counter: MakeCounter): (counts: RequestCounts) => void {
  const requests = counter("postern_requests_total", "Requests that left the host", ["operation"]);
  const unchanged = counter(
    "postern_requests_not_modified_total",
    "GETs that S3 answered with 304, contained in the requests",
    [],
  );
  const retries = counter("postern_request_retries_total", "Requests that were made again", []);
  let before: RequestCounts = {
    list: 0,
    get: 0,
    notModified: 0,
    decrypt: 0,
    imds: 0,
    retries: 0,
  };
  return (now) => {
    for (const operation of ["list", "get", "decrypt", "imds"] as const)
      requests.inc({ operation }, now[operation] - before[operation]);
    unchanged.inc(now.notModified - before.notModified);
    retries.inc(now.retries - before.retries);
    before = now;
  };
}
