/**
 * The way back from a stage: each document that it changes as it was in the stage before.
 * @module
 */
import type { Deployment } from "../policy/deployment.ts";
import { deploymentFiles, type DocumentFile, INDEX } from "./files.ts";
import { type Stage, STAGE_NAMES } from "./stage.ts";

export interface Undo {
  readonly files: readonly DocumentFile[];
  /** How many documents there are to put back, and how many to remove. */
  readonly changed: number;
  readonly added: number;
}

/** @param before undefined where it is not known what was there */
export function undoFiles(stage: Stage, before: Deployment | undefined, after: Deployment): Undo {
  const old = new Map(
    (before === undefined ? [] : deploymentFiles(before)).map(({ path, text }) => [path, text]),
  );
  const now = deploymentFiles(after).filter(({ path }) => path !== INDEX);
  const changed = now.flatMap(({ path, text }): readonly DocumentFile[] => {
    const was = old.get(path);
    return was === undefined || was === text ? [] : [{ path: `undo/${path}`, text: was }];
  });
  const added = now.filter(({ path }) => !old.has(path)).map(({ path }) => path);
  const gone = [...old.keys()].filter(
    (path) => path !== INDEX && !now.some((one) => one.path === path),
  );
  const back = gone.map((path) => ({ path: `undo/${path}`, text: old.get(path) ?? "" }));
  const files = [...changed, ...back];
  return {
    files: [...files, { path: "undo/README.md", text: readme(stage, files, added) }],
    changed: files.length,
    added: added.length,
  };
}

function readme(stage: Stage, files: readonly DocumentFile[], added: readonly string[]): string {
  const listed = (paths: readonly string[]): string => paths.map((path) => `- ${path}\n`).join("");
  const first =
    stage === 1 ? "\nWhat was there before stage 1 is not known here: export it first.\n" : "";
  return `# To undo stage ${stage}, ${STAGE_NAMES[stage]}
${first}
Put back, as they lie here, with the policies of keys first:

${files.length === 0 ? "- nothing\n" : listed(files.map(({ path }) => path.replace(/^undo\//, "")))}
Remove or detach, since there was none before:

${added.length === 0 ? "- nothing\n" : listed(added)}`;
}
