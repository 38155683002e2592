/**
 * Everything the demo plays with: a sandbox where the access map's documents decide, a publisher, and two hosts of different roles.
 *
 * ```
 * /dev/shm/postern-demo-4711-x7Kq2c/ in memory where it can be
 *   web/web.yaml                    role web-server: groups web and tls
 *   web/run/… web/state/…           its trees, as on a host
 *   db/db.yaml                      role database: group db
 *   db/curious.yaml                 the same role, but asks for web, too
 *   db/run/… db/state/…
 * ```
 * @module
 */
import {
  accessSync,
  chmodSync,
  constants,
  mkdtempSync,
  realpathSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chance } from "../core/clock.ts";
import { startSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import { createHost, type Host } from "./host.ts";
import { BUNDLE, demoDeployment, KEY, NETWORK } from "./access-map.ts";
import { createPublisher, type Publisher } from "./publisher.ts";

export interface SceneOptions {
  /** `bin/postern` */
  readonly launcher: string;
  /** All that the hosts' programs have of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly chance: Chance;
  /** Ends whatever runs. */
  readonly signal: AbortSignal;
  /** The running user, and a group of theirs. */
  readonly uid: number;
  readonly gid: number;
  /** Part of the folder's name: whose it is. */
  readonly pid: number;
}

export interface Scene {
  readonly sandbox: Sandbox;
  readonly publisher: Publisher;
  readonly web: Host;
  readonly db: Host;
  /** Whether the hosts' files are in memory, as they should be. */
  readonly inMemory: boolean;
  /** `UID:GID` of the running user. */
  readonly self: string;
  /** `UID:GID` that the group web is given to: somebody else where root runs the demo. */
  readonly owner: string;
  close(): Promise<void>;
}

/** The user and group that own nothing else. By number: distributions differ on the group's name. */
const NOBODY = "65534:65534";

/** TMPFS_MAGIC. @see https://man7.org/linux/man-pages/man2/statfs.2.html */
const TMPFS = 0x01021994;

/** Starts everything; nothing is published yet. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const { chance, uid, gid, pid, ...children } = options;
  const memory = memoryFolder();
  const work = mkdtempSync(join(realpathSync(memory ?? tmpdir()), `postern-demo-${pid}-`));
  const closing: (() => void | Promise<void>)[] = [
    () => rmSync(work, { recursive: true, force: true }),
  ];
  const close = async (): Promise<void> => {
    for (const end of closing) await end();
  };
  try {
    // an owner who is not root passes through it
    chmodSync(work, 0o755);
    const sandbox = await startServices(chance);
    closing.push(() => sandbox.close());
    const publisher = createPublisher(sandbox, chance);
    closing.push(() => publisher.close());
    const web = createHost({ ...children, name: "web", work });
    const db = createHost({ ...children, name: "db", work });
    const self = `${uid}:${gid}`;
    const owner = uid === 0 ? NOBODY : self;
    const inMemory = memory !== undefined;
    const scene = { sandbox, publisher, web, db, self, owner, inMemory, close };
    await writeConfigs(scene);
    return scene;
  } catch (error) {
    await close();
    throw error;
  }
}

function startServices(chance: Chance): Promise<Sandbox> {
  return startSandbox({
    deployment: demoDeployment(),
    network: NETWORK,
    role: "web-server",
    chance,
  });
}

/** Where files are memory, as on a host; undefined when there is no such place. */
function memoryFolder(): string | undefined {
  const folder = "/dev/shm";
  try {
    accessSync(folder, constants.W_OK);
    return statfsSync(folder).type === TMPFS ? folder : undefined;
  } catch {
    return undefined;
  }
}

async function writeConfigs({ sandbox, web, db, owner }: Scene): Promise<void> {
  const groupWeb = { prefix: "web/", owner, mode: "0440" };
  const groupDb = { prefix: "db/", decrypt: { mode: "kms", keys: [KEY] } };
  const groupTls = { bundle: BUNDLE, decrypt: { mode: "envelope", keys: [KEY] } };
  const { imds } = sandbox.endpoints;
  web.configure("web.yaml", configOf(sandbox, web, imds, { web: groupWeb, tls: groupTls }));
  const other = await sandbox.addInstance("database");
  db.configure("db.yaml", configOf(sandbox, db, other, { db: groupDb }));
  const curious = { db: groupDb, web: { prefix: "web/" } };
  db.configure("curious.yaml", configOf(sandbox, db, other, curious));
}

function configOf(sandbox: Sandbox, { folder }: Host, imds: URL, groups: object): object {
  const { s3, kms } = sandbox.endpoints;
  return {
    version: 1,
    bucket: sandbox.bucket,
    endpoints: { s3: s3.origin, kms: kms.origin, imds: imds.origin, path_style: true },
    paths: { run: join(folder, "run"), state: join(folder, "state") },
    // the demo publishes whole sets before it fetches: there is nothing to wait for
    defaults: { settle: "0s" },
    groups,
  };
}
