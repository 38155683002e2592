/** `postern policy drift`: whether what is deployed is what the map makes. @module */
import type { Drift } from "../audit/drift.ts";
import type { Exported } from "../audit/exported.ts";
import { EXIT, PosternError } from "../core/errors.ts";
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
      "The deployed documents are outputs of the AWS CLI in a folder, known by what is in them. With --print-export a shell script is printed that makes such a folder, with calls that only read. What the folder does not tell of is said, and counts as drift.",
    ],
    consults: [],
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
            describe: "a folder of outputs of the AWS CLI",
          })
          .option("print-export", {
            type: "boolean",
            describe: "print a shell script that makes that folder",
          })
          .option("json", { type: "boolean", describe: "print it as JSON" })
          .conflicts("print-export", "from")
          .epilogue("Exits with 2 when something differs or could not be told.")
          .example("$0 drift access.yaml --print-export > export.sh", "what to ask AWS for")
          .example("$0 drift access.yaml --from exported", "compare")
          .example("$0 drift access.yaml --from exported --json", "for a script"),
      async ({ map, from, "print-export": printExport = false, json = false }) => {
        await tellDrift({ map: await readMap(map), from, printExport, json }, surroundings);
      },
    ),
};

interface DriftFlags {
  readonly map: AccessMap;
  readonly from: string | undefined;
  readonly printExport: boolean;
  readonly json: boolean;
}

async function tellDrift(
  { map, from, printExport, json }: DriftFlags,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  if (printExport) {
    const { exportScript } = await import("../audit/export-script.ts");
    await write(terminal.stdout, exportScript(map));
    return;
  }
  if (from === undefined)
    throw new PosternError("Usage", "expected --from FOLDER, or --print-export, got neither", {
      hint: "postern asks AWS nothing here: run the script that --print-export prints",
    });
  const drift = await compare(map, from);
  const { driftJson, encodeDrift } = await import("../audit/drift-words.ts");
  const text = json
    ? `${JSON.stringify(driftJson(drift))}\n`
    : await fitted(encodeDrift(drift), terminal.stdout);
  await write(terminal.stdout, text);
  const { hasDrifted } = await import("../audit/drift.ts");
  if (hasDrifted(drift)) exitWith(EXIT.changed);
}

async function compare(map: AccessMap, from: string): Promise<Drift> {
  const [{ driftOf }, { deployment }, exported] = await Promise.all([
    import("../audit/drift.ts"),
    documentsOf(map, undefined),
    exportedIn(from, map),
  ]);
  return driftOf(deployment, exported);
}

/** @throws {PosternError} NotFound, BadData */
async function exportedIn(from: string, map: AccessMap): Promise<Exported> {
  const [{ readExport }, { readExportFolder }] = await Promise.all([
    import("../audit/exported.ts"),
    import("../audit/export-folder.ts"),
  ]);
  const { account, partition, home } = map;
  return readExport(readExportFolder(from), { account, partition, region: home.region });
}
