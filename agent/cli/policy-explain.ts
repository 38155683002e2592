/** `postern policy explain`: why, why not, and what AWS meant. @module */
import { PosternError } from "../core/errors.ts";
import type { AccessMap, Verb } from "../map/access-map.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import { documentsOf, fitted, readMap } from "./policy-map.ts";
import { valueOfFile } from "./value.ts";

const VERBS = ["read", "list", "put", "remove", "read-old"] as const;

interface ExplainFlags {
  readonly who: string | undefined;
  readonly key: string | undefined;
  readonly map: string;
  readonly verb: (typeof VERBS)[number];
  readonly from: string | undefined;
  readonly error: string | undefined;
  readonly event: string | undefined;
  readonly json: boolean;
}

export const policyExplain: Command = {
  name: "policy explain",
  family: policy,
  audience: policy.audience,
  summary: "say why somebody may do something, or why not",
  manual: {
    description: [
      "Says of a principal and a key whether the one may read the other, request by request, as S3 and KMS decide them: by which statement of which document, and by which line of the map. Of what is allowed it names what that rests on, the network for one; of what is not, the statements that came nearest and the edit of the map that would allow it.",
      "With --error, what AWS said of a denied request is traced to its statement and its line: the message of an error, or with --event a CloudTrail event in a file, which says more. Of a role that could not be assumed it tells whom its trust policy lets in.",
      "The documents are those that the map makes, or with --from those of a folder that policy generate wrote.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "explain [who] [key]",
      policyExplain.summary,
      (options) =>
        options
          .positional("who", {
            type: "string",
            describe: "a principal or host of the map, or its ARN",
          })
          .positional("key", {
            type: "string",
            describe: "an object's key, or with --verb list a prefix",
          })
          .option("map", {
            type: "string",
            requiresArg: true,
            default: "access.yaml",
            describe: "the access map",
          })
          .option("verb", {
            type: "string",
            requiresArg: true,
            choices: VERBS,
            default: "read" as const,
            describe: "what is asked for",
          })
          .option("from", {
            type: "string",
            requiresArg: true,
            describe: "a folder of documents instead of those that the map makes",
          })
          .option("error", {
            type: "string",
            requiresArg: true,
            describe: "AWS's message of a denial",
          })
          .option("event", {
            type: "string",
            requiresArg: true,
            describe: "a file with a CloudTrail event of a denial, by itself or alone in a list",
          })
          .option("json", { type: "boolean", describe: "print it as JSON" })
          .conflicts("error", "event")
          .example("$0 explain web db/password", "may web read it, and why")
          .example("$0 explain ci web/ --verb list", "may ci list the group")
          .example("$0 explain --event denied.json", "what stopped this request"),
      async ({ who, key, map, verb, from, error, event, json = false }) => {
        await explainAccess({ who, key, map, verb, from, error, event, json }, surroundings);
      },
    ),
};

async function explainAccess(flags: ExplainFlags, { terminal }: Surroundings): Promise<void> {
  const map = await readMap(flags.map);
  const told = await toldOf(flags);
  const lines =
    told === undefined ? await linesOfAccess(map, flags) : await linesOfDenial(map, flags, told);
  await write(
    terminal.stdout,
    typeof lines === "string" ? lines : await fitted(lines, terminal.stdout),
  );
}

/** What AWS said; undefined where a principal and a key are asked about. @throws {PosternError} Usage */
async function toldOf({ who, key, error, event }: ExplainFlags): Promise<string | undefined> {
  const told = error ?? (event === undefined ? undefined : (await valueOfFile(event)).toString());
  if (told !== undefined && who !== undefined)
    throw new PosternError("Usage", "expected WHO and KEY, or what AWS said, got both");
  if (told === undefined && key === undefined)
    throw new PosternError("Usage", "expected WHO and KEY, or --error or --event, got neither");
  return told;
}

async function linesOfAccess(
  map: AccessMap,
  { who = "", key = "", verb, from, json }: ExplainFlags,
): Promise<readonly string[] | string> {
  const [{ bindingsOf }, { explain }, { encodeExplanation, explanationJson }, documents] =
    await Promise.all([
      import("../policy/bindings.ts"),
      import("../audit/explain.ts"),
      import("../audit/explain-words.ts"),
      documentsOf(map, from),
    ]);
  const asked: Verb = verb === "read-old" ? "read old versions of" : verb;
  const found = explain(map, bindingsOf(documents.deployment), { who, verb: asked, key });
  return json
    ? `${JSON.stringify(explanationJson(map, found, documents.lineOf))}\n`
    : encodeExplanation(map, found, documents.lineOf);
}

async function linesOfDenial(
  map: AccessMap,
  { from, json }: ExplainFlags,
  told: string,
): Promise<readonly string[] | string> {
  const [
    { parseDenial },
    { explainDenial },
    { denialJson, encodeDenial },
    { explainAssume, isAssuming },
    { assumeJson, encodeAssume },
    { bindingsOf },
  ] = await Promise.all([
    import("../audit/denial-text.ts"),
    import("../audit/explain-denial.ts"),
    import("../audit/denial-words.ts"),
    import("../audit/explain-assume.ts"),
    import("../audit/assume-words.ts"),
    import("../policy/bindings.ts"),
  ]);
  const denial = parseDenial(told);
  const { deployment, lineOf } = await documentsOf(map, from);
  if (isAssuming(denial)) {
    const assumed = explainAssume(map, bindingsOf(deployment), denial);
    return json ? `${JSON.stringify(assumeJson(map, assumed))}\n` : encodeAssume(map, assumed);
  }
  const found = explainDenial(map, bindingsOf(deployment), denial);
  return json
    ? `${JSON.stringify(denialJson(map, found, lineOf))}\n`
    : encodeDenial(map, found, lineOf);
}
