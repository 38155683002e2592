/**
 * Everything that the daemon measures, in Prometheus' words.
 *
 * Labels hold names from the config and words from closed lists, so that no input makes series without end.
 * @see https://prometheus.io/docs/practices/naming/ and docs/monitoring.md
 * @module
 */
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
import { OPERATIONS, REQUEST_RESULTS, type RequestResults } from "../aws/requests.ts";
import {
  createGroupMetrics,
  type GroupMetrics,
  type GroupSample,
  type PassOutcome,
} from "./metrics-group.ts";
import { registerProcess, type ProcessEffects } from "./metrics-process.ts";
import type { GroupName } from "../core/names.ts";

export interface Build {
  readonly version: string;
  /** As `process.version` has it. */
  readonly node: string;
}

/** What is read anew for each scrape. Instants in epoch milliseconds. */
export interface Sample {
  readonly now: number;
  /** In the order of the config. */
  readonly groups: readonly GroupSample[];
  /** Since this process began. */
  readonly requests: { readonly results: RequestResults; readonly retries: number };
  /** Undefined when there are none, or they do not expire. */
  readonly credentialsExpireAt: number | undefined;
}

export interface Metrics extends Omit<GroupMetrics, "pass" | "sample"> {
  pass(group: GroupName, outcome: PassOutcome, tookMs: number): void;
  /** The config was read again, or first. */
  configRead(accepted: boolean, now: number): void;
  /** Takes the sample and answers in the text format. */
  text(sample: Sample): Promise<string>;
}

export function createMetrics({ version, node }: Build, effects: ProcessEffects): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: "postern_build_info",
    help: "1, with the versions of postern and of Node",
    labelNames: ["version", "node"],
    registers,
  }).set({ version, node }, 1);
  const groups = createGroupMetrics(registry);
  const duration = new Histogram({
    name: "postern_pass_duration_seconds",
    help: "How long a group's pass took",
    // from a 304 nearby to a pass that ran out of its minute
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const sampleRequests = requestMetrics(registry);
  const expiry = new Gauge({
    name: "postern_credentials_expiry_timestamp_seconds",
    help: "When the credentials in use expire; no series when they do not or there are none",
    registers,
  });
  const configRead = configMetrics(registry);
  registerProcess(registry, effects);
  return {
    ...groups,
    pass: (group, outcome, tookMs) => {
      groups.pass(group, outcome);
      duration.observe(tookMs / 1000);
    },
    configRead,
    text: async (sample) => {
      await groups.sample(sample.groups, sample.now);
      sampleRequests(sample.requests);
      if (sample.credentialsExpireAt === undefined) expiry.remove();
      else expiry.set(sample.credentialsExpireAt / 1000);
      return registry.metrics();
    },
  };
}

function configMetrics(registry: Registry): Metrics["configRead"] {
  const registers = [registry];
  const successful = new Gauge({
    name: "postern_config_last_reload_successful",
    help: "1 when the config was accepted the last time it was read, else 0",
    registers,
  });
  const readAt = new Gauge({
    name: "postern_config_last_reload_success_timestamp_seconds",
    help: "When the config in use was read",
    registers,
  });
  return (accepted, now) => {
    successful.set(accepted ? 1 : 0);
    if (accepted) readAt.set(now / 1000);
  };
}

function requestMetrics(registry: Registry): (requests: Sample["requests"]) => void {
  const registers = [registry];
  const requests = new Counter({
    name: "postern_requests_total",
    help: "Requests to S3 (list, get), KMS (decrypt) and IMDS by how they were answered",
    labelNames: ["operation", "result"],
    registers,
  });
  const retries = new Counter({
    name: "postern_request_retries_total",
    help: "Requests that repeated one that had failed",
    registers,
  });
  const last = new Map<string, number>();
  const step = (name: string, total: number): number => {
    const before = last.get(name) ?? 0;
    last.set(name, total);
    return total - before;
  };
  return (sample) => {
    for (const operation of OPERATIONS)
      for (const result of REQUEST_RESULTS) {
        const total = sample.results[operation][result];
        requests.inc({ operation, result }, step(`${operation} ${result}`, total));
      }
    retries.inc(step("retries", sample.retries));
  };
}
