/** `postern publish`: a folder becomes the whole set. @module */
import type { Secrets } from "../publish/amend.ts";
import type { Group } from "../publish/group.ts";
import type { Current, Published } from "../publish/set.ts";
import type { Command, Surroundings } from "./command.ts";
import { EXIT } from "../core/errors.ts";
import type { Judge } from "../publish/put.ts";
import { judgeFor, withLint } from "./linting.ts";
import { write } from "./output.ts";
import {
  checkedBucket,
  confirm,
  progressOn,
  saidVersion,
  warnOfRefused,
  withGroups,
  withWriting,
  withYes,
} from "./publishing.ts";
import { type Compared, comparedJson, comparedText, summaryOf } from "./set-changes.ts";
import { isOneLine, trimmed } from "./value.ts";
import { count } from "./words.ts";

export const publish: Command = {
  name: "publish",
  audience: "publishers",
  summary: "make a group what a folder holds, all of it",
  repeatable: ["allow"],
  manual: {
    description: [
      "Makes the group exactly what the folder holds: every file below it is a secret under its path, and what is not in the folder is removed. A bundle changes for all hosts at once, in one write. The objects of a prefix are written one after another, new names first and removals last, so that hosts see states in between; done again after a crash, it goes on where it was.",
      "Nothing that somebody else changed since it was read is overwritten: the command says which, and what to do.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "publish <folder> <group>",
      publish.summary,
      (options) =>
        withLint(withYes(withWriting(options)))
          .positional("folder", { type: "string", demandOption: true, describe: "of plain files" })
          .positional("group", { type: "string", demandOption: true, describe: "which group" })
          .option("trim", {
            type: "boolean",
            describe: "leave out the newline at the end of values of one line",
          })
          .option("dry-run", { type: "boolean", describe: "show what would change, and stop" })
          .option("detailed-exitcode", {
            type: "boolean",
            describe: "exit with 2 when something changed, or would",
          })
          .example("$0 publish ./web web --dry-run", "what would change")
          .example("$0 publish ./web web --yes", "in a CI job"),
      async ({ folder, group: name, trim = false, ...flags }) => {
        await withGroups(flags.config, surroundings, async (groups) => {
          const group = groups.group(name);
          const [{ readFolder }, { readCurrent }] = await Promise.all([
            import("../publish/folder.ts"),
            import("../publish/set.ts"),
          ]);
          const files = await readFolder(folder, group);
          const after = trim ? trimmedLines(files) : files;
          const { terminal } = surroundings;
          let current: Current | undefined;
          try {
            current = await readCurrent(group, {
              onProgress: progressOn(terminal, "reading"),
              mayBeMissing: true,
            });
            const check = (): Promise<void> => checkedBucket(groups, flags);
            const judge = await judgeFor(group, { ...flags, trim }, surroundings);
            await publishSet({ group, current, after, flags, check, judge }, surroundings);
          } finally {
            current?.wipe();
            for (const value of files.values()) value.fill(0);
          }
        });
      },
    ),
};

export interface SetFlags {
  readonly json: boolean | undefined;
  readonly yes: boolean | undefined;
  readonly "dry-run"?: boolean | undefined;
  readonly "detailed-exitcode"?: boolean | undefined;
}

export interface SetRequest {
  readonly group: Group;
  readonly current: Current;
  readonly after: Secrets;
  readonly flags: SetFlags;
  /** Throws when nothing may be written. */
  readonly check: () => Promise<void>;
  readonly judge?: Judge;
}

/** Shows what changes, asks before what is lost, and makes the group what `after` is. */
export async function publishSet(
  { group, current, after, flags, check, judge }: SetRequest,
  surroundings: Surroundings,
): Promise<void> {
  const { compareSets, hasChanges, writeSet } = await import("../publish/set.ts");
  const { terminal, exitWith } = surroundings;
  const changes = compareSets(current.values, after);
  const compared: Compared = {
    group: group.config.name,
    before: current.values,
    after,
    changes,
  };
  const changed = hasChanges(changes) || isFirst(group, current);
  const dryRun = flags["dry-run"] === true;
  if (!flags.json) {
    const heading = dryRun ? `would be ${summaryOf(changes)}` : summaryOf(changes);
    await write(terminal.stdout, comparedText(compared, heading));
  }
  warnOfRefused(current.refused, terminal);
  const written = new Set([...changes.added, ...changes.changed]);
  judge?.({ secrets: after, written, previous: current.values });
  let done: Published | undefined;
  if (changed && !dryRun) {
    await check();
    if (changes.removed.length > 0)
      await confirm(
        `remove ${count(changes.removed.length, "secret")} from ${compared.group}`,
        flags.yes,
        terminal,
      );
    done = await writeSet(group, current, after, progressOn(terminal, "writing"));
  }
  await tellDone(compared, done, { group, flags, dryRun }, surroundings);
  if (changed && flags["detailed-exitcode"]) exitWith(EXIT.changed);
}

async function tellDone(
  compared: Compared,
  done: Published | undefined,
  about: {
    readonly group: Group;
    readonly flags: SetFlags;
    readonly dryRun: boolean;
  },
  { terminal }: Surroundings,
): Promise<void> {
  const { group, flags, dryRun } = about;
  if (flags.json) {
    const said = {
      group: compared.group,
      ...comparedJson(compared),
      written: done !== undefined,
      revision: done?.revision ?? null,
      version: done?.versionId ?? null,
      versions: Object.fromEntries(done?.versions ?? []),
    };
    return write(terminal.stdout, `${JSON.stringify(said)}\n`);
  }
  if (dryRun || done === undefined) return;
  const said = saidVersion(done.versionId, done.revision);
  const text = `published${said === "" ? "" : `, ${said}`}`;
  await write(terminal.stdout, `${compared.group}: ${text}\n`);
  if (group.config.layout.kind !== "bundle" && changedNames(compared) > 1)
    terminal.stderr.write(
      "postern: hosts may have seen states in between: only a bundle changes for all of them at once\n",
    );
}

/** Editors end every file with a newline; the files of a folder stay as they are. */
function trimmedLines(files: Secrets): Secrets {
  return new Map(
    [...files].map(([name, value]) => [name, isOneLine(value) ? trimmed(value) : value]),
  );
}

/** An empty bundle is something where there was none. */
function isFirst(group: Group, current: Current): boolean {
  return group.config.layout.kind === "bundle" && current.bundle === undefined;
}

function changedNames({ changes }: Compared): number {
  return changes.added.length + changes.changed.length + changes.removed.length;
}
