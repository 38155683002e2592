/**
 * Stages a new generation: writes a whole set beside the current one, where nobody reads yet.
 *
 * A pass is this, then `swap`, then `finishGroup`. It can die at any point: until the swap's rename the old
 * set is what everybody sees, from then on the new one, and the next pass's `finishGroup` removes the rest.
 * @see Kubernetes pkg/volume/util/atomic_writer.go, whose order this follows, with what it leaves out: syncs
 * @module
 */
import type { Chance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { type GroupName, judgeNames, quote, RESERVED, type SecretName } from "../core/names.ts";
import { closing, judgeOwn, lookUp, newChild, openChild, ownChild } from "./directory.ts";
import { createFile } from "./durable-file.ts";
import { attempt, guarded, toFault } from "./fault.ts";
import { type Generation, inGenerations, obstacle, readCurrentId } from "./generation.ts";
import { keyId } from "./host-key.ts";
import { GENERATIONS, manifestName } from "./layout.ts";
import { encodeManifest, type Manifest } from "./manifest.ts";
import { removeTree } from "./remove.ts";
import { type StagePlan, writeSet } from "./set.ts";
import {
  childOf,
  type Directory,
  GENERATION_ID_BYTES,
  type GenerationId,
  parseGenerationId,
} from "./target.ts";
import type { Tree } from "./tree.ts";

/** A generation that is complete and durable, and that nobody reads yet. */
export type Staged = Generation;

/**
 * `tampered`: these files of the current generation are no longer what was written; nothing was staged. Plan
 * them again as `fresh`.
 */
export type StageResult =
  | { readonly kind: "staged"; readonly staged: Staged }
  | { readonly kind: "tampered"; readonly names: readonly SecretName[] };

/**
 * Writes `plan` as a new generation, durable when this resolves.
 *
 * 1. Judge the names beside each other: one that cannot be a file refuses the whole set.
 * 2. Open the group's directory and refuse what stands where `current` has to be.
 * 3. Make `gen/ID`, ID by chance, 0700: while the set is incomplete nobody else may enter.
 * 4. Make the folders, 0700.
 * 5. Create each file 0600, write, chown, chmod, sync. What did not change is copied once its digest was
 *    verified, and never hard-linked: an edit of one generation would be an edit of both.
 * 6. Give the folders, deepest first, and then `gen/ID` to their readers, and sync them.
 * 7. Write the manifest, 0600, and sync it.
 * 8. Sync `gen`: from here on the generation survives a power cut.
 *
 * Until it is swapped in or discarded, `finishGroup` would take it for what a dead pass left.
 *
 * @param current the generation that `kept` secrets are copied from
 * @throws {PosternError} BadName for names that cannot lie beside each other; CannotWrite when the kernel
 * refuses. What was staged is then removed, as far as the kernel lets it be.
 */
export async function stage(
  tree: Tree,
  plan: StagePlan,
  current: Generation | undefined,
): Promise<StageResult> {
  const path = `${tree.groups.path}/${plan.group}`;
  refuseBadNames(plan, path); // (1)
  const place = guarded(path, () => openPlace(tree, plan.group)); // (2)
  const id = newGenerationId(tree.chance);
  let directory: Directory | undefined;
  try {
    directory = newChild(tree.fs, place.generations, id, 0o700); // (3)
    return await stageAt(tree, plan, current, place, { id, directory });
  } catch (error) {
    // should the id be taken, then what lies there is not to be removed
    if (directory !== undefined) attempt(() => discardIn(tree, place.generations, id));
    throw toFault(path, error);
  } finally {
    if (directory !== undefined) tree.fs.close(directory.fd);
    tree.fs.close(place.generations.fd);
  }
}

/** Removes a generation that was staged and is not to be swapped in. */
export function discard(tree: Tree, staged: Staged): void {
  const { group } = staged.manifest;
  guarded(staged.path, () =>
    inGenerations(tree, group, (generations) => discardIn(tree, generations, staged.id)),
  );
}

/** The names of a set: of a plan, or of what will be one. */
export interface NamedSet {
  readonly group: GroupName;
  readonly secrets: readonly { readonly name: SecretName }[];
  readonly rendered: readonly { readonly name: SecretName }[];
}

/**
 * @param path of the group's directory on this host
 * @throws {PosternError} BadName for names that cannot lie beside each other
 */
export function refuseBadNames({ group, secrets, rendered }: NamedSet, path: string): void {
  const rootBytes = Buffer.byteLength(`${path}/${GENERATIONS}/`) + GENERATION_ID_BYTES * 2;
  const taken = new Set(secrets.map(({ name }) => name));
  // what is rendered for a path elsewhere lies where no secret can
  const beside = rendered
    .map(({ name }) => name)
    .filter((name) => !name.startsWith(`${RESERVED}/`));
  const names = [...secrets.map(({ name }) => name), ...beside.filter((name) => !taken.has(name))];
  const entries = names.map((name) => ({ name, entry: name }));
  const { refused, ignored } = judgeNames(entries, rootBytes);
  const kindOf = (key: string): string =>
    secrets.some(({ name }) => name === key) ? "secret" : "render";
  const issues = [
    ...beside
      .filter((name) => taken.has(name))
      .map((name) => `render ${quote(name)}: expected another path than the name of a secret`),
    ...refused.map(({ key, why }) => `${kindOf(key)} ${quote(key)}: ${why}`),
    ...ignored.map((name) => `secret ${quote(name)}: expected a name that does not end in "/"`),
  ];
  if (taken.size !== secrets.length) issues.push("expected each name once");
  if (issues.length === 0) return;
  throw new PosternError("BadName", `group ${quote(group)} has names that cannot be files`, {
    issues,
  });
}

/** Where a generation is staged, and the one it will replace. */
interface Place {
  readonly generations: Directory;
  readonly previous: GenerationId | undefined;
}

function openPlace(tree: Tree, group: GroupName): Place {
  const { fs, groups, secrets, uid } = tree;
  const stable = lookUp(fs, secrets, group);
  if (stable !== undefined && stable.kind !== "link") throw obstacle(`${secrets.path}/${group}`);
  const existing = openChild(fs, groups, group);
  const directory = existing ?? ownChild(fs, groups, group, uid, 0o755);
  return closing(fs, directory, () => {
    if (existing === undefined) fs.sync(groups.fd);
    judgeOwn(directory.path, fs.stat(directory.fd), uid);
    const id = readCurrentId(tree, directory);
    // anyone may pass: what lies in it decides for itself, and nobody but the owner may list it
    const generations = ownChild(fs, directory, GENERATIONS, uid, 0o711);
    return { generations, previous: id === "odd" ? undefined : id };
  });
}

async function stageAt(
  tree: Tree,
  plan: StagePlan,
  current: Generation | undefined,
  { generations, previous }: Place,
  { id, directory }: { readonly id: GenerationId; readonly directory: Directory },
): Promise<StageResult> {
  const { fs, clock, hostKey } = tree;
  const { group, access, fingerprints, bundle } = plan;
  const set = await writeSet(tree, plan, directory, { generations, current }); // (4) to (6)
  if (set.tampered.length > 0) {
    discardIn(tree, generations, id);
    return { kind: "tampered", names: set.tampered };
  }
  const named = { secrets: set.secrets, rendered: set.rendered };
  const made = { group, id, previous, created: clock.now(), hostKey: keyId(hostKey) };
  const manifest: Manifest = { ...made, fingerprints, bundle, access, ...named };
  createFile(fs, childOf(generations, manifestName(id)), encodeManifest(manifest), undefined); // (7)
  fs.sync(generations.fd); // (8)
  return { kind: "staged", staged: { id, path: directory.path, manifest } };
}

function newGenerationId(chance: Chance): GenerationId {
  const id = parseGenerationId(chance.bytes(GENERATION_ID_BYTES).toString("hex"));
  if (id === undefined) throw new PosternError("Internal", "chance gave too few bytes");
  return id;
}

function discardIn(tree: Tree, generations: Directory, id: GenerationId): void {
  // the manifest last: what has one is complete
  removeTree(tree.fs, generations, id);
  removeTree(tree.fs, generations, manifestName(id));
}
