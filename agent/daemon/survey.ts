/** What this host holds of a group before a pass, and how much of it may be kept. @module */
import type { GroupConfig } from "../config/config.ts";
import { shapeFingerprint, sourceFingerprint } from "../config/fingerprint.ts";
import { readTemplates, type Templates } from "../config/templates.ts";
import type { SecretName } from "../core/names.ts";
import { type Drift, inspect } from "../store/drift.ts";
import { type Generation, readCurrent } from "../store/generation.ts";
import type { Fingerprints, ManifestSecret } from "../store/manifest.ts";
import { type BundleSource, highestRevision as revisionSeen } from "../store/revisions.ts";
import type { Tree } from "../store/tree.ts";
import type { Known } from "./collected.ts";
import type { Reach } from "./host.ts";
import type { Home } from "./services.ts";

export interface Survey {
  /** The generation that is current, if there is one that can be believed. */
  readonly generation: Generation | undefined;
  /** Why what is there is not believed. */
  readonly refused: string | undefined;
  /** How its files differ from what was written. */
  readonly drift: readonly Drift[];
  /** What identifies the configuration that a new generation would be made under. */
  readonly fingerprints: Fingerprints;
  /** What the group's renders are made by, as read for this pass. */
  readonly templates: Templates;
  /**
   * The secrets whose bytes may be kept: those that are as they were written, and none when the configuration
   * of where they come from has changed. Undefined before the first generation.
   */
  readonly kept: ReadonlyMap<SecretName, ManifestSecret> | undefined;
  /** Of a bundle, that this host has seen; undefined for none. */
  readonly highestRevision: number | undefined;
}

/**
 * Looks at the disk only. `tree` is undefined where nothing was ever written.
 * @throws {PosternError} ConfigInvalid for a template that cannot be read or trusted
 */
export async function surveyGroup(
  tree: Tree | undefined,
  group: GroupConfig,
  { home, uid }: Pick<Reach, "home" | "uid">,
): Promise<Survey> {
  const templates = await readTemplates(group, uid);
  const fingerprints = {
    source: sourceFingerprint(group, home),
    shape: shapeFingerprint(group, templates),
  };
  const config = { fingerprints, templates };
  const nothing = {
    ...config,
    generation: undefined,
    refused: undefined,
    drift: [],
    kept: undefined,
  };
  if (tree === undefined) return { ...nothing, highestRevision: undefined };
  const source = bundleSource(group, home);
  const highestRevision = source && revisionSeen(tree, source);
  const current = readCurrent(tree, group.name);
  if (current.kind !== "generation") {
    const refused = current.kind === "refused" ? current.why : undefined;
    return { ...nothing, refused, highestRevision };
  }
  const { generation } = current;
  const drift = inspect(tree, generation);
  const kept = soundSecrets(generation, drift, fingerprints);
  return { ...config, generation, refused: undefined, drift, kept, highestRevision };
}

/** What S3 is compared with, so that only what changed is fetched. */
export function knownOf({ generation, kept }: Survey): Known {
  // one lost or edited file, and the whole bundle is needed again
  const whole = kept?.size === generation?.manifest.secrets.length;
  return { secrets: kept, bundle: whole ? generation?.manifest.bundle : undefined };
}

/** The object whose revisions a bundle group counts; undefined for a group of another layout. */
export function bundleSource(
  group: GroupConfig,
  { bucket }: Pick<Home, "bucket">,
): BundleSource | undefined {
  const { name, layout } = group;
  return layout.kind === "bundle" ? { group: name, bucket, key: layout.key } : undefined;
}

/** The same survey for who no longer believes any byte on the disk: all of it is fetched anew. */
export function distrusting(survey: Survey): Survey {
  return { ...survey, kept: new Map() };
}

function soundSecrets(
  { manifest }: Generation,
  drift: readonly Drift[],
  { source }: Fingerprints,
): ReadonlyMap<SecretName, ManifestSecret> {
  if (manifest.fingerprints.source !== source) return new Map();
  const damaged = new Set(drift.filter(({ kind }) => DAMAGING.has(kind)).map(({ path }) => path));
  const sound = manifest.secrets.filter(
    ({ name }) => !pathsTo(name).some((path) => damaged.has(path)),
  );
  return new Map(sound.map((secret) => [secret.name, secret]));
}

/** Whether readers may have seen other bytes than were written. */
export function isDamaged({ drift }: Survey): boolean {
  return drift.some(({ kind }) => DAMAGING.has(kind));
}

/** Drift after which the bytes on disk are not what was written. */
const DAMAGING: ReadonlySet<Drift["kind"]> = new Set(["content", "missing", "link"]);

/** "a/b/c" lies at ".", "a", "a/b" and "a/b/c": what happens to a folder happens to all below it. */
function pathsTo(name: SecretName): readonly string[] {
  const segments = name.split("/");
  return [".", ...segments.map((_, index) => segments.slice(0, index + 1).join("/"))];
}
