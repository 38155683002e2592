import { type LintRequest, lint } from "../../agent/publish/lint.ts";
import type { Finding } from "../../agent/publish/lint-rules.ts";
import type { Group } from "./rendering.ts";

/** What of a request differs from a first publishing of everything. */
export interface Circumstances {
  readonly written?: readonly string[];
  readonly previous?: Group;
  readonly dotenv?: boolean;
  readonly now?: string;
}

export const NOW = "2030-06-15T12:00:00Z";

export function findingsOf(group: Group, circumstances: Circumstances = {}): readonly Finding[] {
  const { written = Object.keys(group), previous, dotenv = false, now = NOW } = circumstances;
  const request: LintRequest = {
    secrets: bytesOf(group),
    written: new Set(written),
    previous: previous && bytesOf(previous),
    dotenv,
    now: Date.parse(now),
  };
  return lint(request);
}

/** Each as "rule name". */
export function rulesOf(group: Group, circumstances?: Circumstances): readonly string[] {
  return findingsOf(group, circumstances).map(({ rule, name }) => `${rule} ${name}`);
}

function bytesOf(group: Group): ReadonlyMap<string, Buffer> {
  return new Map(Object.entries(group).map(([name, value]) => [name, Buffer.from(value)]));
}
