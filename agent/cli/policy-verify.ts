/** `postern policy verify`: a certificate against the documents that lie there. @module */
import { EXIT } from "../core/errors.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import { deploymentIn } from "./policy-map.ts";
import { valueOfFile } from "./value.ts";

interface VerifyFlags {
  readonly file: string;
  readonly from: string;
  readonly map: string | undefined;
}

export const policyVerify: Command = {
  name: "policy verify",
  family: policy,
  audience: policy.audience,
  summary: "check a certificate of policy prove",
  manual: {
    description: [
      "Checks that the documents of a folder are those that a certificate was made for, and decides each of its requests again, without the search that proved them. With --map also that the map is the one that was proved.",
      "A certificate shows what was proved; it is not signed, and who can change it can make another.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "verify <file>",
      policyVerify.summary,
      (options) =>
        options
          .positional("file", { type: "string", demandOption: true, describe: "the certificate" })
          .option("from", {
            type: "string",
            requiresArg: true,
            demandOption: true,
            describe: "the folder of documents",
          })
          .option("map", { type: "string", requiresArg: true, describe: "the access map" })
          .epilogue("Exits with 79 when something is not as the certificate says.")
          .example("$0 verify proof.json --from policies", "the documents of a folder"),
      async ({ file, from, map }) => {
        await verifyFile({ file, from, map }, surroundings);
      },
    ),
};

async function verifyFile(
  { file, from, map }: VerifyFlags,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const [{ parseCertificate }, { verifyCertificate }, deployment] = await Promise.all([
    import("../prove/certificate-file.ts"),
    import("../prove/verify.ts"),
    deploymentIn(from),
  ]);
  const certificate = parseCertificate((await valueOfFile(file)).toString(), file);
  const text = map === undefined ? undefined : (await valueOfFile(map)).toString();
  const { faults, documents, requests } = verifyCertificate(certificate, deployment, text);
  const lines =
    faults.length === 0
      ? [
          `${file}: ${documents} documents are those proved, and ${requests} requests are decided so`,
        ]
      : faults;
  await write(terminal.stdout, `${lines.join("\n")}\n`);
  if (faults.length > 0) exitWith(EXIT.checkFailed);
}
