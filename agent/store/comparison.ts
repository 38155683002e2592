/** What a plan would change, by keyed digests. @module */
import type { Changes } from "../core/outcome.ts";
import type { SecretName } from "../core/names.ts";
import { replaceFile } from "./durable-file.ts";
import { guarded } from "./fault.ts";
import { type Generation, inGenerations } from "./generation.ts";
import { keyedDigest } from "./host-key.ts";
import { manifestName } from "./layout.ts";
import { encodeManifest, filesIn, type Manifest, type ManifestSecret } from "./manifest.ts";
import { type PlannedSecret, sourceOf, type StagePlan } from "./set.ts";
import type { Tree } from "./tree.ts";

/**
 * - `same`: the current generation is what is planned, and was made from the same objects.
 * - `renewed`: the same set, from objects that were written anew: no new generation, see `renewManifest`.
 * - `changed`: content, owner, mode or configuration differ; the lists are empty when only the latter three do.
 */
export type Comparison =
  | { readonly kind: "same" }
  | { readonly kind: "renewed" }
  | { readonly kind: "changed"; readonly changes: Changes };

/**
 * How `plan` differs from the current generation; the files themselves are not looked at, see `inspect`. Nor is
 * what is rendered: of the same secrets under the same configuration it is the same.
 */
export function compare(
  tree: Pick<Tree, "hostKey">,
  plan: StagePlan,
  current: Manifest | undefined,
): Comparison {
  const before = new Map(current?.secrets.map((secret) => [secret.name, secret]));
  const planned = new Set(plan.secrets.map(({ name }) => name));
  const names = (secrets: readonly { readonly name: SecretName }[]): readonly SecretName[] =>
    secrets.map(({ name }) => name);
  const changes = {
    added: names(plan.secrets.filter(({ name }) => !before.has(name))),
    changed: names(
      plan.secrets.filter((secret) => {
        const old = before.get(secret.name);
        return old !== undefined && differs(tree, plan, secret, old);
      }),
    ),
    removed: names((current?.secrets ?? []).filter(({ name }) => !planned.has(name))),
  };
  const equal = Object.values(changes).every((list) => list.length === 0);
  if (!equal || current === undefined || !sameShape(plan, current))
    return { kind: "changed", changes };
  return sameSource(plan, before, current) ? { kind: "same" } : { kind: "renewed" };
}

/** Plaintext of the planned set, in bytes: for `checkBudget`. */
export function plannedBytes(plan: StagePlan, current: Manifest | undefined): number {
  const sizes = new Map(current?.secrets.map(({ name, size }) => [name, size]));
  const secrets = plan.secrets.map(({ name, content }) =>
    content.kind === "fresh" ? content.bytes.length : (sizes.get(name) ?? 0),
  );
  const rendered = plan.rendered.map(({ bytes }) => bytes.length);
  return [...secrets, ...rendered].reduce((sum, size) => sum + size, 0);
}

/** Plaintext of a generation, in bytes. */
export function generationBytes(manifest: Manifest): number {
  return filesIn(manifest).reduce((sum, { size }) => sum + size, 0);
}

/**
 * Notes the objects that a `renewed` plan came from with the current generation, whose files stay: what was
 * seen once is not fetched again.
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function renewManifest(tree: Tree, current: Generation, plan: StagePlan): Generation {
  const planned = new Map(plan.secrets.map((secret) => [secret.name, secret]));
  const secrets = current.manifest.secrets.map((secret) => {
    const renewed = planned.get(secret.name);
    return renewed === undefined ? secret : { ...secret, ...sourceOf(renewed, secret) };
  });
  const manifest: Manifest = { ...current.manifest, bundle: plan.bundle, secrets };
  const bytes = encodeManifest(manifest);
  guarded(current.path, () =>
    inGenerations(tree, plan.group, (generations) =>
      replaceFile(tree, generations, manifestName(current.id), bytes, 0o600),
    ),
  );
  return { ...current, manifest };
}

function differs(
  { hostKey }: Pick<Tree, "hostKey">,
  { group }: StagePlan,
  { name, content }: PlannedSecret,
  old: ManifestSecret,
): boolean {
  if (content.kind === "kept") return false;
  return keyedDigest(hostKey, group, name, content.bytes.expose()) !== old.digest;
}

function sameShape({ access, fingerprints }: StagePlan, current: Manifest): boolean {
  return (
    access.uid === current.access.uid &&
    access.gid === current.access.gid &&
    access.mode === current.access.mode &&
    fingerprints.source === current.fingerprints.source &&
    fingerprints.shape === current.fingerprints.shape
  );
}

function sameSource(
  { bundle, secrets }: StagePlan,
  before: ReadonlyMap<SecretName, ManifestSecret>,
  current: Manifest,
): boolean {
  const { etag, revision, replica } = bundle ?? {};
  const mark = current.bundle;
  if (etag !== mark?.etag || revision !== mark?.revision || replica !== mark?.replica) return false;
  return secrets.every((secret) => {
    const old = before.get(secret.name);
    if (old === undefined) return false;
    const { key, etag, versionId } = sourceOf(secret, old);
    return old.key === key && old.etag === etag && old.versionId === versionId;
  });
}
