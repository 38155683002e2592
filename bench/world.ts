/**
 * What the passes are measured in: the sandbox as a process of its own, so that its work counts for nobody,
 * and a folder in memory.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const launcher: string = fileURLToPath(new URL("../../bin/postern", import.meta.url));

export interface World {
  /** In memory where the system has /dev/shm; removed at the end. */
  readonly folder: string;
  /** Served live: `seed/GROUP/NAME` is the object `GROUP/NAME`. */
  readonly seed: string;
  /** All that a measured process knows of its surroundings. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for a publisher, who may do everything. */
  readonly publisher: Readonly<Record<string, string>>;
  readonly endpoints: Readonly<Record<"s3" | "kms" | "imds", URL>>;
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly kmsKey: string;
}

/** Starts a sandbox that answers `latencyMs` late, for as long as `use` takes. */
export async function inWorld<Result>(
  latencyMs: number,
  use: (world: World) => Promise<Result>,
): Promise<Result> {
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(memory, "postern-bench-"));
  const seed = join(folder, "seed");
  mkdirSync(seed);
  const words = ["sandbox", "--seed", seed, "--latency", `${latencyMs}ms`, "--json", "--until-eof"];
  const sandbox = spawn(launcher, words, { stdio: ["pipe", "pipe", "inherit"], env: BARE });
  try {
    return await use(await describe(sandbox, folder, seed));
  } finally {
    sandbox.stdin.end();
    if (sandbox.exitCode === null) await once(sandbox, "exit");
    rmSync(folder, { recursive: true });
  }
}

/** Fills the group's folder with `count` small secrets. */
export function seedGroup({ seed }: World, group: string, count: number): void {
  mkdirSync(join(seed, group));
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(seed, group, `secret-${String(index).padStart(4, "0")}`), "x".repeat(64));
  }
}

/**
 * Writes a config of one group that takes all else from the instance; gives the file and the folder it fills.
 * @param more lines, of what it is told instead
 */
export function writeConfig(
  { folder, bucket }: World,
  group: string,
  layout: string,
  more: readonly string[] = [],
): { readonly file: string; readonly tree: string } {
  const tree = join(folder, `tree-${group}`);
  const file = join(folder, `${group}.yaml`);
  const lines = [
    "version: 1",
    `bucket: ${bucket}`,
    "endpoints: environment",
    `paths: { run: ${tree}/run, state: ${tree}/state }`,
    "defaults: { settle: 0s }",
    ...more,
    `groups: { ${group}: { ${layout} } }`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return { file, tree };
}

// nothing else of the environment: NODE_EXTRA_CA_CERTS alone would triple an empty Node 20
const BARE = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  POSTERN_NODE: process.execPath,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

async function describe(sandbox: ChildProcess, folder: string, seed: string): Promise<World> {
  const started: unknown = JSON.parse(await firstLine(sandbox));
  const env = recordAt(started, "env");
  const publisher = recordAt(started, "publisher");
  const url = (name: string): URL => new URL(textAt(env, name));
  const here = {
    ...BARE,
    ...Object.fromEntries(Object.keys(env).map((name) => [name, textAt(env, name)])),
  };
  return {
    folder,
    seed,
    env: {
      ...here,
      POSTERN_BENCH_BUCKET: textAt(started, "bucket"),
      POSTERN_BENCH_OWNER: textAt(started, "account"),
    },
    publisher: {
      ...here,
      AWS_ACCESS_KEY_ID: textAt(publisher, "access_key_id"),
      AWS_SECRET_ACCESS_KEY: textAt(publisher, "secret_access_key"),
    },
    endpoints: {
      s3: url("AWS_ENDPOINT_URL_S3"),
      kms: url("AWS_ENDPOINT_URL_KMS"),
      imds: url("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
    },
    bucket: textAt(started, "bucket"),
    region: textAt(started, "region"),
    account: textAt(started, "account"),
    kmsKey: textAt(started, "kms_key"),
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("the sandbox has no output");
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error("the sandbox did not start");
}

function recordAt(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const member = memberOf(value, name);
  if (typeof member === "object" && member !== null) return { ...member };
  throw new Error(`the sandbox says no ${name}`);
}

function textAt(value: unknown, name: string): string {
  const member = memberOf(value, name);
  if (typeof member === "string") return member;
  throw new Error(`the sandbox says no ${name}`);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
