/** What `postern policy lint` does with the files that it was given, and what it prints of it. @module */
import type { PolicyFile } from "./document.ts";
import { lintDocuments } from "./lint.ts";
import { type Mute, withoutMuted } from "./mute.ts";
import { encodeFindings, encodeText } from "./report.ts";
import { type Finding, SEVERITIES, type Severity } from "./rule.ts";
import { encodeSarif } from "./sarif.ts";
import type { Surroundings } from "./set.ts";

export const LINT_FORMATS = ["text", "json", "sarif"] as const;
export type LintFormat = (typeof LINT_FORMATS)[number];

/** Documents that are judged together: a bucket policy with the key policies and roles that belong to it. */
export interface LintSet extends Surroundings {
  readonly documents: readonly PolicyFile[];
}

export interface Linted {
  /** Without those that are muted. */
  readonly findings: readonly Finding[];
  readonly muted: number;
}

export function lintSets(sets: readonly LintSet[], mutes: readonly Mute[] = []): Linted {
  const findings = sets.flatMap(({ documents, ...known }) => lintDocuments(documents, known));
  const { told, muted } = withoutMuted(findings, mutes);
  return { findings: told, muted };
}

/** @param version of postern */
export function encodeLinted(
  { findings, muted }: Linted,
  format: LintFormat,
  version: string,
): string {
  switch (format) {
    case "text":
      return encodeText(findings, muted);
    case "json":
      return `${JSON.stringify(encodeFindings(findings, muted), undefined, 2)}\n`;
    case "sarif":
      return `${JSON.stringify(encodeSarif(findings, version), undefined, 2)}\n`;
    default:
      return format satisfies never;
  }
}

/** Whether there is a finding of at least the severity, for an exit code. */
export function hasFindings({ findings }: Linted, atLeast: Severity): boolean {
  const most = SEVERITIES.indexOf(atLeast);
  return findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= most);
}
