/** `postern policy diff`: what a change of the map changes. @module */
import type { Difference, Version } from "../audit/difference.ts";
import { EXIT } from "../core/errors.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import { documentsOf, fitted, readMap } from "./policy-map.ts";

export const policyDiff: Command = {
  name: "policy diff",
  family: policy,
  audience: policy.audience,
  summary: "say who gains and who loses access by a change",
  manual: {
    description: [
      "Compares two access maps by what their documents decide, for a pull request: which principal may do what to which group now and could not before, or no longer can; who may become a role that can, and could not; which hosts run as another role; which settings that protect differ: guards, networks, encryption, policies of others that roles have, kept statements.",
      "Access is compared by everyday requests, as they come when all is as it should be. policy generate --check says which documents change.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "diff <old> <new>",
      policyDiff.summary,
      (options) =>
        options
          .positional("old", { type: "string", demandOption: true, describe: "an access map" })
          .positional("new", { type: "string", demandOption: true, describe: "another" })
          .option("json", { type: "boolean", describe: "print it as JSON" })
          .epilogue("Exits with 2 when something differs.")
          .example("$0 diff access.yaml changed.yaml", "who gains, who loses"),
      async ({ old, new: changed, json = false }) => {
        await compareMaps(old, changed, json, surroundings);
      },
    ),
};

async function compareMaps(
  old: string,
  changed: string,
  json: boolean,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const { differenceOf } = await import("../audit/difference.ts");
  const [before, after] = await Promise.all([versionOf(old), versionOf(changed)]);
  const difference = differenceOf(before, after);
  const text = json
    ? `${JSON.stringify(difference)}\n`
    : await fitted(linesOf(difference, after.map), terminal.stdout);
  await write(terminal.stdout, text);
  if (difference.access.length + difference.notes.length > 0) exitWith(EXIT.changed);
}

async function versionOf(file: string): Promise<Version> {
  const [{ bindingsOf }, map] = await Promise.all([import("../policy/bindings.ts"), readMap(file)]);
  return { map, bindings: bindingsOf((await documentsOf(map, undefined)).deployment) };
}

/**
 * "+ db may now read, list web (web/example of acme-secrets)", "+ user/carol, as emergency, may now ..."; principals of the
 * map's account without what all their ARNs begin with.
 */
function linesOf(
  { access, notes }: Difference,
  { partition, account }: AccessMap,
): readonly string[] {
  const own = `arn:${partition}:iam::${account}:`;
  if (access.length + notes.length === 0) return ["Nobody gains or loses access."];
  return [
    ...access.map(({ kind, principal, by, verbs, group, bucket, key }) => {
      const may = kind === "gained" ? "may now" : "may no longer";
      return `${kind === "gained" ? "+" : "-"} ${by === undefined ? principal : `${by.replace(own, "")}, as ${principal},`} ${may} ${verbs.join(", ")} ${group} (${key} of ${bucket})`;
    }),
    ...notes.map((note) => `~ ${note}`),
  ];
}
