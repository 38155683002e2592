/**
 * `gen/ID.manifest`: what a generation was made from, and what its files must be.
 *
 * One JSON object in a file that only the running user may read. It is state and not to be trusted blindly:
 * whatever is odd about it makes it no manifest, and its group is fetched anew.
 * @module
 */
import * as v from "valibot";
import { type GroupName, judgeNames, parseFileName, type SecretName } from "../core/names.ts";
import type { Access } from "./durable-file.ts";
import { type GenerationId, parseGenerationId } from "./target.ts";

export interface Manifest {
  readonly group: GroupName;
  readonly id: GenerationId;
  /** The generation that was current when this one was made; its turn has come when this one is swapped in. */
  readonly previous: GenerationId | undefined;
  /** Epoch milliseconds. */
  readonly created: number;
  /** `keyId` of the host key that the digests were made with. */
  readonly hostKey: string;
  readonly fingerprints: Fingerprints;
  readonly bundle: BundleMark | undefined;
  /** Of every file. */
  readonly access: Access;
  readonly secrets: readonly ManifestSecret[];
  /** Files made from the secrets, which lie beside them. */
  readonly rendered: readonly ManifestFile[];
}

/** What identifies the configuration that a generation was made under. */
export interface Fingerprints {
  /** Of what decides the bytes: bucket, layout, decrypt. */
  readonly source: string;
  /** Of what decides how they lie: owner, mode, renders. */
  readonly shape: string;
}

/** The object that a bundle group came from. */
export interface BundleMark {
  readonly etag: string;
  readonly revision: number;
  /** The replica that the ETag belongs to; undefined for the home bucket. */
  readonly replica?: string | undefined;
}

/** The object that a secret came from. */
export interface SourceMark {
  readonly key: string;
  readonly etag: string;
  readonly versionId: string | undefined;
  /** Epoch milliseconds. */
  readonly lastModified: number | undefined;
}

export interface ManifestFile {
  readonly name: SecretName;
  /** Bytes. */
  readonly size: number;
  /** See `keyedDigest`. */
  readonly digest: string;
}

export interface ManifestSecret extends SourceMark, ManifestFile {}

/** Every file of the generation. */
export function filesIn({ secrets, rendered }: Manifest): readonly ManifestFile[] {
  return [...secrets, ...rendered];
}

/** The bytes of the file: field by field, since `parseManifest` refuses whatever else a record may carry. */
export function encodeManifest(manifest: Manifest): Buffer {
  const { group, id, previous, created, hostKey, fingerprints, bundle, access } = manifest;
  const { source, shape } = fingerprints;
  const { uid, gid, mode } = access;
  const json = {
    version: 1,
    group,
    id,
    previous,
    created,
    hostKey,
    fingerprints: { source, shape },
    bundle: bundle && { etag: bundle.etag, revision: bundle.revision, replica: bundle.replica },
    access: { uid, gid, mode },
    secrets: manifest.secrets.map(({ name, key, etag, versionId, lastModified, size, digest }) => ({
      name,
      key,
      etag,
      versionId,
      lastModified,
      size,
      digest,
    })),
    rendered: manifest.rendered.map(({ name, size, digest }) => ({ name, size, digest })),
  } satisfies Raw;
  return Buffer.from(`${JSON.stringify(json)}\n`);
}

/**
 * The manifest of generation `id` of `group`, or why `bytes` is none.
 * @param hostKey `keyId` of this host's key
 */
export function parseManifest(
  bytes: Buffer,
  group: GroupName,
  id: GenerationId,
  hostKey: string,
): Manifest | string {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    return "expected JSON";
  }
  const parsed = v.safeParse(SCHEMA, json);
  if (!parsed.success) {
    const place = parsed.issues[0].path?.map(({ key }) => String(key)).join(".") ?? "";
    return `expected another value at "${place}"`;
  }
  const { output } = parsed;
  if (output.group !== group) return "expected another group";
  if (output.id !== id) return "expected another generation";
  if (output.hostKey !== hostKey) return "expected digests under this host's key";
  const secrets = namedSecrets(output.secrets);
  if (typeof secrets === "string") return secrets;
  const rendered = namedRenders(output.rendered);
  const names = [...output.secrets, ...output.rendered].map(({ name }) => name);
  if (new Set(names).size !== names.length) return "expected each name once";
  return typeof rendered === "string"
    ? rendered
    : assemble(output, group, id, { secrets, rendered });
}

const text = v.string();
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
// 2^32 - 1 means "leave as it is" to chown(2)
const kernelId = v.pipe(count, v.maxValue(2 ** 32 - 2));
const SCHEMA = v.strictObject({
  version: v.literal(1),
  group: text,
  id: text,
  previous: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/))),
  created: count,
  hostKey: text,
  fingerprints: v.strictObject({ source: text, shape: text }),
  bundle: v.optional(v.strictObject({ etag: text, revision: count, replica: v.optional(text) })),
  access: v.strictObject({
    uid: kernelId,
    gid: kernelId,
    mode: v.pipe(count, v.maxValue(0o777)),
  }),
  secrets: v.array(
    v.strictObject({
      name: text,
      key: text,
      etag: text,
      versionId: v.optional(text),
      lastModified: v.optional(count),
      size: count,
      digest,
    }),
  ),
  rendered: v.array(v.strictObject({ name: text, size: count, digest })),
});
type Raw = v.InferOutput<typeof SCHEMA>;

function namedSecrets(secrets: Raw["secrets"]): readonly ManifestSecret[] | string {
  if (new Set(secrets.map(({ name }) => name)).size !== secrets.length)
    return "expected each name once";
  const judged = judgeNames(secrets.map((entry) => ({ name: entry.name, entry })));
  if (judged.accepted.length !== secrets.length) return "expected names that files can have";
  return judged.accepted.map(({ name, entry }) => ({
    name,
    key: entry.key,
    etag: entry.etag,
    versionId: entry.versionId,
    lastModified: entry.lastModified,
    size: entry.size,
    digest: entry.digest,
  }));
}

function namedRenders(rendered: Raw["rendered"]): readonly ManifestFile[] | string {
  try {
    return rendered.map(({ name, size, digest }) => ({ name: parseFileName(name), size, digest }));
  } catch {
    return "expected names that files can have";
  }
}

function assemble(
  raw: Raw,
  group: GroupName,
  id: GenerationId,
  { secrets, rendered }: Pick<Manifest, "secrets" | "rendered">,
): Manifest {
  return {
    group,
    id,
    previous: raw.previous === undefined ? undefined : parseGenerationId(raw.previous),
    created: raw.created,
    hostKey: raw.hostKey,
    fingerprints: raw.fingerprints,
    bundle: raw.bundle,
    access: raw.access,
    secrets,
    rendered,
  };
}
