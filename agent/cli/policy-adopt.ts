/** `postern policy adopt`: an access map for a bucket that is in use. @module */
import type { Adopted } from "../audit/adopt.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";

export const policyAdopt: Command = {
  name: "policy adopt",
  family: policy,
  audience: policy.audience,
  summary: "tell an access map from a bucket that is in use",
  manual: {
    description: [
      "Makes an access map from the exported documents of a bucket, its keys and the roles that use it: groups from the prefixes that policies name, readers and publishers by asking the documents who may do what, guards where the bucket's policy has them. Statements that nothing in a map stands for are kept word for word under keep.",
      "The map is YAML and says of each thing where it was seen. At its end stand, as comments, what could only be guessed, who would lose access once the map's own documents are in place, and who would gain. Conditions on how a request comes are taken to be met; those that nothing in a map stands for are told.",
      "The folder is one of outputs of the AWS CLI, as policy drift takes it.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "adopt",
      policyAdopt.summary,
      (options) =>
        options
          .option("from", {
            type: "string",
            requiresArg: true,
            demandOption: true,
            describe: "a folder of outputs of the AWS CLI",
          })
          .option("bucket", {
            type: "string",
            requiresArg: true,
            describe: "which bucket, if the folder has several",
          })
          .option("json", { type: "boolean", describe: "print it as JSON, the map in it as text" })
          .example("$0 adopt --from exported > access.yaml", "a map to read through")
          .example("$0 adopt --from exported --bucket acme-secrets", "of one bucket among others"),
      async ({ from, bucket, json = false }) => {
        await adoptBucket(from, bucket, json, surroundings);
      },
    ),
};

async function adoptBucket(
  from: string,
  bucket: string | undefined,
  isJson: boolean,
  { terminal }: Surroundings,
): Promise<void> {
  const [{ readExport }, { readExportFolder }, { adopt }, { ownerOf }] = await Promise.all([
    import("../audit/exported.ts"),
    import("../audit/export-folder.ts"),
    import("../audit/adopt.ts"),
    import("../audit/adopt-account.ts"),
  ]);
  const files = readExportFolder(from);
  // a bucket that does not say its region is one of the first
  const unowned = { account: "", partition: "", region: "us-east-1" };
  const { deployment } = readExport(files, unowned);
  const adopted = adopt({ ...deployment, ...ownerOf(deployment) }, bucket);
  const { text, isSeen, lost, gained, remarks } = adopted;
  await write(
    terminal.stdout,
    isJson
      ? `${JSON.stringify({ version: 1, map: text, seen: isSeen, lost, gained, remarks })}\n`
      : `${text}${comments(adopted)}`,
  );
}

function comments({ isSeen, lost, gained, remarks }: Adopted): string {
  const nobody = isSeen ? "nobody" : "not known, as nobody was seen to read or put anything";
  const block = (head: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0
      ? [`# ${head}: ${nobody}`]
      : [`# ${head}:`, ...lines.map((one) => `#   ${one}`)];
  const lines = [
    "# To look at:",
    ...remarks.map((one) => `#   ${one}`),
    ...block("Would lose access", lost),
    ...block("Would gain access", gained),
  ];
  return `\n${lines.join("\n")}\n`;
}
