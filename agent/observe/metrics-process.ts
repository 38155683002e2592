/**
 * What the process itself takes. prom-client's own set would watch the event loop and the garbage collector all
 * the time, and its names clash with node_exporter's own in a textfile.
 * @module
 */
import { readdirSync } from "node:fs";
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import type Registry from "prom-client/lib/registry.js";

export interface ProcessEffects {
  /** When this process started, epoch milliseconds. */
  readonly startedAt: number;
}

export function registerProcess(registry: Registry, { startedAt }: ProcessEffects): void {
  let counted = 0;
  const cpu = new Counter({
    name: "postern_process_cpu_seconds_total",
    help: "CPU time of this process, user and system",
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      const total = (user + system) / 1e6;
      this.inc(total - counted);
      counted = total;
    },
  });
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
  const gauges = [
    gauge("postern_process_resident_memory_bytes", "Resident memory of this process", () =>
      process.memoryUsage.rss(),
    ),
    gauge("postern_process_open_fds", "Open file descriptors of this process", openDescriptors),
    gauge(
      "postern_process_start_time_seconds",
      "When this process started",
      () => startedAt / 1000,
    ),
  ];
  for (const metric of [cpu, ...gauges]) registry.registerMetric(metric);
}

/** Without the one that it takes to look. @see proc_pid_fd(5) */
function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return Number.NaN;
  }
}
