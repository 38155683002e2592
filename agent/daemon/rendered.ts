/** What a group's renders make of its new set, before a byte of either is written. @module */
import { destinationsOf } from "../config/destinations.ts";
import type { GroupConfig, RenderConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import { render, type Rendered, type RenderFormat } from "../render/render.ts";
import { refuseBadNames } from "../store/stage.ts";
import { readKept, type PlannedFile, type StagePlan } from "../store/set.ts";
import type { Tree } from "../store/tree.ts";
import type { Survey } from "./survey.ts";

export interface RenderedPlan {
  /** Complete. The caller wipes what is rendered, see `wipeRendered`. */
  readonly plan: StagePlan;
  readonly notes: readonly string[];
}

/**
 * Completes `plan` with its rendered files. Kept secrets are read from the disk, and verified, only if there is
 * anything to render.
 *
 * `tampered`: a kept secret is no longer what was written.
 * @throws {PosternError} BadData when the set lacks a secret that `files` names; BadName for a render of a
 * secret's name; else as `render`, naming the render's path
 */
export async function renderSet(
  tree: Tree | undefined,
  group: GroupConfig,
  plan: StagePlan,
  survey: Survey,
): Promise<RenderedPlan | "tampered"> {
  judgeFiles(group, plan);
  refuseBadNames({ ...plan, rendered: group.render }, "");
  if (group.render.length === 0) return { plan, notes: [] };
  const kept = readKeptOf(tree, plan, survey);
  if (kept === undefined) return "tampered";
  const rendered: PlannedFile[] = [];
  const notes: string[] = [];
  try {
    const values = new Map(kept);
    for (const { name, content } of plan.secrets)
      if (content.kind === "fresh") values.set(name, content.bytes.expose());
    for (const file of group.render) {
      const made = await renderOne(file, group, values, survey);
      rendered.push({ name: file.name, bytes: made.bytes });
      notes.push(...made.notes.map((note) => `render ${quote(file.path)}: ${note}`));
    }
  } catch (error) {
    wipeRendered({ rendered });
    throw error;
  } finally {
    for (const bytes of kept.values()) bytes.fill(0);
  }
  return { plan: { ...plan, rendered }, notes };
}

/** Wipes the plaintext of what was rendered. */
export function wipeRendered({ rendered }: Pick<StagePlan, "rendered">): void {
  for (const { bytes } of rendered) bytes.wipe();
}

function judgeFiles(group: GroupConfig, { secrets }: StagePlan): void {
  const names = new Set([...secrets, ...group.render].map(({ name }) => name));
  const missing = destinationsOf(group).filter(({ name }) => !names.has(name));
  if (missing.length === 0) return;
  const quoted = missing.map(({ name }) => quote(name)).join(", ");
  throw new PosternError("BadData", `group ${quote(group.name)} has no secret ${quoted}`, {
    hint: "publish it, or take it out of files in the config",
  });
}

function readKeptOf(
  tree: Tree | undefined,
  { secrets }: StagePlan,
  { generation }: Survey,
): ReadonlyMap<SecretName, Buffer> | undefined {
  const kept = secrets.filter(({ content }) => content.kind === "kept").map(({ name }) => name);
  if (kept.length === 0) return new Map();
  return tree && generation && readKept(tree, generation, new Set(kept));
}

async function renderOne(
  { path, format, template }: RenderConfig,
  { maxGroupBytes }: GroupConfig,
  values: ReadonlyMap<SecretName, Buffer>,
  { templates }: Survey,
): Promise<Rendered> {
  const file = template ?? "";
  const kind: RenderFormat =
    format === "template"
      ? { kind: format, file, text: templates.get(file) ?? "" }
      : { kind: format };
  try {
    return await render({ format: kind, values, maxBytes: maxGroupBytes });
  } catch (error) {
    throw error instanceof PosternError ? naming(path, error) : error;
  }
}

function naming(path: string, error: PosternError): PosternError {
  const { code, message, issues, hint, cause } = error;
  const said = (text: string): string => `render ${quote(path)}: ${text}`;
  return new PosternError(code, said(message), {
    cause,
    issues: issues.map((issue) => said(issue)),
    ...(hint === undefined ? {} : { hint }),
  });
}
