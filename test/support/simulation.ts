/**
 * A day in the life of a daemon, in a second: the real daemon, store, retries and credentials over AWS in memory and
 * a clock that jumps to whatever is waited for next.
 * @module
 */
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createBudget } from "../../agent/aws/budget.ts";
import { createCall } from "../../agent/aws/call.ts";
import type { ErrorAnswer } from "../../agent/aws/answer.ts";
import { failureOf } from "../../agent/aws/failure.ts";
import { createLimiter } from "../../agent/aws/limiter.ts";
import type { S3 } from "../../agent/aws/s3.ts";
import type { Config } from "../../agent/config/config.ts";
import { systemChance, type Clock } from "../../agent/core/clock.ts";
import { PosternError } from "../../agent/core/errors.ts";
import type { GroupState } from "../../agent/core/group-state.ts";
import { parseAccountId, parseRegion } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { createCredentialProvider } from "../../agent/credentials/provider.ts";
import { type Daemon, runDaemon } from "../../agent/daemon/daemon.ts";
import type { Shared } from "../../agent/daemon/life.ts";
import { BRIEF, type Services } from "../../agent/daemon/services.ts";
import { currentState } from "../../agent/observe/status.ts";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";
import { configOf, KEY } from "./parsed-config.ts";
import { type FakeS3, fakeS3 } from "./fake-s3.ts";
import { uid } from "./store.ts";

export const MINUTE: number = 60_000;
export const HOUR: number = 60 * MINUTE;

/** What is wrong with the world; everything is well when all are undefined. */
export interface World {
  s3: ErrorAnswer | undefined;
  /** Of Decrypt, which group db needs. */
  kms: ErrorAnswer | undefined;
  imdsDown: boolean;
  /** AWS calls them expired although they are new. */
  credentialsExpired: boolean;
  /** By how much this host's clock is wrong, in milliseconds. */
  clockOffMs: number;
  /** For how long this host slept: time went on without it. */
  suspendedMs: number;
  diskFull: boolean;
  reloadFails: boolean;
}

export interface Simulation {
  readonly world: World;
  readonly objects: FakeS3;
  /** Requests that left the host, of any kind. */
  requests(): number;
  /** Reload commands that were run. */
  reloads(): number;
  states(): Readonly<Record<string, GroupState | undefined>>;
  /** By how much the clock was set, as the daemon tells it. */
  readonly clockSteps: readonly number[];
  /** Lets so many milliseconds pass. */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that only `advance` moves, from one sleeper to the next. */
function jumpingClock(world: World): Clock & { advance(ms: number): Promise<void> } {
  const start = Date.UTC(2026, 10, 1);
  let time = 0;
  let sleepers: Sleeper[] = [];
  return {
    now: () => start + time + world.suspendedMs + world.clockOffMs,
    monotonic: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper: Sleeper = {
          at: time + ms,
          wake: () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        sleepers.push(sleeper);
      }),
    advance: async (ms) => {
      const until = time + ms;
      for (;;) {
        // whatever is not asleep is done within a few turns: nothing here waits for a real device
        for (let turn = 0; turn < 6; turn += 1) await nextTurn();
        const next = sleepers.reduce<Sleeper | undefined>(
          (first, other) => (first === undefined || other.at < first.at ? other : first),
          undefined,
        );
        if (next === undefined || next.at > until) break;
        sleepers = sleepers.filter((other) => other !== next);
        time = next.at;
        next.wake();
      }
      time = until;
    },
  };
}

const CONFIG = (root: string): string => `
version: 1
bucket: acme-secrets
refresh: { every: 60s, splay: 10s, max_age: 1h }
paths: { run: ${root}/run, state: ${root}/state }
defaults: { settle: 0s, owner: "${process.getuid?.()}:${process.getgid?.()}" }
groups:
  web: { prefix: web/, on_change: { reload: { unit: web.service } } }
  db: { prefix: db/, decrypt: { mode: kms, keys: ["${KEY}"] } }
  tls: { prefix: tls/, only: [site.key] }
`;

/** Starts a daemon over three groups that are well. @param temp where its trees are made */
export async function simulate(temp: string): Promise<Simulation> {
  const root = mkdtempSync(join(temp, "sim-"));
  mkdirSync(join(root, "run"), { mode: 0o755 });
  const world: World = {
    s3: undefined,
    kms: undefined,
    imdsDown: false,
    credentialsExpired: false,
    clockOffMs: 0,
    suspendedMs: 0,
    diskFull: false,
    reloadFails: false,
  };
  const clock = jumpingClock(world);
  const objects = fakeS3({ "web/a": "1", "db/pw": "sealed", "tls/site.key": "k" });
  const config = configOf(CONFIG(root), runner());
  const stopping = new AbortController();
  const clockSteps: number[] = [];
  let reloads = 0;
  let requests = 0;
  let daemon: Daemon | undefined;
  const running = runDaemon(
    { config, readConfig: () => Promise.resolve(config), signal: stopping.signal },
    {
      env: {},
      clock,
      chance: systemChance,
      fs: fillingUp(world),
      run: () => Promise.resolve({ kind: "ended", status: 0, stdout: "" }),
      uid,
      pid: process.pid,
      judge: { check: () => Promise.resolve(), verify: () => Promise.resolve() },
      openServices: (choice, shared) =>
        simulatedServices(choice, shared, world, clock, objects, () => (requests += 1)),
      reload: () => {
        reloads += 1;
        return Promise.resolve(
          world.reloadFails
            ? { kind: "failed", error: new PosternError("CheckFailed", "no") }
            : { kind: "done" },
        );
      },
      reloadKey: (reload) => JSON.stringify(reload),
      observer: {
        onWait: () => {},
        onPass: () => {},
        onReload: () => {},
        onRemoved: () => {},
        onConfig: () => {},
        onFailover: () => {},
        onConfigRefused: () => {},
        onClockStep: (ms) => clockSteps.push(ms),
      },
    },
    async (started) => {
      daemon = started;
    },
  );
  running.catch(() => {});
  await clock.advance(MINUTE);
  return {
    world,
    objects,
    clockSteps,
    requests: () => requests,
    reloads: () => reloads,
    states: () =>
      Object.fromEntries(
        daemon?.status()?.groups.map((group) => [group.group, currentState(group, clock.now())]) ??
          [],
      ),
    pass: (ms) => clock.advance(ms),
    stop: async () => {
      stopping.abort();
      await clock.advance(0);
      await running;
    },
  };
}

function runner(): Parameters<typeof configOf>[1] {
  const user = String(process.getuid?.() ?? 0);
  const group = String(process.getgid?.() ?? 0);
  return { uid, defaultOwner: { user, group }, memberOf: () => true };
}

/** The real file system, on a disk that is full when the world says so. */
function fillingUp(world: World): FileSystem {
  return {
    ...systemFileSystem,
    write: (fd, bytes, offset) => {
      if (world.diskFull) throw Object.assign(new Error("full"), { code: "ENOSPC" });
      return systemFileSystem.write(fd, bytes, offset);
    },
    // nothing here outlives a power cut, and nobody asks it to
    sync: () => {},
  };
}

/** An answer that is no success, with AWS's code if it is AWS's. */
export function refusal(status: number, awsCode?: string): ErrorAnswer {
  return {
    status,
    awsCode,
    message: "",
    requestId: undefined,
    retryAfter: undefined,
    region: undefined,
  };
}

const SKEWED = refusal(403, "RequestTimeTooSkewed");
const EXPIRED = refusal(400, "ExpiredToken");

/** AWS in memory, behind the real limiter, retries, deadlines and credentials. */
function simulatedServices(
  { limits, home }: Config,
  { requests }: Shared,
  world: World,
  clock: Clock,
  objects: FakeS3,
  onRequest: () => void,
): Services {
  const budget = createBudget(limits.requestsPerMinute, clock);
  const provider = createCredentialProvider(
    { from: "instance" },
    {
      clock,
      chance: systemChance,
      load: () => {
        onRequest();
        if (world.imdsDown) return Promise.reject(new PosternError("Unavailable", "IMDS is down"));
        const expiration = new Date(clock.now() + 6 * HOUR);
        return Promise.resolve({ accessKeyId: "ASIA", secretAccessKey: "s", expiration });
      },
    },
  );
  const call = createCall({
    limiter: createLimiter(limits.concurrency),
    retry: BRIEF,
    requestTimeoutMs: limits.requestTimeoutMs,
    clock,
    after: () => () => {},
    chance: systemChance,
    requests,
    budget,
    renewCredentials: () => provider.renew(),
  });
  const ask = <Answer>(
    fault: () => ErrorAnswer | undefined,
    answer: () => Promise<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> =>
    call(async () => {
      await provider.credentials();
      onRequest();
      const wrong =
        fault() ??
        (Math.abs(world.clockOffMs) > 15 * MINUTE ? SKEWED : undefined) ??
        (world.credentialsExpired ? EXPIRED : undefined);
      if (wrong !== undefined)
        throw failureOf(wrong, { operation: "Ask", subject: "it", needs: "s3:Ask" }, clock.now());
      // what the fake remembers for other tests would look like a leak here
      for (const seen of [objects.lists, objects.gets, objects.bodies]) seen.length = 0;
      return answer();
    }, signal);
  const s3: S3 = {
    list: (request) =>
      ask(
        () => world.s3,
        () => objects.list(request),
        request.signal,
      ),
    get: (request) =>
      ask(
        () => world.s3,
        () => objects.get(request),
        request.signal,
      ),
  };
  const identity = {
    account: parseAccountId("111122223333"),
    region: parseRegion("us-east-1"),
    instance: "i-0123456789abcdef0",
  };
  return {
    endpoints: {} as never,
    imds: { untilToken: () => Promise.resolve() } as never,
    provider,
    requests,
    findHome: () => {
      onRequest();
      if (world.imdsDown) return Promise.reject(new PosternError("Unavailable", "IMDS is down"));
      return Promise.resolve({
        bucket: home.bucket,
        region: identity.region,
        owner: identity.account,
      });
    },
    s3: () => s3,
    kms: () =>
      Promise.resolve({
        clientFor: () => {
          throw new Error("no envelope here");
        },
        decrypt: ({ key, signal }) =>
          ask(
            () => world.kms,
            () => Promise.resolve({ plaintext: new SecretBytes(Buffer.from("pw")), key }),
            signal,
          ),
      }),
    close: () => {},
  };
}
