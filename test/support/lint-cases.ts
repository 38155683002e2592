/** The cases of test/cases/lint: documents that a rule finds fault with, and documents that it must leave alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PolicyFile } from "../../agent/lint/document.ts";
import type { DocumentKind } from "../../agent/lint/kind.ts";
import type { Surroundings } from "../../agent/lint/set.ts";
import { root } from "./root.ts";

export interface LintCase {
  readonly why: string;
  /** By file name; a text is taken as it is. */
  readonly documents: Readonly<Record<string, unknown>>;
  readonly kinds?: Readonly<Record<string, DocumentKind>>;
  /** The ARN of what has the document, by file name. */
  readonly attached?: Readonly<Record<string, string>>;
  readonly known?: Surroundings;
  /** Where the rule fires: "role.json Statement[0].Resource". */
  readonly at?: readonly string[];
  /** Other rules that fire rightly. */
  readonly also?: readonly string[];
}

export interface LintTopic {
  /** The id of the rule, or what the documents have in common. */
  readonly name: string;
  readonly fails: readonly LintCase[];
  readonly passes: readonly LintCase[];
}

const folder = join(root, "test", "cases", "lint");

export function lintTopics(): readonly LintTopic[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ""),
      ...(JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<LintTopic, "name">),
    }));
}

export function filesOf({ documents, kinds = {}, attached = {} }: LintCase): readonly PolicyFile[] {
  return Object.entries(documents).map(([name, document]) => ({
    name,
    text: typeof document === "string" ? document : JSON.stringify(document, undefined, 2),
    kind: kinds[name],
    attachedTo: attached[name],
  }));
}
