/**
 * A host, end to end: a sandbox for its AWS, a configuration and trees in a folder of its own, and the real
 * program, run as a process.
 * @module
 */
import { KMS } from "@aws-sdk/client-kms";
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Header, pack } from "tar-stream";
import { type KmsKeyArn, parseKmsKeyArn } from "../../agent/core/names.ts";
import type { GroupStatus } from "../../agent/observe/status.ts";
import type { LogEntry } from "../../agent/sandbox/request-log.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../agent/sandbox/sandbox.ts";
import type { Asked } from "../../agent/sandbox/service.ts";
import { type Ended, plainEnv, runCommand } from "./command.ts";
import { launcher } from "./reading-host.ts";
import { sealEnvelope, sealKms } from "./sealing.ts";
import { readHeld, type Values } from "./store.ts";

export interface TestHost {
  readonly sandbox: Sandbox;
  /** Holds everything below; on tmpfs where there is one. */
  readonly root: string;
  readonly run: string;
  readonly state: string;
  readonly config: string;
  /** The sandbox's KMS key, which the host may use. */
  readonly key: KmsKeyArn;
  /** What the program is started with. */
  readonly env: Readonly<Record<string, string>>;
  /** A publisher's KMS client, for `sealing.ts`. */
  readonly client: () => KMS;
  /** Runs before S3 looks at its objects for each request; does nothing until set. */
  readonly onS3: { act: (asked: Asked) => void | Promise<void> };
}

/** How an object is sealed, in the config's words. */
export type Mode = "none" | "kms" | "envelope";

/** A group as the config file has it. */
export type GroupSettings = Readonly<Record<string, unknown>>;

export const ROLE = "app";

/** A host that goes with the test. @param folder where its own is made */
export async function hostFor(
  t: TestContext,
  folder: string,
  options: SandboxOptions = {},
): Promise<TestHost> {
  const root = mkdtempSync(join(folder, "host-"));
  // other users pass through it in the tests that have other users
  chmodSync(root, 0o755);
  const onS3: TestHost["onS3"] = { act: () => {} };
  const sandbox = await startSandbox({
    role: ROLE,
    grants: [{ role: ROLE, readPrefixes: [""], writePrefixes: [] }],
    keyGrants: [{ role: ROLE, key: "*", actions: ["kms:Decrypt"] }],
    beforeS3: async (asked) => onS3.act(asked),
    ...options,
  });
  const { endpoints, region, publisher } = sandbox;
  const client = new KMS({
    region,
    endpoint: endpoints.kms.href,
    credentials: publisher,
    maxAttempts: 1,
  });
  t.after(async () => {
    client.destroy();
    await sandbox.close();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    sandbox,
    root,
    run: join(root, "run"),
    state: join(root, "state"),
    config: join(root, "postern.yaml"),
    key: parseKmsKeyArn(sandbox.keys.create({ region }).arn),
    env: {
      ...plainEnv,
      POSTERN_RUN: join(root, "run"),
      AWS_ENDPOINT_URL_S3: endpoints.s3.href,
      AWS_ENDPOINT_URL_KMS: endpoints.kms.href,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoints.imds.href,
    },
    client: () => client,
    onS3,
  };
}

/** Writes the host's config: YAML takes JSON as it is. Nothing settles unless `more` says so. */
export function configure(
  { sandbox, run, state, config }: TestHost,
  groups: Readonly<Record<string, GroupSettings>>,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const settings = {
    version: 1,
    bucket: sandbox.bucket,
    endpoints: "environment",
    paths: { run, state },
    defaults: { settle: "0s" },
    ...more,
    groups,
  };
  writeFileSync(config, JSON.stringify(settings, undefined, 2), { mode: 0o600 });
}

/** `decrypt` in the config, for objects that `publish` seals. */
export function decryptBy({ key }: TestHost, mode: Mode): GroupSettings {
  return mode === "none" ? { mode } : { mode, keys: [key] };
}

/** Puts secrets below `GROUP/`, each sealed and bound to its key. */
export async function publish(
  host: TestHost,
  group: string,
  values: Values,
  mode: Mode = "none",
): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const key = `${group}/${name}`;
    await host.sandbox.put(key, await seal(host, group, key, value, mode));
  }
}

/** Puts the bundle `GROUP.bundle`, as the given revision. */
export async function publishBundle(
  host: TestHost,
  group: string,
  revision: number,
  archive: Values | Buffer,
): Promise<void> {
  const plaintext = Buffer.isBuffer(archive)
    ? archive
    : await tarOf(
        Object.keys(archive).map((name) => ({ name })),
        archive,
      );
  const context = { ...contextOf(host, group), "postern:revision": String(revision) };
  const body = await sealEnvelope(host, plaintext, { keys: [host.key], context });
  await host.sandbox.put(`${group}.bundle`, body);
}

/** One object's body, bound to `key` of `group`. */
export async function seal(
  host: TestHost,
  group: string,
  key: string,
  value: string | Buffer,
  mode: Mode,
): Promise<Buffer> {
  const context = { ...contextOf(host, group), "postern:key": key };
  const keys = [host.key];
  switch (mode) {
    case "none":
      return Buffer.from(value);
    case "kms":
      return sealKms(host, value, { keys, context });
    case "envelope":
      return sealEnvelope(host, value, { keys, context });
    default:
      return mode satisfies never;
  }
}

export type Members = readonly (Partial<Header> & { readonly name: string })[];

/** A tar; members without a value in `values` hold their own name. */
export async function tarOf(members: Members, values: Values = {}): Promise<Buffer> {
  const archive = pack();
  for (const header of members) {
    const isFile = header.type === undefined || header.type === "file";
    archive.entry({ ...header }, isFile ? (values[header.name] ?? header.name) : "");
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** Runs the real program with this host's environment. */
export function postern(
  host: TestHost,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): Promise<Ended> {
  return runCommand([launcher, ...words], {
    env: { ...host.env, ...env },
    cwd: host.root,
    ...(input === undefined ? {} : { input }),
  });
}

export interface Fetched {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly group: (name: string) => GroupStatus & { readonly outcome: string };
  /** What S3 and KMS were asked, as "GetObject web/a". */
  readonly asked: readonly string[];
}

/** `postern fetch` of all groups, or of the named ones. Fails the test if it said nothing. */
export async function fetchAll(
  host: TestHost,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Fetched> {
  host.sandbox.log.clear();
  const { code, stdout, stderr } = await postern(
    host,
    ["fetch", "--json", "--config", host.config, ...words],
    env,
  );
  const text = stdout.toString("utf8");
  if (text === "") throw new Error(`fetch ended with ${code} and said: ${stderr}`);
  const { groups } = JSON.parse(text) as {
    readonly groups: readonly ReturnType<Fetched["group"]>[];
  };
  return {
    code,
    stdout: text,
    stderr,
    asked: askedOf(host),
    group: (name) => {
      const found = groups.find(({ group }) => group === name);
      if (found === undefined) throw new Error(`no group ${name} in ${text}`);
      return found;
    },
  };
}

/** What S3 and KMS were asked since the log was cleared. */
export function askedOf({ sandbox }: TestHost): readonly string[] {
  return sandbox.log
    .entries()
    .filter(({ service }) => service !== "imds")
    .map(({ operation, key }: LogEntry) => `${operation} ${key}`);
}

/** What a reader finds who opens the group's stable path once and holds it; undefined when there is none. */
export function setOf({ run }: TestHost, group: string): Values | undefined {
  let fd: number;
  try {
    fd = openSync(join(run, "secrets", group, "/"), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  try {
    return readHeld(fd);
  } finally {
    closeSync(fd);
  }
}

/** The ids of a group's generations on disk. */
export function generationsOf({ run }: TestHost, group: string): readonly string[] {
  const names = readdirSync(join(run, "groups", group, "gen"));
  return names.filter((name) => !name.endsWith(".manifest")).sort();
}

/** A group's files as they lie there: inode, mode, time and content of each. */
export function filesOf({ run }: TestHost, group: string): readonly string[] {
  const home = join(run, "groups", group);
  return readdirSync(home, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(home, name);
      const stats = lstatSync(path);
      const { ino, mode, mtimeMs } = stats;
      const content = stats.isFile() ? readFileSync(path, "latin1") : "";
      return `${name} ${ino} ${mode} ${mtimeMs} ${content}`;
    });
}

function contextOf({ sandbox }: TestHost, group: string): Readonly<Record<string, string>> {
  return { "postern:group": group, "postern:bucket": sandbox.bucket };
}
