/**
 * A group sealed anew under another key or context, while hosts go on reading it.
 *
 * For each object, and for a bundle once:
 *
 * 1. Read it, and leave it alone if it opens in the new way already: so it goes on after a crash.
 * 2. Open it in the old way.
 * 3. Seal it in the new way.
 * 4. Open what was sealed, and see that it is the same value.
 * 5. Write it, only where the object still is what was read: what changed meanwhile is somebody's newer work, sealed
 *    by them, and is left alone.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type KmsKeyArn, quote, type S3Key, type SecretName } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { createOpener, type Opener, type Sealing } from "../decrypt/open.ts";
import { packArchive } from "./archive.ts";
import { bundleKey, nextRevision, readBundle, wipeBundle } from "./bundle.ts";
import { type Group, keyOf } from "./group.ts";
import { listNames, readSealed } from "./objects.ts";
import { createSealer, type Sealer } from "./seal.ts";
import { allOf, type Progress, silent } from "./set.ts";
import { valuesOf } from "./amend.ts";

/** What the objects are to be sealed under. */
export interface NewSeal {
  readonly key: KmsKeyArn;
  /** In place of the group's own; by default that. */
  readonly context?: Readonly<Record<string, string>> | undefined;
}

/** - `changed`: somebody wrote it meanwhile, and it was left alone. */
export type Resealed = "resealed" | "already" | "changed";

export interface ResealReport {
  /** By name; a bundle's is under its group's name. */
  readonly outcomes: ReadonlyMap<string, Resealed>;
  /** Of a bundle that was written. */
  readonly revision: number | undefined;
}

interface Ways {
  readonly group: Group;
  readonly opener: Opener;
  readonly sealer: Sealer;
}

/** @throws {PosternError} Usage for a group that is not sealed; whatever opening, sealing and S3 fail with */
export async function resealGroup(
  group: Group,
  seal: NewSeal,
  onProgress: Progress = silent,
): Promise<ResealReport> {
  const { config, publisher, replicaKeys } = group;
  const { decrypt, layout, name } = config;
  if (decrypt.mode === "none")
    throw new PosternError("Usage", `group "${name}" is not sealed: its decrypt.mode is none`, {
      hint: "give it a mode and keys in the config, and publish it again",
    });
  const sealing: Sealing = {
    ...decrypt,
    keys: [seal.key],
    context: seal.context ?? decrypt.context,
  };
  const bound = { decrypt: sealing, group: name, bucket: publisher.bucket };
  const ways: Ways = {
    group,
    opener: createOpener({ ...bound, kms: () => Promise.resolve(publisher.kms) }),
    sealer: createSealer({ ...bound, replicaKeys, client: publisher.sealing }),
  };
  if (layout.kind === "bundle") return resealBundle(ways);
  const { names } = await listNames(group);
  const outcomes = new Map<string, Resealed>();
  await allOf(names, async (secret) => {
    const outcome = await resealObject(ways, secret);
    if (outcome !== undefined) outcomes.set(secret, outcome);
    onProgress(outcomes.size, names.length);
  });
  return { outcomes, revision: undefined };
}

async function resealObject(ways: Ways, name: SecretName): Promise<Resealed | undefined> {
  const { group, opener, sealer } = ways;
  const key = keyOf(group, name);
  // (1)
  const found = await readSealed(group, key);
  if (found === undefined) return undefined;
  const already = await opened(() => opener.object(key, copyOf(found.body)));
  already?.wipe();
  if (already !== undefined) {
    found.body.wipe();
    return "already";
  }
  // (2)
  const value = await group.opener.object(key, found.body);
  try {
    // (3)
    const sealed = await sealer.object(key, value.expose());
    // (4)
    const again = await opener.object(key, new SecretBytes(Buffer.from(sealed)));
    const same = again.expose().equals(value.expose());
    again.wipe();
    if (!same) throw unlike(key);
    // (5)
    return await write(group, key, sealed, found.etag);
  } finally {
    value.wipe();
  }
}

async function resealBundle({ group, opener, sealer }: Ways): Promise<ResealReport> {
  const { name } = group.config;
  const key = bundleKey(group);
  // (1)
  const found = await readSealed(group, key);
  if (found === undefined) throw new PosternError("NotFound", `group "${name}" has no bundle yet`);
  const already = await opened(() => opener.bundle(key, copyOf(found.body)));
  already?.plaintext.wipe();
  found.body.wipe();
  if (already !== undefined) return { outcomes: new Map([[name, "already"]]), revision: undefined };
  // (2)
  const bundle = await readBundle(group);
  if (bundle === undefined || bundle.etag !== found.etag)
    return { outcomes: new Map([[name, "changed"]]), revision: undefined };
  try {
    const revision = nextRevision(group, bundle.revision);
    const archive = await packArchive(valuesOf(bundle));
    try {
      // (3)
      const sealed = await sealer.bundle(archive, revision);
      // (4)
      const again = await opener.bundle(key, new SecretBytes(Buffer.from(sealed)));
      const same = again.revision === revision && again.plaintext.expose().equals(archive);
      again.plaintext.wipe();
      if (!same) throw unlike(key);
      // (5)
      const outcome = await write(group, key, sealed, bundle.etag);
      return {
        outcomes: new Map([[name, outcome]]),
        revision: outcome === "resealed" ? revision : undefined,
      };
    } finally {
      archive.fill(0);
    }
  } finally {
    wipeBundle(bundle);
  }
}

/**
 * What `open` gives; undefined for what does not open so, or is denied: whether the new key may be used shows when what
 * was sealed under it is opened, and not every KMS tells a wrong key from a denial.
 * @throws {PosternError} for everything else
 */
async function opened<T>(open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof PosternError && NOT_SO.has(error.code)) return undefined;
    throw error;
  }
}

const NOT_SO: ReadonlySet<string> = new Set(["DecryptFailed", "Denied"]);

async function write(
  { publisher, config }: Group,
  key: S3Key,
  body: Uint8Array,
  etag: string,
): Promise<Resealed> {
  const condition = { kind: "etag", etag } as const;
  const outcome = await publisher.store.put({ key, body, condition, sse: config.sse });
  return outcome.kind === "written" ? "resealed" : "changed";
}

function copyOf(body: SecretBytes): SecretBytes {
  return new SecretBytes(Buffer.from(body.expose()));
}

function unlike(key: S3Key): PosternError {
  return new PosternError(
    "Internal",
    `${quote(key)} opened to another value after it was sealed anew: the old one was left in place`,
  );
}
