/**
 * What every publishing command shares: the group that is named, the right to write, and asking before what cannot
 * be undone by the next key press.
 * @module
 */
import type { Argv } from "yargs";
import type { Config } from "../config/config.ts";
import { systemChance } from "../core/clock.ts";
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import type { Group } from "../publish/group.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { Progress } from "../publish/set.ts";
import type { Surroundings } from "./command.ts";
import { chosenGroups, loadNamedConfig, withConfig } from "./configured.ts";
import { parseSubject, type Subject } from "./reading.ts";
import type { Terminal } from "./report.ts";

/** Flags of a command that asks S3 as a publisher. */
export interface PublishingFlags {
  readonly config: string | undefined;
  readonly json: boolean | undefined;
}

/** Flags of one that writes. */
export interface WritingFlags extends PublishingFlags {
  readonly "no-bucket-check": boolean | undefined;
}

/** Adds `--config` and `--json`. */
export function withPublishing<Options>(parser: Argv<Options>): Argv<Options & PublishingFlags> {
  return withConfig(parser).option("json", {
    type: "boolean",
    describe: "print what happened as JSON",
  });
}

/** Adds `--no-bucket-check` as well. */
export function withWriting<Options>(parser: Argv<Options>): Argv<Options & WritingFlags> {
  return withPublishing(parser).option("no-bucket-check", {
    type: "boolean",
    describe: "do not look whether the bucket is fit for secrets",
  });
}

/** Adds `--yes`. */
export function withYes<Options>(
  parser: Argv<Options>,
): Argv<Options & { readonly yes: boolean | undefined }> {
  return parser.option("yes", { type: "boolean", describe: "do it without asking" });
}

/** The groups of a configuration, as one publisher sees them. */
export interface Groups {
  readonly config: Config;
  readonly publisher: Publisher;
  /** @throws {PosternError} NotFound */
  group(name: string): Group;
}

/**
 * Opens the home bucket of the configuration for as long as `use` takes.
 * @throws {PosternError} ConfigInvalid, or whatever `use` throws
 */
export async function withGroups<Result>(
  file: string | undefined,
  surroundings: Surroundings,
  use: (groups: Groups) => Promise<Result>,
): Promise<Result> {
  const config = await loadNamedConfig(file, surroundings);
  const { terminal, clock } = surroundings;
  const [{ openPublisher }, { openGroup }] = await Promise.all([
    import("../publish/publisher.ts"),
    import("../publish/group.ts"),
  ]);
  const publisher = await openPublisher(config, {
    env: terminal.env,
    clock,
    chance: systemChance,
  });
  try {
    return await use({
      config,
      publisher,
      group: (name) => {
        const [chosen] = chosenGroups(config, [name]);
        if (chosen === undefined) throw new PosternError("Internal", "the group went away");
        return openGroup(config, chosen, publisher);
      },
    });
  } finally {
    publisher.close();
  }
}

/** @throws {PosternError} BadData for a bucket that is not fit, unless it is not to be looked at */
export async function checkedBucket(
  { publisher }: Pick<Groups, "publisher">,
  flags: Pick<WritingFlags, "no-bucket-check">,
): Promise<void> {
  if (flags["no-bucket-check"]) return;
  const { checkBucket } = await import("../publish/bucket-check.ts");
  await checkBucket(publisher);
}

/** "GROUP/NAME". @throws {PosternError} Usage */
export function parseSecret(text: string): Subject & { readonly secret: SecretName } {
  const { group, secret } = parseSubject(text);
  if (secret !== undefined) return { group, secret };
  throw new PosternError("Usage", `expected GROUP/NAME, got ${quote(text)}`, {
    hint: `postern list ${group} shows the names`,
  });
}

/**
 * Asks a person before destructive work.
 * @param what in words that a "?" may follow
 * @throws {PosternError} Usage where nobody can be asked, or the answer is no
 */
export async function confirm(
  what: string,
  yes: boolean | undefined,
  { stdin, stderr }: Terminal,
): Promise<void> {
  if (yes === true) return;
  if (!stdin.isTTY || !stderr.isTTY)
    throw new PosternError("Usage", `nobody to ask: ${what}?`, {
      hint: "add --yes to do it without asking",
    });
  const { createInterface } = await import("node:readline/promises");
  const asking = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await asking.question(`${what}? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    asking.close();
  }
  throw new PosternError("Usage", "nothing was changed");
}

/** A line on a person's terminal that says how far it is; nothing where nobody looks on. */
export function progressOn({ stderr }: Terminal, verb: string): Progress {
  if (!stderr.isTTY) return () => undefined;
  const width = 20;
  return (done, all) => {
    const full = Math.floor((width * done) / Math.max(all, 1));
    const bar = "#".repeat(full).padEnd(width, ".");
    stderr.write(`\r${verb} [${bar}] ${done}/${all}${done === all ? "\n" : ""}`);
  };
}

/** Warns of keys that hosts refuse, and their whole group with them. */
export function warnOfRefused(
  refused: readonly { readonly key: string; readonly why: string }[],
  { stderr }: Terminal,
): void {
  for (const { key, why } of refused)
    stderr.write(`postern: warning: hosts refuse ${quote(key)}: ${why}\n`);
}

/** "version X", "revision 8", as far as there is one. */
export function saidVersion(versionId: string | undefined, revision: number | undefined): string {
  if (revision !== undefined) return `revision ${revision}`;
  return versionId === undefined ? "" : `version ${versionId}`;
}
