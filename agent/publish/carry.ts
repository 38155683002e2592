/**
 * Groups carried offline: what lies in S3, as it is sealed, in a folder, and back into the same bucket.
 *
 *     DIR/postern-export.json     what it is: bucket, and of each group its objects' keys, ETags and digests
 *     DIR/GROUP/0001 …            an object's own bytes
 *
 * Nothing is opened on the way out. On the way in each object is opened once, to see that it still does; it is bound
 * to its bucket, group and key, so it cannot be carried elsewhere: copy does that.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectHead } from "../aws/object-store.ts";
import { errnoOf, PosternError } from "../core/errors.ts";
import { parseS3Key, quote, type S3Key } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { readOrNone } from "./amend.ts";
import { wipeBundle } from "./bundle.ts";
import { baseOf, conditionOf } from "./conflict.ts";
import { type Group, keyOf } from "./group.ts";
import { listNames, look } from "./objects.ts";
import { type Progress, silent } from "./set.ts";

/** What a folder of an export says of itself. */
export interface Cargo {
  readonly version: 1;
  readonly bucket: string;
  readonly groups: Readonly<Record<string, readonly CarriedObject[]>>;
}

export interface CarriedObject {
  readonly key: string;
  /** Below the folder. */
  readonly file: string;
  readonly etag: string;
  /** SHA-256 of the object's bytes, in hex: of what is sealed, so it tells nothing. */
  readonly sha256: string;
}

const MANIFEST = "postern-export.json";

/**
 * Writes the groups' objects and, last, what they are.
 * @throws {PosternError} BadData for a group that is not sealed, CannotWrite for a folder that holds an export
 */
export async function exportGroups(
  folder: string,
  groups: readonly Group[],
  onProgress: Progress = silent,
): Promise<Cargo> {
  for (const { config } of groups)
    if (config.decrypt.mode === "none")
      throw new PosternError(
        "BadData",
        `group "${config.name}" is not sealed: expected decrypt.mode kms or envelope, got none`,
        {
          hint: "its values would lie open in the folder: aws s3 sync copies them if that is meant",
        },
      );
  const carried: Record<string, readonly CarriedObject[]> = {};
  for (const [index, group] of groups.entries()) {
    carried[group.config.name] = await exportGroup(folder, group);
    onProgress(index + 1, groups.length);
  }
  const [first] = groups;
  const cargo: Cargo = { version: 1, bucket: first?.publisher.bucket ?? "", groups: carried };
  const text = `${JSON.stringify(cargo, undefined, 2)}\n`;
  await writing(join(folder, MANIFEST), (path) =>
    writeFile(path, text, { mode: 0o600, flag: "wx" }),
  );
  return cargo;
}

async function exportGroup(folder: string, group: Group): Promise<readonly CarriedObject[]> {
  const { publisher, config } = group;
  const { bucket, owner, s3 } = publisher;
  await writing(join(folder, config.name), (path) => mkdir(path, { recursive: true, mode: 0o700 }));
  const keys = await keysOf(group);
  const found = await Promise.all(
    keys.map(async (key, index): Promise<CarriedObject> => {
      const answer = await s3.get({ bucket, owner, key, maxBytes: config.maxObjectBytes });
      if (answer.kind !== "object") throw new PosternError("Internal", "a conditional answer");
      const bytes = answer.body.expose();
      const file = `${config.name}/${String(index + 1).padStart(4, "0")}`;
      await writing(join(folder, file), (path) =>
        writeFile(path, bytes, { mode: 0o600, flag: "wx" }),
      );
      return { key, file, etag: answer.etag, sha256: digestOf(bytes) };
    }),
  );
  return found;
}

async function keysOf(group: Group): Promise<readonly S3Key[]> {
  if (group.config.layout.kind === "bundle") return [group.config.layout.key];
  const { names } = await listNames(group);
  return names.map((name) => keyOf(group, name));
}

/** - `conflict`: S3 holds another one than was carried away, and it was left alone. */
export type Imported = "imported" | "same" | "conflict";

/**
 * Puts the objects of one group back: those that are missing, and, with `overwrite`, those that are others by now.
 * @throws {PosternError} BadData for an export of another bucket, a damaged one, or an object that opens no more
 */
export async function importGroup(
  folder: string,
  cargo: Cargo,
  group: Group,
  overwrite: boolean,
): Promise<ReadonlyMap<string, Imported>> {
  const { publisher, config } = group;
  if (cargo.bucket !== publisher.bucket)
    throw new PosternError(
      "BadData",
      `expected an export of bucket ${quote(publisher.bucket)}, got one of ${quote(cargo.bucket)}`,
      { hint: "what is sealed is bound to its bucket: postern copy publishes it in another group" },
    );
  const objects = cargo.groups[config.name] ?? [];
  const sealed = await Promise.all(objects.map((object) => readCarried(folder, object, group)));
  for (const { revision } of overwrite ? sealed : [])
    if (revision !== undefined) await refuseOlder(group, revision);
  const outcomes = new Map<string, Imported>();
  for (const one of sealed) outcomes.set(one.key, await importObject(group, one, overwrite));
  return outcomes;
}

interface Carried {
  readonly key: S3Key;
  readonly etag: string;
  readonly bytes: Buffer;
  /** Of a bundle. */
  readonly revision: number | undefined;
}

async function readCarried(folder: string, object: CarriedObject, group: Group): Promise<Carried> {
  const key = parseS3Key(object.key);
  refuseForeign(key, group);
  const bytes = await reading(join(folder, object.file));
  if (digestOf(bytes) !== object.sha256)
    throw new PosternError("BadData", `${quote(object.file)} is not what was exported`, {
      hint: "export it again",
    });
  return { key, etag: object.etag, bytes, revision: await proveOpen(key, bytes, group) };
}

/** A folder says what it likes: nothing is written outside the group. */
function refuseForeign(key: S3Key, { config }: Group): void {
  const { layout } = config;
  const isOurs = layout.kind === "bundle" ? key === layout.key : key.startsWith(layout.prefix);
  if (!isOurs) throw new PosternError("BadData", `${quote(key)} is not of group "${config.name}"`);
}

/** Opens it, and gives a bundle's revision. */
async function proveOpen(key: S3Key, bytes: Buffer, group: Group): Promise<number | undefined> {
  const body = new SecretBytes(Buffer.from(bytes));
  if (group.config.layout.kind !== "bundle") {
    (await group.opener.object(key, body)).wipe();
    return undefined;
  }
  const { plaintext, revision } = await group.opener.bundle(key, body);
  plaintext.wipe();
  return revision;
}

/** Hosts have seen the newer one, and would refuse this. */
async function refuseOlder(group: Group, revision: number): Promise<void> {
  const { bundle } = await readOrNone(group);
  const newest = bundle?.revision ?? 0;
  wipeBundle(bundle);
  if (revision >= newest) return;
  throw new PosternError(
    "BadData",
    `group "${group.config.name}" is at revision ${newest}: expected that one or newer, got ${revision}`,
    {
      hint: "hosts refuse an older revision: postern restore publishes old content as something new",
    },
  );
}

async function importObject(
  group: Group,
  { key, etag, bytes }: Carried,
  overwrite: boolean,
): Promise<Imported> {
  const found = await look(group, key);
  const head = found.kind === "found" ? found.head : undefined;
  if (head !== undefined && (head.etag === etag || (await holds(group, key, head, bytes))))
    return "same";
  if (head !== undefined && !overwrite) return "conflict";
  const condition = conditionOf(baseOf(head));
  const { sse } = group.config;
  const outcome = await group.publisher.store.put({ key, body: bytes, condition, sse });
  return outcome.kind === "written" ? "imported" : "conflict";
}

/** Whether S3 has these bytes already: under SSE-KMS each upload of them has another ETag. */
async function holds(
  { publisher, config }: Group,
  key: S3Key,
  { etag, size }: ObjectHead,
  bytes: Buffer,
): Promise<boolean> {
  if (size !== bytes.length) return false;
  const { bucket, owner, s3 } = publisher;
  const maxBytes = config.maxObjectBytes;
  const answer = await s3.get({ bucket, owner, key, ifMatch: etag, maxBytes });
  if (answer.kind !== "object") return false;
  const isSame = answer.body.expose().equals(bytes);
  answer.body.wipe();
  return isSame;
}

/** @throws {PosternError} NotFound for a folder without one, BadData for one that is not understood */
export async function readCargo(folder: string): Promise<Cargo> {
  const file = join(folder, MANIFEST);
  const text = (await reading(file)).toString("utf8");
  let cargo: unknown;
  try {
    cargo = JSON.parse(text);
  } catch {
    cargo = undefined;
  }
  if (isCargo(cargo)) return cargo;
  throw new PosternError("BadData", `${quote(file)}: expected what postern export wrote`);
}

function isCargo(value: unknown): value is Cargo {
  if (typeof value !== "object" || value === null) return false;
  const { version, bucket, groups } = { version: 0, bucket: 0, groups: 0, ...value };
  if (version !== 1 || typeof bucket !== "string") return false;
  return (
    typeof groups === "object" &&
    groups !== null &&
    Object.values(groups).every((objects) => Array.isArray(objects) && objects.every(isCarried))
  );
}

function isCarried(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { key, file, etag, sha256 } = { key: 0, file: 0, etag: 0, sha256: 0, ...value };
  const named = typeof file === "string" && /^[A-Za-z0-9][\w.-]*\/\d{4,}$/.test(file);
  return named && [key, etag, sha256].every((text) => typeof text === "string");
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function reading(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const errno = errnoOf(error) ?? "unknown reason";
    const code = errno === "ENOENT" ? "NotFound" : "BadData";
    throw new PosternError(code, `cannot read ${quote(path)}: ${errno}`, { cause: error });
  }
}

async function writing(path: string, act: (path: string) => Promise<unknown>): Promise<void> {
  try {
    await act(path);
  } catch (error) {
    const errno = errnoOf(error) ?? "unknown reason";
    const hint = errno === "EEXIST" ? { hint: "name a folder that holds no export yet" } : {};
    throw new PosternError("CannotWrite", `cannot write ${quote(path)}: ${errno}`, {
      cause: error,
      ...hint,
    });
  }
}
