/** What is to be done about a group's further paths: each judged against the journal and the disk. Only looks. @module */
import { type GroupName, quote } from "../core/names.ts";
import { PosternError } from "../core/errors.ts";
import {
  type Destination,
  judgeDestination,
  linkMark,
  type Sight,
  type Verdict,
  type Wish,
} from "./destination.ts";
import type { Access } from "./durable-file.ts";
import type { JournalEntry, Mark } from "./journal.ts";
import type { ManifestFile } from "./manifest.ts";

/** What a pass would do at a path; `leaves`: the config no longer has it, and it will be removed. */
export interface Pending {
  readonly path: string;
  readonly as: "link" | "copy";
  readonly verdict: Verdict | { readonly kind: "leaves" };
}

/** What files are to be: of a generation, or of one that is only planned. */
export interface Expected {
  readonly group: GroupName;
  readonly access: Access;
  /** Undefined where nobody knows yet. */
  readonly files: readonly ManifestFile[] | undefined;
}

/** A destination, and what is to be done about it. */
export interface Step extends Destination {
  readonly wish: Wish | undefined;
  readonly verdict: Verdict;
  readonly entry: JournalEntry | undefined;
}

/** What `placeDestinations` would do, found out without writing. */
export function pendingDestinations(
  sight: Sight,
  journal: readonly JournalEntry[],
  expected: Expected,
  wanted: readonly Destination[],
): readonly Pending[] {
  const steps = wanted.map((destination) => judged(sight, journal, expected, destination));
  const leaving = leavingOf(journal, expected.group, wanted).map(({ path, is, becomes }) => ({
    path,
    as: (is ?? becomes)?.kind ?? "link",
    verdict: { kind: "leaves" } as const,
  }));
  return [...steps.map(({ path, as, verdict }) => ({ path, as, verdict })), ...leaving];
}

/** One path, judged. */
export function judged(
  sight: Sight,
  journal: readonly JournalEntry[],
  expected: Expected,
  destination: Destination,
): Step {
  const { path, name, as } = destination;
  const entry = journal.find((one) => one.path === path);
  const { group, access, files } = expected;
  const file = files?.find((one) => one.name === name);
  if (files !== undefined && file === undefined) {
    const message = `group ${quote(group)} has no ${quote(name)} for ${quote(path)}`;
    const error = new PosternError("BadData", message);
    return { ...destination, wish: undefined, entry, verdict: { kind: "refused", error } };
  }
  const mark = as === "link" ? linkMark(sight, group, name) : file && copyMark(group, file);
  const wish = mark && { mark, access };
  return {
    ...destination,
    wish,
    entry,
    verdict: judgeDestination(sight, destination, wish, entry),
  };
}

function copyMark(group: GroupName, { name, size, digest }: ManifestFile): Mark {
  return { kind: "copy", group, name, size, digest };
}

/** What the group has in the journal and no longer wants. */
export function leavingOf(
  journal: readonly JournalEntry[],
  group: GroupName,
  wanted: readonly Destination[],
): readonly JournalEntry[] {
  return journal.filter(
    (entry) => entry.group === group && !wanted.some(({ path }) => path === entry.path),
  );
}
