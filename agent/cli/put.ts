/** `postern put`: one secret, written. @module */
import { PosternError } from "../core/errors.ts";
import type { Group } from "../publish/group.ts";
import type { PutDone, Seen } from "../publish/put.ts";
import type { Command, Surroundings } from "./command.ts";
import { edit } from "./editor.ts";
import { judgeFor, type LintFlags, withLint } from "./linting.ts";
import { write } from "./output.ts";
import {
  checkedBucket,
  type Groups,
  parseSecret,
  saidVersion,
  withGroups,
  withWriting,
  type WritingFlags,
} from "./publishing.ts";
import { NEWLINE, trimmed, valueOfFile, valueOfInput } from "./value.ts";

export const put: Command = {
  name: "put",
  audience: "publishers",
  summary: "write one secret; its value comes from stdin",
  repeatable: ["allow"],
  manual: {
    description: [
      "Writes one secret, sealed as the configuration says. The value comes from stdin, byte for byte, or from a file, or from an editor that opens the current one; never from the command line, which every process on the host can read. A terminal is asked for one line, which is not shown.",
      "Nobody's work is overwritten: the write holds only where S3 still has what was there when the command began, or what the editor was opened with. In a bundle, changes of other secrets that others make meanwhile stay.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "put <secret>",
      put.summary,
      (options) =>
        withLint(withWriting(options))
          .positional("secret", { type: "string", demandOption: true, describe: "GROUP/NAME" })
          .option("file", {
            type: "string",
            requiresArg: true,
            describe: "take the value from this file, byte for byte",
          })
          .option("edit", { type: "boolean", describe: "open the value in VISUAL, EDITOR or vi" })
          .option("trim", { type: "boolean", describe: "leave out a newline at the value's end" })
          .conflicts("file", "edit")
          .example("printf %s hunter2 | $0 put web/db_password", "one value")
          .example("$0 put web/site.key --file site.key", "a file"),
      async ({ secret, file, edit: inEditor = false, trim = false, ...flags }) => {
        const wanted = { ...parseSecret(secret), trim };
        await withGroups(flags.config, surroundings, async (groups) => {
          const group = groups.group(wanted.group);
          const { nameIn } = await import("../publish/group.ts");
          nameIn(group, wanted.secret);
          const request = { ...wanted, group, flags: { ...flags, trim } };
          const done = inEditor
            ? await putEdited(request, groups, surroundings)
            : await putGiven(request, file, groups, surroundings);
          if (done !== undefined) await tell(done, flags, surroundings);
        });
      },
    ),
};

interface Request {
  readonly group: Group;
  readonly secret: ReturnType<typeof parseSecret>["secret"];
  readonly trim: boolean;
  readonly flags: WritingFlags & LintFlags;
}

async function putGiven(
  { group, secret, trim, flags }: Request,
  file: string | undefined,
  groups: Groups,
  surroundings: Surroundings,
): Promise<PutDone> {
  const { terminal } = surroundings;
  const value = file === undefined ? await valueOfInput(terminal) : await valueOfFile(file);
  try {
    await checkedBucket(groups, flags);
    const { putSecret } = await import("../publish/put.ts");
    const judge = await judgeFor(group, flags, surroundings);
    return await putSecret(group, { name: secret, value: trim ? trimmed(value) : value, judge });
  } finally {
    value.fill(0);
  }
}

async function putEdited(
  { group, secret, trim, flags }: Request,
  groups: Groups,
  surroundings: Surroundings,
): Promise<PutDone | undefined> {
  const { terminal } = surroundings;
  await checkedBucket(groups, flags);
  const { putSecret, see } = await import("../publish/put.ts");
  const seen: Seen = await see(group, secret);
  const before = seen.value ?? Buffer.alloc(0);
  try {
    const draft = await edit(before, terminal);
    let kept = false;
    try {
      // editors end a file with a newline, which a value of one line does not have
      const value = trim || !before.includes(NEWLINE) ? trimmed(draft.value) : draft.value;
      if (seen.value?.equals(value) === true) {
        terminal.stderr.write("postern: nothing was changed\n");
        return undefined;
      }
      const judge = await judgeFor(group, flags, surroundings);
      return await putSecret(group, { name: secret, value, seen, judge });
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      kept = true;
      terminal.stderr.write(`postern: your text is kept in ${draft.keep()}: remove it when done\n`);
      throw error;
    } finally {
      draft.value.fill(0);
      if (!kept) draft.discard();
    }
  } finally {
    seen.value?.fill(0);
  }
}

async function tell(
  { group, name, created, versionId, revision }: PutDone,
  { json }: WritingFlags,
  { terminal }: Surroundings,
): Promise<void> {
  const outcome = created ? "created" : "changed";
  const subject = `${group}/${name}`;
  const said = { group, name, outcome, version: versionId ?? null, revision: revision ?? null };
  const text = `${subject}  ${outcome}  ${saidVersion(versionId, revision)}`;
  await write(terminal.stdout, json ? `${JSON.stringify(said)}\n` : `${text.trimEnd()}\n`);
}
