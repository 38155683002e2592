/** `postern policy simulate`: decides the requests of a file. @module */
import { EXIT } from "../core/errors.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import type { Decided } from "./policy-simulate-words.ts";

export const policySimulate: Command = {
  name: "policy simulate",
  family: policy,
  audience: policy.audience,
  summary: "decide the requests of a file by the policies in it",
  manual: {
    description: [
      "Decides the requests of a JSON file by the policy documents beside them, as AWS would: identity policies, the policy of the bucket, key or role, boundary, session, service and resource control policies, endpoint policy, and grants of KMS. For each it says allow, explicit deny or implicit deny, which layer decided, and the statement.",
      'The file holds a scenario or a list of them, as docs/schemas/simulate-v1.json describes. Nothing is asked of AWS, and nothing is assumed of a request: with "synthesize": true the keys that AWS sets on every request are filled in, and named. What is unknown, or of the wrong type, is an error and never a mismatch.',
      "With --from iam-simulate the file is a list of cases in the layout of that project. Cases in discovery mode, and others that cannot be decided, are skipped, named and counted; a member that is not known is an error.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "simulate <file>",
      policySimulate.summary,
      (options) =>
        options
          .positional("file", {
            type: "string",
            demandOption: true,
            describe: "JSON: one scenario or a list of them",
          })
          .option("from", {
            type: "string",
            requiresArg: true,
            choices: ["iam-simulate"] as const,
            describe: "the layout of the file, if it is another project's",
          })
          .option("json", { type: "boolean", describe: "print the decisions as JSON" })
          .epilogue("Exits with 2 when a decision is not the one that its scenario expects.")
          .example("$0 simulate cases.json", "a table of decisions")
          .example("$0 simulate all.json --json", "for a script")
          .example("$0 simulate s3.json --from iam-simulate", "cases of another project"),
      async ({ file, from, json = false }) => {
        await simulateFile(file, { isForeign: from !== undefined, json }, surroundings);
      },
    ),
};

async function simulateFile(
  file: string,
  { isForeign, json }: { readonly isForeign: boolean; readonly json: boolean },
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const [{ parseJson }, { encodeResults, tableOf }, { valueOfFile }] = await Promise.all([
    import("../policy/json.ts"),
    import("./policy-simulate-words.ts"),
    import("./value.ts"),
  ]);
  const value = parseJson((await valueOfFile(file)).toString("utf8"), file);
  const decided = isForeign ? await decideForeign(value, file) : await decide(value, file);
  const text = json
    ? `${JSON.stringify(encodeResults(decided))}\n`
    : tableOf(decided, columnsOf(terminal.stdout));
  await write(terminal.stdout, text);
  if (!decided.results.every(({ asExpected }) => asExpected)) exitWith(EXIT.changed);
}

async function decide(value: unknown, file: string): Promise<Decided> {
  const [{ parseScenarios }, { simulate }] = await Promise.all([
    import("../policy/scenario.ts"),
    import("../policy/simulate.ts"),
  ]);
  const results = parseScenarios(value, file).map((scenario, at) =>
    simulate(scenario, `${file}: ${scenario.name ?? `[${at}]`}`),
  );
  return { results, skipped: undefined };
}

async function decideForeign(value: unknown, file: string): Promise<Decided> {
  const { simulateForeign } = await import("../policy/foreign-cases.ts");
  return simulateForeign(value, file);
}

/** At least those that every terminal is taken to have; undefined for what is none. */
function columnsOf({ isTTY, columns }: Surroundings["terminal"]["stdout"]): number | undefined {
  return isTTY ? Math.max(80, columns) : undefined;
}
