/** The daemon at rest: its memory, its processor time for an hour of passes, and how soon a change is told of. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { askDaemon } from "../agent/daemon/admin-client.ts";
import type { Bench, Tell, Verdict } from "./measure.ts";
import { inWorld, launcher, seedGroup, type World } from "./world.ts";

const SECRETS = 100;
// an hour at the default interval of a minute
const PASSES = 60;

export const bench: Bench = {
  name: "daemon",
  method: `an idle daemon with ${SECRETS} secrets; an hour is ${PASSES} passes that find nothing new`,
  run: (tell) => inWorld(0, (world) => measure(world, tell)),
};

async function measure(world: World, tell: Tell): Promise<readonly Verdict[]> {
  seedGroup(world, "web", SECRETS);
  const run = join(world.folder, "run");
  const told = join(world.folder, "told");
  const config = join(world.folder, "daemon.yaml");
  writeFileSync(config, JSON.stringify(configOf(world, run, told)), { mode: 0o600 });
  mkdirSync(run, { recursive: true, mode: 0o755 });
  const daemon = spawn(launcher, ["run", "--config", config], { env: world.env, stdio: "ignore" });
  try {
    await until(() => existsSync(join(run, "secrets", "web")));
    const before = cpuMs(daemon);
    for (let pass = 0; pass < PASSES; pass += 1) await refresh(run);
    const cpu = cpuMs(daemon) - before;
    // the collector has had its turn by then
    await delay(5000);
    const memory = residentMiB(daemon);
    tell(`${memory.toFixed(1)} MiB resident, ${cpu} ms of processor time for ${PASSES} passes`);
    const told1 = await timeToTold(world, run, told);
    tell(`${told1.toFixed(0)} ms from a refresh after a change to its reload command's end`);
    return [
      { what: "memory at rest, MiB", ratio: memory, atMost: 55 },
      { what: "CPU of an idle hour, seconds", ratio: cpu / 1000, atMost: 3 },
      { what: "change to told, seconds", ratio: told1 / 1000, atMost: 1 },
    ];
  } finally {
    daemon.kill("SIGTERM");
  }
}

function configOf(
  { bucket, account, region, folder, endpoints }: World,
  run: string,
  told: string,
): unknown {
  return {
    version: 1,
    bucket,
    bucket_owner: account,
    region,
    endpoints: {
      s3: endpoints.s3.href,
      kms: endpoints.kms.href,
      imds: endpoints.imds.href,
      path_style: true,
    },
    paths: { run, state: join(folder, "daemon-state") },
    refresh: { every: "1h", max_age: "2h" },
    defaults: { settle: "0s" },
    groups: { web: { prefix: "web/", on_change: { reload: { command: ["touch", told] } } } },
  };
}

async function timeToTold({ seed }: World, run: string, told: string): Promise<number> {
  rmSync(told, { force: true });
  writeFileSync(join(seed, "web", "secret-0000"), "changed");
  const start = performance.now();
  await refresh(run);
  await until(() => existsSync(told));
  return performance.now() - start;
}

async function refresh(run: string): Promise<void> {
  await askDaemon(run, { method: "POST", path: "/v1/refresh", body: {} });
}

async function until(holds: () => boolean): Promise<void> {
  for (let look = 0; look < 3000 && !holds(); look += 1) await delay(10);
}

/** Of user and system together. */
function cpuMs({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMiB({ pid }: ChildProcess): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kib) / 1024;
}
