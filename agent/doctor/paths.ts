/** The further paths and the templates of the groups: may they be written, may they be read. Only looks. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { destinationsOf } from "../config/destinations.ts";
import { readTemplates } from "../config/templates.ts";
import { quote } from "../core/names.ts";
import { type Expected, type Pending, pendingDestinations } from "../store/pending.ts";
import type { FileSystem } from "../store/file-system.ts";
import { readCurrent } from "../store/generation.ts";
import { type JournalEntry, readJournal } from "../store/journal.ts";
import { filesIn } from "../store/manifest.ts";
import type { Tree } from "../store/tree.ts";
import { attempt, failed, type Finding, isFault, ok, warning } from "./finding.ts";

export interface PathEffects {
  readonly fs: FileSystem;
  readonly uid: number;
}

/** @param tree undefined where nothing was ever written */
export async function examinePaths(
  { paths }: Config,
  groups: readonly GroupConfig[],
  tree: Tree | undefined,
  effects: PathEffects,
): Promise<readonly Finding[]> {
  const templates = await Promise.all(groups.map((group) => examineTemplates(group, effects)));
  const sight = tree ?? { ...effects, hostKey: undefined, run: { path: paths.run } };
  const journal = await attempt(() => (tree === undefined ? [] : readJournal(tree)));
  if (isFault(journal)) return [...templates.flat(), failed("paths", journal)];
  const pending = await Promise.all(
    groups.map(async (group) => {
      const expected = await expectedOf(group, tree);
      const pending = pendingDestinations(sight, journal, expected, destinationsOf(group));
      // where there is no set, nobody can say what a copy should be
      return pending.map((one) => ({
        ...one,
        isKnown: one.as === "link" || expected.files !== undefined,
      }));
    }),
  );
  return [...templates.flat(), ...judgePaths(pending.flat(), journal)];
}

async function examineTemplates(
  group: GroupConfig,
  { uid }: PathEffects,
): Promise<readonly Finding[]> {
  const found = await attempt(() => readTemplates(group, uid));
  if (isFault(found)) return [failed("templates", found)];
  return [...found.keys()].map((path) => ok("templates", quote(path)));
}

/** What a copy must be is known only of a generation that is there; who may read it is another check's. */
async function expectedOf(
  { name: group, mode }: GroupConfig,
  tree: Tree | undefined,
): Promise<Expected> {
  const current = await attempt(() => tree && readCurrent(tree, group));
  if (isFault(current) || current?.kind !== "generation")
    return { group, access: { uid: 0, gid: 0, mode }, files: undefined };
  const { manifest } = current.generation;
  return { group, access: manifest.access, files: filesIn(manifest) };
}

function judgePaths(
  pending: readonly (Pending & { readonly isKnown: boolean })[],
  journal: readonly JournalEntry[],
): readonly Finding[] {
  const refused = pending.flatMap(({ verdict }) =>
    verdict.kind === "refused" ? [failed("paths", verdict.error)] : [],
  );
  const told = pending.flatMap(({ path, verdict, isKnown }) => {
    if (verdict.kind === "foreign")
      return [warning("paths", `${quote(path)} is not postern's, and will be replaced`)];
    const isOurs = journal.some((entry) => entry.path === path);
    return verdict.kind === "differs" && isOurs && isKnown
      ? [warning("paths", `${quote(path)} differs from what it shall be, and will be put right`)]
      : [];
  });
  const rest = pending.length - refused.length - told.length;
  const sound =
    rest === 1 ? "1 path is in place, or can be" : `${rest} paths are in place, or can be`;
  return [...(rest > 0 ? [ok("paths", sound)] : []), ...refused, ...told];
}
