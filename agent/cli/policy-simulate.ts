/** `postern policy simulate`: decides the requests of a file. @module */
import { EXIT } from "../core/errors.ts";
import type { Simulated } from "../policy/simulate.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";

export const policySimulate: Command = {
  name: "policy simulate",
  family: policy,
  audience: policy.audience,
  summary: "decide the requests of a file by the policies in it",
  manual: {
    description: [
      "Decides the requests of a JSON file by the policy documents beside them, as AWS would: identity policies, the policy of the bucket, key or role, boundary, session, service and resource control policies, endpoint policy, and grants of KMS. For each it says allow, explicit deny or implicit deny, which layer decided, and the statement.",
      'The file holds a scenario or a list of them, as docs/schemas/simulate-v1.json describes. Nothing is asked of AWS, and nothing is assumed of a request: with "synthesize": true the keys that AWS sets on every request are filled in, and named. What is unknown, or of the wrong type, is an error and never a mismatch.',
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
          .option("json", { type: "boolean", describe: "print the decisions as JSON" })
          .epilogue("Exits with 2 when a decision is not the one that its scenario expects.")
          .example("$0 simulate cases.json", "a table of decisions")
          .example("$0 simulate all.json --json", "for a script"),
      async ({ file, json = false }) => {
        await simulateFile(file, json, surroundings);
      },
    ),
};

async function simulateFile(
  file: string,
  json: boolean,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  const [
    { parseJson },
    { parseScenarios },
    { simulate },
    { encodeResults, tableOf },
    { valueOfFile },
  ] = await Promise.all([
    import("../policy/json.ts"),
    import("../policy/scenario.ts"),
    import("../policy/simulate.ts"),
    import("./policy-simulate-words.ts"),
    import("./value.ts"),
  ]);
  const value = parseJson((await valueOfFile(file)).toString("utf8"), file);
  const results = parseScenarios(value, file).map((scenario, at): Simulated =>
    simulate(scenario, `${file}: ${scenario.name ?? `[${at}]`}`),
  );
  const text = json
    ? `${JSON.stringify(encodeResults(results))}\n`
    : tableOf(results, columnsOf(terminal.stdout));
  await write(terminal.stdout, text);
  if (!results.every(({ asExpected }) => asExpected)) exitWith(EXIT.changed);
}

/** At least those that every terminal is taken to have; undefined for what is none. */
function columnsOf({ isTTY, columns }: Surroundings["terminal"]["stdout"]): number | undefined {
  return isTTY ? Math.max(80, columns) : undefined;
}
