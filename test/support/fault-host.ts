/** A host that a fault of `cases/faults.ts` befalls, and that is rid of it again. @module */
import assert from "node:assert/strict";
import type { ErrorCode } from "../../agent/core/errors.ts";
import type { GroupState } from "../../agent/core/group-state.ts";
import type { FaultRule } from "../../agent/sandbox/faults.ts";
import {
  configure,
  decryptBy,
  fetchAll,
  type GroupSettings,
  type Mode,
  publish,
  publishBundle,
  ROLE,
  type TestHost,
} from "./host.ts";

/**
 * What can go wrong with the group `sick`, and what then is promised. It has two secrets on disk, new ones were
 * published, then the fault happens; the group `well` beside it has none.
 */
export interface FaultRow {
  readonly why: string;
  /** Of `sick`: by default a prefix, unsealed. */
  readonly layout?: "only" | "bundle";
  readonly mode?: Mode;
  /** More of `sick`'s own settings, and of the whole config. */
  readonly settings?: GroupSettings;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly happens: FaultRule | ((host: TestHost) => unknown);
  /** Takes back what `happens` did to more than the faults and the rights; then the new secrets arrive. */
  readonly undo?: (host: TestHost) => unknown;
  /** Exit code, error code and state of `sick`, and what the message or its hint must say. */
  readonly ends: readonly [exit: number, error: ErrorCode, state: GroupState, says?: RegExp];
  /** Both groups are concerned alike. */
  readonly everyone?: true;
}

/** What `sick` holds before, and what is published when the fault strikes. */
export const OLD = { a: "canary-Zq8-old-a", "b/c": "canary-Zq8-old-c" } as const;
export const NEW = { a: "canary-Zq8-new-a", "b/c": "canary-Zq8-new-c" } as const;

/** What a test of the row is about. */
export function titleOf({ why, layout, mode = "none" }: FaultRow): string {
  return `${why} (${layout ?? "prefix"}, ${mode})`;
}

/** Has both groups on disk, in step with S3. */
export async function makeWell(host: TestHost, row: FaultRow): Promise<void> {
  // what is awry with the config itself comes with the fault
  configure(host, groupsOf(host, row), row.everyone === true ? {} : row.config);
  await publish(host, "well", { a: OLD.a });
  await put(host, row, OLD, 1);
  const { code, stderr } = await fetchAll(host);
  assert.equal(code, 0, stderr);
}

/** Publishes new secrets of both groups, and lets the fault happen. */
export async function befall(host: TestHost, row: FaultRow): Promise<void> {
  await publish(host, "well", { a: NEW.a });
  await put(host, row, NEW, 2);
  configure(host, groupsOf(host, row), row.config);
  if (typeof row.happens === "function") await row.happens(host);
  else host.sandbox.faults.add(row.happens);
}

/** Takes the fault back: what was published stays. */
export async function recover(host: TestHost, row: FaultRow): Promise<void> {
  const { sandbox } = host;
  sandbox.faults.clear();
  const keys = [{ role: ROLE, key: "*", actions: ["kms:Decrypt"] }];
  const grants = [{ role: ROLE, readPrefixes: [""], writePrefixes: [] }];
  sandbox.setGrants({ grants, keys, administrators: ["publisher"] });
  configure(host, groupsOf(host, row));
  await row.undo?.(host);
}

function groupsOf(
  host: TestHost,
  { layout, mode = "none", settings }: FaultRow,
): Readonly<Record<string, GroupSettings>> {
  const decrypt = decryptBy(host, mode);
  const source =
    layout === "bundle"
      ? { bundle: "sick.bundle" }
      : { prefix: "sick/", ...(layout && { only: Object.keys(OLD) }) };
  return { well: { prefix: "well/" }, sick: { ...source, decrypt, ...settings } };
}

function put(
  host: TestHost,
  { layout, mode }: FaultRow,
  values: typeof OLD | typeof NEW,
  revision: number,
): Promise<void> {
  return layout === "bundle"
    ? publishBundle(host, "sick", revision, values)
    : publish(host, "sick", values, mode);
}
