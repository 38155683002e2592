/**
 * The metrics of the groups. A group's series appear with it, its counters at zero so that their first step
 * shows as one, and go with it.
 * @module
 */
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import type Registry from "prom-client/lib/registry.js";
import { GROUP_STATES, type GroupState } from "../core/group-state.ts";
import type { GroupName } from "../core/names.ts";
import type { GroupOutcome } from "../core/outcome.ts";
import { currentState, type GroupStatus } from "./status.ts";

export type PassOutcome = GroupOutcome["kind"];

const OUTCOMES: readonly PassOutcome[] = ["changed", "unchanged", "held", "waiting", "failed"];
const RELOADS = ["done", "failed"] as const;

/** Where a group stands. What is undefined has no series. */
export interface GroupSample {
  readonly status: GroupStatus;
  /** Epoch milliseconds. */
  readonly generationCreatedAt?: number | undefined;
  readonly bundleRevision?: number | undefined;
  readonly failedOver: boolean;
}

export interface GroupMetrics {
  pass(group: GroupName, outcome: PassOutcome): void;
  reload(group: GroupName, result: (typeof RELOADS)[number]): void;
  rollback(group: GroupName): void;
  /** @param kind the store's own word, of a closed list */
  drift(group: GroupName, kind: string, count: number): void;
  /** Sets the gauges; groups that are not among the samples lose all their series. */
  sample(groups: readonly GroupSample[], now: number): Promise<void>;
}

export function createGroupMetrics(registry: Registry): GroupMetrics {
  const counters = groupCounters(registry);
  const gauges = groupGauges(registry);
  const series = [...Object.values(counters), ...Object.values(gauges)];
  const known = new Set<string>();
  const meet = (group: string): void => {
    if (known.has(group)) return;
    known.add(group);
    for (const outcome of OUTCOMES) counters.passes.inc({ group, outcome }, 0);
    for (const result of RELOADS) counters.reloads.inc({ group, result }, 0);
    counters.rollbacks.inc({ group }, 0);
  };
  return {
    pass: (group, outcome) => {
      meet(group);
      counters.passes.inc({ group, outcome });
    },
    reload: (group, result) => {
      meet(group);
      counters.reloads.inc({ group, result });
    },
    rollback: (group) => {
      meet(group);
      counters.rollbacks.inc({ group });
    },
    drift: (group, kind, count) => {
      meet(group);
      counters.drift.inc({ group, kind }, count);
    },
    sample: async (groups, now) => {
      const names = new Set<string>(groups.map(({ status }) => status.group));
      for (const group of [...known].filter((name) => !names.has(name))) {
        known.delete(group);
        for (const one of series) await forget(one, group);
      }
      for (const group of groups) {
        meet(group.status.group);
        setGauges(gauges, group, now);
      }
    },
  };
}

function groupCounters(registry: Registry) {
  const registers = [registry];
  return {
    passes: new Counter({
      name: "postern_passes_total",
      help: "Passes by what they came to",
      labelNames: ["group", "outcome"],
      registers,
    }),
    reloads: new Counter({
      name: "postern_reloads_total",
      help: "Reloads after a change of the group",
      labelNames: ["group", "result"],
      registers,
    }),
    rollbacks: new Counter({
      name: "postern_rollbacks_total",
      help: "Times that the group was put back to an earlier set",
      labelNames: ["group"],
      registers,
    }),
    drift: new Counter({
      name: "postern_drift_total",
      help: "Files of the group that were found changed on this host by others",
      labelNames: ["group", "kind"],
      registers,
    }),
  };
}

function groupGauges(registry: Registry) {
  const gauge = (name: string, help: string): Gauge<"group"> =>
    new Gauge({ name, help, labelNames: ["group"], registers: [registry] });
  return {
    state: new Gauge({
      name: "postern_group_state",
      help: "1 for the state that the group is in, 0 for the others",
      labelNames: ["group", "state"],
      registers: [registry],
    }),
    lastSuccess: gauge(
      "postern_group_last_success_timestamp_seconds",
      "When the set on disk was last known to be the set in S3; no series before the first time",
    ),
    freshUntil: gauge(
      "postern_group_fresh_until_timestamp_seconds",
      "When the group expires unless a pass succeeds before; no series before the first success",
    ),
    created: gauge(
      "postern_group_generation_created_timestamp_seconds",
      "When the set on disk was last changed; no series while there is none",
    ),
    bytes: gauge(
      "postern_group_bytes",
      "Plaintext of the set on disk; no series while there is none",
    ),
    secrets: gauge(
      "postern_group_secrets",
      "Secrets in the set on disk; no series while there is none",
    ),
    revision: gauge(
      "postern_group_bundle_revision",
      "The highest revision seen of a group that is a bundle; no series for other groups",
    ),
    failedOver: gauge("postern_group_failed_over", "1 while the group is read from a replica"),
    owed: gauge(
      "postern_reload_owed",
      "1 while the set on disk has changed and its reload has not succeeded",
    ),
  };
}

function setGauges(gauges: ReturnType<typeof groupGauges>, group: GroupSample, now: number): void {
  const { status } = group;
  const labels = { group: status.group };
  const state: GroupState = currentState(status, now);
  for (const each of GROUP_STATES)
    gauges.state.set({ ...labels, state: each }, each === state ? 1 : 0);
  const values = [
    [gauges.lastSuccess, secondsOf(status.lastSuccess)],
    [gauges.freshUntil, secondsOf(status.freshUntil)],
    [gauges.created, group.generationCreatedAt && group.generationCreatedAt / 1000],
    [gauges.bytes, status.bytes],
    [gauges.secrets, status.secrets],
    [gauges.revision, group.bundleRevision],
    [gauges.failedOver, Number(group.failedOver)],
    [gauges.owed, Number(status.reloadOwed)],
  ] as const;
  for (const [gauge, value] of values) {
    if (typeof value === "number") gauge.set(labels, value);
    else gauge.remove(labels);
  }
}

function secondsOf(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1000;
}

/** prom-client removes one series at a time, by all of its labels. */
async function forget(metric: Counter | Gauge, group: string): Promise<void> {
  const { values } = await metric.get();
  for (const { labels } of values) if (labels["group"] === group) metric.remove(labels);
}
