/** `postern policy drift`: whether what is deployed is what the map makes. @module */
import type { Drift } from "../audit/drift.ts";
import { systemChance } from "../core/clock.ts";
import { EXIT } from "../core/errors.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import { documentsOf, fitted, readMap } from "./policy-map.ts";

export const policyDrift: Command = {
  name: "policy drift",
  family: policy,
  audience: policy.audience,
  summary: "compare what is deployed with what a map makes",
  manual: {
    description: [
      "Compares the documents that a map makes with those that are deployed: policies of bucket, keys, roles, users and endpoints, trust policies, grants, boundaries and instance profiles, and the settings of the bucket. Documents are compared by what they say, so that the order of statements, a list for a single value or an account for its root ARN is no difference.",
      "Drift of text is told apart from drift of access: for what somebody may now do, or no longer may, a request is shown that is decided otherwise. That there is none is proved by deciding every class of requests that a difference is about, or said to be sampled where it cannot be.",
      "AWS is asked what is deployed, in every region of the map, with calls that only read and with the credentials that the AWS CLI would use, which must be of the map's account. What they may not look at is named with the permission that is missing, and counts as drift. With --print-policy the identity policy is printed that the questions take.",
      "With --from nothing is asked: the deployed documents are outputs of the AWS CLI in a folder, known by what is in them. With --print-export a shell script is printed that makes such a folder, with calls that only read. What the folder does not tell of is said, and counts as drift.",
    ],
    consults: ["aws client"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "drift <map>",
      policyDrift.summary,
      (options) =>
        options
          .positional("map", { type: "string", demandOption: true, describe: "the access map" })
          .option("from", {
            type: "string",
            requiresArg: true,
            describe: "a folder of outputs of the AWS CLI; AWS is not asked",
          })
          .option("print-export", {
            type: "boolean",
            describe: "print a shell script that makes that folder",
          })
          .option("print-policy", {
            type: "boolean",
            describe: "print the identity policy that asking AWS takes",
          })
          .option("json", { type: "boolean", describe: "print it as JSON" })
          .conflicts("print-export", "from")
          .conflicts("print-policy", "from")
          .conflicts("print-export", "print-policy")
          .epilogue("Exits with 2 when something differs or could not be told.")
          .example("$0 drift access.yaml", "ask AWS, and compare")
          .example("$0 drift access.yaml --json", "for a script")
          .example("$0 drift access.yaml --print-policy", "what a CI job must be allowed")
          .example("$0 drift access.yaml --print-export > export.sh", "let somebody else ask")
          .example("$0 drift access.yaml --from exported", "compare with what they saved"),
      async ({ map: file, from, json = false, ...printed }) => {
        const map = await readMap(file);
        if (printed["print-export"] === true) return printExport(map, surroundings);
        if (printed["print-policy"] === true) return printPolicy(map, surroundings);
        await tellDrift(await compare(map, from, surroundings), json, surroundings);
      },
    ),
};

async function printExport(map: AccessMap, { terminal }: Surroundings): Promise<void> {
  const { exportScript } = await import("../audit/export-script.ts");
  await write(terminal.stdout, exportScript(map));
}

async function printPolicy(map: AccessMap, { terminal }: Surroundings): Promise<void> {
  const { inventoryPolicy } = await import("../account/permissions.ts");
  await write(terminal.stdout, `${JSON.stringify(inventoryPolicy(map), undefined, 2)}\n`);
}

async function tellDrift(
  drift: Drift,
  json: boolean,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const { driftJson, encodeDrift } = await import("../audit/drift-words.ts");
  const text = json
    ? `${JSON.stringify(driftJson(drift))}\n`
    : await fitted(encodeDrift(drift), terminal.stdout);
  await write(terminal.stdout, text);
  const { hasDrifted } = await import("../audit/drift.ts");
  if (hasDrifted(drift)) exitWith(EXIT.changed);
}

/** @throws {PosternError} NotFound, BadData; of asking AWS: Credentials, Unavailable, … */
async function compare(
  map: AccessMap,
  from: string | undefined,
  surroundings: Surroundings,
): Promise<Drift> {
  const [{ driftOf }, { readExport }, { deployment }, { files, denied }] = await Promise.all([
    import("../audit/drift.ts"),
    import("../audit/exported.ts"),
    documentsOf(map, undefined),
    from === undefined ? askedOf(map, surroundings) : exportedIn(from),
  ]);
  const { account, partition, home } = map;
  const actual = readExport(files, { account, partition, region: home.region });
  return driftOf(deployment, actual, denied);
}

async function askedOf(map: AccessMap, { terminal, clock }: Surroundings) {
  const { askAccount } = await import("../account/account.ts");
  return askAccount(map, { env: terminal.env, clock, chance: systemChance });
}

/** @throws {PosternError} NotFound, BadData */
async function exportedIn(from: string) {
  const { readExportFolder } = await import("../audit/export-folder.ts");
  return { files: readExportFolder(from), denied: [] };
}
