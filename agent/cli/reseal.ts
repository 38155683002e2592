/** `postern reseal`: a group under another key. @module */
import { EXIT, PosternError } from "../core/errors.ts";
import { parseKmsKeyArn, quote } from "../core/names.ts";
import type { ResealReport } from "../publish/reseal.ts";
import type { Command } from "./command.ts";
import { parseWord } from "./misuse.ts";
import { write } from "./output.ts";
import {
  checkedBucket,
  confirm,
  progressOn,
  withGroups,
  withWriting,
  withYes,
} from "./publishing.ts";
import { count } from "./words.ts";

export const reseal: Command = {
  name: "reseal",
  audience: "publishers",
  summary: "seal a group anew under another key",
  repeatable: ["context"],
  manual: {
    description: [
      "Opens each object of the group, seals it under the new key, opens that again to see that nothing was lost, and only then replaces the old one. What opens under the new key already is left alone, so that it goes on after a crash; so is what somebody else changed meanwhile.",
      "The order that costs no host anything: first list both keys in decrypt.keys of every host and of the publishers, the new one first; then reseal; then, when every host has fetched, take the old key out, and disable it before it is deleted.",
    ],
    consults: ["configuration", "aws variables", "terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "reseal <group>",
      reseal.summary,
      (options) =>
        withYes(withWriting(options))
          .positional("group", { type: "string", demandOption: true, describe: "which group" })
          .option("key", {
            type: "string",
            requiresArg: true,
            demandOption: true,
            describe: "the ARN of the key to seal under",
          })
          .option("context", {
            type: "string",
            array: true,
            requiresArg: true,
            describe: "NAME=VALUE, in place of the config's decrypt.context",
          })
          .example(
            "$0 reseal web --key arn:aws:kms:us-east-1:111122223333:key/1234",
            "when hosts know both keys",
          ),
      async ({ group: name, key, context, ...flags }) => {
        const wanted = parseWord(parseKmsKeyArn, key);
        const pairs = context?.map((pair) => parseWord(parsePair, pair));
        await withGroups(flags.config, surroundings, async (groups) => {
          const group = groups.group(name);
          const { terminal, exitWith } = surroundings;
          const keys = "keys" in group.config.decrypt ? group.config.decrypt.keys : [];
          if (!keys.includes(wanted) || pairs !== undefined)
            await confirm(
              `hosts with this config will not open what is sealed so: reseal ${name} all the same`,
              flags.yes,
              terminal,
            );
          await checkedBucket(groups, flags);
          const { resealGroup } = await import("../publish/reseal.ts");
          const seal = { key: wanted, context: pairs && Object.fromEntries(pairs) };
          const report = await resealGroup(group, seal, progressOn(terminal, "resealing"));
          const text = flags.json ? asJson(name, report) : asText(name, report, keys.length > 1);
          await write(terminal.stdout, text);
          if (amount(report, "changed") > 0) exitWith(EXIT.notReady);
        });
      },
    ),
};

function parsePair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new PosternError("Usage", `invalid context ${quote(text)}: expected NAME=VALUE`);
}

function amount({ outcomes }: ResealReport, wanted: string): number {
  return [...outcomes.values()].filter((outcome) => outcome === wanted).length;
}

function asText(group: string, report: ResealReport, hasOldKeys: boolean): string {
  const { revision } = report;
  const changed = amount(report, "changed");
  const said = [
    `${count(amount(report, "resealed"), "object")} resealed`,
    `${amount(report, "already")} already`,
    ...(revision === undefined ? [] : [`revision ${revision}`]),
  ];
  const next =
    changed > 0
      ? [`${count(changed, "object")} changed meanwhile and left alone: do it again`]
      : hasOldKeys
        ? ["when every host has fetched, take the old key out of decrypt.keys"]
        : [];
  return [`${group}: ${said.join(", ")}`, ...next, ""].join("\n");
}

function asJson(group: string, { outcomes, revision }: ResealReport): string {
  const said = { group, outcomes: Object.fromEntries(outcomes), revision: revision ?? null };
  return `${JSON.stringify(said)}\n`;
}
