/** `postern sandbox`: IMDSv2, S3 and KMS on loopback, until told to end. @module */
import { once } from "node:events";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Deployment } from "../policy/deployment.ts";
import type { Network } from "../sandbox/request-context.ts";
import type { Command } from "./command.ts";
import type { Terminal } from "./report.ts";
import { FAULT_FORMS } from "./sandbox-faults.ts";
import { addFlags, readFlags, type RoleFlag, type SandboxFlags } from "./sandbox-flags.ts";
import { networkOf } from "./sandbox-network.ts";
import type { Started } from "./sandbox-words.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Seed } from "../sandbox/seed.ts";

export const sandbox: Command = {
  name: "sandbox",
  audience: "trying it out",
  summary: "stand in for IMDS, S3 and KMS on this machine",
  repeatable: ["fault", "publisher"],
  manual: {
    description: [
      "Serves the instance metadata service (version 2 only), S3 and KMS on loopback addresses until it is interrupted. Signatures are verified, and requests are authorised by the role's rights. Everything is kept in memory.",
      "With --policies, what `postern policy generate` wrote into a folder is put in force: its buckets and keys are there, with their policies and settings, the role is one of its hosts' (the first, unless --role names another), and its publishers and other roles have credentials. A user with every right is there as well: what the documents deny, they deny to it. Bucket, region and account are those of the documents.",
      "With --seed, a folder of plain files is served as groups: DIR/GROUP/NAME is the secret NAME of GROUP. Saving a file rotates the secret.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "sandbox",
      sandbox.summary,
      (options) =>
        addFlags(options)
          .epilogue(`Kinds of faults: ${FAULT_FORMS.join(", ")}.`)
          .example("$0 sandbox --seed secrets", "serve secrets/GROUP/NAME, live")
          .example("$0 sandbox --policies policies --role web", "let the documents decide")
          .example("$0 sandbox --json --until-eof", "for a program that started it"),
      (raw) => runSandbox(readFlags(raw, surroundings.cwd), surroundings.terminal),
    ),
};

/** Resolves when it was told to end, by a signal or the end of its input. */
async function runSandbox(flags: SandboxFlags, terminal: Terminal): Promise<void> {
  const { encodeConfig, encodeJson, encodeShell } = await import("./sandbox-words.ts");
  const running = await start(flags, terminal);
  const { sandbox } = running;
  try {
    const started = describe(running, flags);
    if (flags.writeConfig !== undefined)
      await writeConfig(flags.writeConfig, encodeConfig(started, flags.writeConfig));
    // asked to end before anyone can know that it has begun: nothing is missed
    const ended = untilEnded(flags.untilEof ? terminal.stdin : undefined);
    terminal.stdout.write(flags.json ? encodeJson(started) : encodeShell(started));
    await ended;
  } finally {
    await sandbox.close();
  }
}

async function start(flags: SandboxFlags, terminal: Terminal): Promise<Running> {
  const { bucket, region, account, org, ports, credentialsLifetimeMs } = flags;
  const deployment = await openPolicies(flags.policies);
  const role = flags.role ?? (deployment === undefined ? DEFAULT_ROLE : undefined);
  const [{ startSandbox }, { rightsOf }] = await Promise.all([
    import("../sandbox/sandbox.ts"),
    import("./sandbox-rights.ts"),
  ]);
  let seed: Seed | undefined;
  let open = (): void => {};
  // on a fixed port, a host that was there before must not find the bucket empty for a moment
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const sandbox = await startSandbox({
    bucket,
    region,
    account,
    role: role?.name,
    org,
    deployment,
    network: flags.network ?? (deployment && networkOfPolicies(deployment, region)),
    ports,
    credentialsLifetimeMs,
    ...(role === undefined || deployment !== undefined
      ? {}
      : rightsOf(role, flags.publishers, bucket ?? DEFAULT_BUCKET)),
    beforeS3: async (asked) => {
      await opened;
      await seed?.refresh(asked);
    },
  });
  try {
    if (flags.seed !== undefined) seed = await openSeed(flags.seed, sandbox, terminal);
    if (deployment === undefined) {
      const key = sandbox.keys.create({
        region: sandbox.region,
        description: "made by postern sandbox",
      });
      sandbox.keys.setAlias(key, KEY_ALIAS);
    }
    if (flags.latencyMs > 0) sandbox.faults.add({ kind: "latency", ms: flags.latencyMs });
    for (const rule of flags.faults) sandbox.faults.add(rule);
    open();
    return { sandbox, seed, publishers: await publishersOf(flags, deployment, sandbox) };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

interface Running {
  readonly sandbox: Sandbox;
  readonly seed: Seed | undefined;
  readonly publishers: Started["publishers"];
}

const DEFAULT_BUCKET = "postern-sandbox";
const DEFAULT_ROLE: RoleFlag = { name: "postern-sandbox", groups: undefined };
const KEY_ALIAS = "alias/postern-sandbox";

async function openSeed(folder: string, sandbox: Sandbox, { stderr }: Terminal): Promise<Seed> {
  const { createSeed } = await import("../sandbox/seed.ts");
  const fs = await import("node:fs");
  return createSeed({
    folder,
    // at once: by way of Node's threads a look takes fifty times as long, and every answer waits for its own
    files: {
      readdir: async (path, asked) => fs.readdirSync(path, asked),
      lstat: async (path) => fs.lstatSync(path),
      readFile: async (path) => fs.readFileSync(path),
    },
    target: sandbox,
    refused: (path, why) => stderr.write(`postern: not served: ${quote(path)}: ${why}\n`),
  });
}

async function openPolicies(folder: string | undefined): Promise<Deployment | undefined> {
  if (folder === undefined) return undefined;
  const { readPolicies } = await import("./sandbox-policies.ts");
  return readPolicies(folder);
}

function networkOfPolicies({ endpoints, buckets }: Deployment, region?: string): Network {
  return networkOf(endpoints, region ?? buckets[0]?.region ?? "");
}

async function publishersOf(
  { publishers }: SandboxFlags,
  deployment: Deployment | undefined,
  sandbox: Sandbox,
): Promise<Started["publishers"]> {
  if (deployment === undefined)
    return Object.fromEntries(
      publishers.map(({ name }) => [name, sandbox.credentials.addUser(name)]),
    );
  const { credentialsOf } = await import("./sandbox-policies.ts");
  return credentialsOf(deployment, sandbox);
}

function describe({ sandbox, seed, publishers }: Running, flags: SandboxFlags): Started {
  const { endpoints, bucket, region, account, role, publisher, keys } = sandbox;
  const found = keys.find(region, KEY_ALIAS);
  return {
    endpoints,
    bucket,
    region,
    account,
    role,
    publisher,
    publishers,
    kmsKey: found.kind === "key" ? found.key.arn : (keys.list(region)[0]?.arn ?? ""),
    groups: flags.role?.groups ?? seed?.groups() ?? [],
    seed: flags.seed,
    config: flags.writeConfig,
  };
}

/** Replaces only what it wrote itself. */
async function writeConfig(path: string, text: string): Promise<void> {
  const { readFile, writeFile } = await import("node:fs/promises");
  const { CONFIG_HEADER } = await import("./sandbox-words.ts");
  try {
    const before = await readFile(path, "utf8").catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return CONFIG_HEADER;
      throw error;
    });
    if (!before.startsWith(CONFIG_HEADER))
      throw new PosternError("CannotWrite", `${quote(path)} is not a sandbox's config`, {
        hint: "name a file that does not exist",
      });
    await writeFile(path, text, { mode: 0o600 });
  } catch (cause) {
    if (cause instanceof PosternError) throw cause;
    const why = errnoOf(cause) ?? "unknown reason";
    throw new PosternError("CannotWrite", `cannot write ${quote(path)}: ${why}`, { cause });
  }
}

/** @param stdin whose end counts as a signal does */
async function untilEnded(stdin: NodeJS.ReadStream | undefined): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const ends = [once(process, "SIGTERM", { signal }), once(process, "SIGINT", { signal })];
  if (stdin !== undefined) {
    ends.push(once(stdin, "close", { signal }), once(stdin, "end", { signal }));
    stdin.resume();
  }
  // an input that fails has ended too
  await Promise.race(ends.map((end) => end.catch(() => undefined)));
  over.abort();
  // an open input would keep the process alive
  stdin?.destroy();
}
