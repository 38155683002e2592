/** `postern policy prove`: that the documents do what the map says, no more and no less. @module */
import { writeFile } from "node:fs/promises";
import { errnoOf, EXIT, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import { documentsOf, fitted, readMap } from "./policy-map.ts";
import { valueOfFile } from "./value.ts";

interface ProveFlags {
  readonly map: string;
  readonly from: string | undefined;
  readonly certificate: string | undefined;
  readonly json: boolean;
}

export const policyProve: Command = {
  name: "policy prove",
  family: policy,
  audience: policy.audience,
  summary: "prove that the documents do what the map says",
  manual: {
    description: [
      "Proves of every principal, group and action that what the map allows is allowed and all else is denied, in whatever context a request comes: not for chosen requests, but for all. Each layer is proved by itself too: the identity policies without the bucket policy, the bucket policy and the key policies each against callers with *:*, and every guard with all other statements that deny removed.",
      "What does not hold is told with a request that shows it and the line of the map. Where the documents leave what can be decided for certain, it says sampled, not proved.",
      "Hostile principals are listed with what they read and by which actions they could give themselves access; and at the end what the proof takes for granted.",
      "The documents are those that the map makes, or with --from those of a folder in the same layout.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "prove <map>",
      policyProve.summary,
      (options) =>
        options
          .positional("map", { type: "string", demandOption: true, describe: "the access map" })
          .option("from", {
            type: "string",
            requiresArg: true,
            describe: "a folder of documents instead of those that the map makes",
          })
          .option("certificate", {
            type: "string",
            requiresArg: true,
            describe: "a file to write what was proved to",
          })
          .option("json", { type: "boolean", describe: "print it as JSON" })
          .epilogue("Exits with 79 when something does not hold or was not proved.")
          .example("$0 prove access.yaml", "what the map makes")
          .example("$0 prove access.yaml --from exported", "what is deployed")
          .example("$0 prove access.yaml --certificate proof.json", "for an auditor"),
      async ({ map, from, certificate, json = false }) => {
        await proveDocuments({ map, from, certificate, json }, surroundings);
      },
    ),
};

async function proveDocuments(
  { map: file, from, certificate, json }: ProveFlags,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const [{ proveMap }, { encodeProof, holds, proofJson }, map] = await Promise.all([
    import("../prove/prove.ts"),
    import("../prove/report.ts"),
    readMap(file),
  ]);
  const { deployment } = await documentsOf(map, from);
  const report = proveMap(map, deployment);
  if (certificate !== undefined) {
    const { certificateOf, encodeCertificate } = await import("../prove/certificate.ts");
    const version = process.env["POSTERN_VERSION"] ?? "0.0.0";
    const text = (await valueOfFile(file)).toString();
    const made = certificateOf({ map, text, deployment, report, version });
    await writeCertificate(certificate, encodeCertificate(made));
  }
  await write(
    terminal.stdout,
    json
      ? `${JSON.stringify(proofJson(map, report))}\n`
      : await fitted(encodeProof(map, report), terminal.stdout),
  );
  if (!holds(report)) exitWith(EXIT.checkFailed);
}

async function writeCertificate(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new PosternError(
      "CannotWrite",
      `cannot write ${quote(path)}: ${errnoOf(cause) ?? "unknown reason"}`,
      { cause },
    );
  }
}
