/** Metrics as the daemon would have them, and a reader of their text. @module */
import { createRequestCounter } from "../../agent/aws/requests.ts";
import { parseGroupName } from "../../agent/core/names.ts";
import type { GroupSample } from "../../agent/observe/metrics-group.ts";
import { createMetrics, type Metrics, type Sample } from "../../agent/observe/metrics.ts";
import type { GroupStatus } from "../../agent/observe/status.ts";

export const NOW: number = Date.parse("2026-11-25T12:00:00.000Z");

export function metrics(): Metrics {
  return createMetrics({ version: "0.1.0", node: "v20.19.0" }, { startedAt: NOW - 60_000 });
}

function statusOf(group: string, changes: Partial<GroupStatus> = {}): GroupStatus {
  return {
    group,
    state: "fresh",
    generation: "7f3a9c51e0b2",
    secrets: 3,
    bytes: 60,
    lastSuccess: "2026-11-25T11:59:30.000Z",
    freshUntil: "2026-11-25T12:59:30.000Z",
    reloadOwed: false,
    error: null,
    ...changes,
  };
}

export function groupSample(group: string, changes: Partial<GroupStatus> = {}): GroupSample {
  return {
    status: statusOf(group, changes),
    generationCreatedAt: NOW - 90_000,
    bundleRevision: 7,
    failedOver: false,
  };
}

export function sampleOf(groups: readonly GroupSample[], changes: Partial<Sample> = {}): Sample {
  const requests = { results: createRequestCounter().results(), retries: 0 };
  return { now: NOW, groups, requests, credentialsExpireAt: NOW + 3_600_000, ...changes };
}

/** With at least one series of every metric there is. */
export async function everyMetric(): Promise<string> {
  const all = metrics();
  const web = parseGroupName("web");
  all.configRead(true, NOW);
  all.pass(web, "changed", 40);
  all.drift(web, "content", 2);
  return all.text(sampleOf([groupSample("web")]));
}

/** The value of each series by its name and labels, as they are written. */
export function seriesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}
