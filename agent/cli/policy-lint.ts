/** `postern policy lint`: what is wrong with policies, and the requests that show it. @module */
import { EXIT, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Linted, LintFormat } from "../lint/files.ts";
import type { DocumentKind } from "../lint/kind.ts";
import type { Mute } from "../lint/mute.ts";
import type { Severity } from "../lint/rule.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import type { Told } from "./policy-lint-files.ts";
import { fitted } from "./policy-map.ts";

const FORMATS = ["text", "json", "sarif"] as const satisfies readonly LintFormat[];
const SEVERITIES = ["error", "warning", "note"] as const satisfies readonly Severity[];
const KINDS = [
  "identity",
  "bucket",
  "key",
  "trust",
  "endpoint",
  "boundary",
  "session",
  "scp",
  "rcp",
] as const satisfies readonly DocumentKind[];

interface LintFlags {
  readonly files: readonly string[];
  readonly format: (typeof FORMATS)[number];
  readonly told: Told;
  readonly mute: readonly string[];
  readonly mutes: string | undefined;
  readonly failOn: (typeof SEVERITIES)[number];
}

export const policyLint: Command = {
  name: "policy lint",
  family: policy,
  audience: policy.audience,
  summary: "find what is wrong with policies, and show the harm",
  repeatable: ["file", "mute"],
  manual: {
    description: [
      "Judges policy documents by the rules of docs/policy-lint.md. Nearly every finding carries a request that does the harm, decided by the very documents: where a condition or another document prevents it, there is no finding.",
      "A file is a plain policy document as JSON, or an access map: then the map itself is judged, and the documents that it makes, whose findings are told at the map's lines. A folder that policy generate wrote is judged as a whole, with the kinds and owners that its index tells; of another folder every JSON file is a plain document, whose kind its place tells in a module of Terraform. A template of CloudFormation is taken apart, and each policy in it judged. Plain documents are judged together: a bucket policy with the key policies and roles that belong to it.",
      "The kind of a plain document is recognised, but for boundaries, session policies and those of organisations, which look like identity policies: --kind says it.",
      "A finding is muted by its rule, for one statement by its Sid, for one file by its name; a mute that is for nothing is itself a note. The file of --mutes has one a line, and # begins a comment.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "lint <file..>",
      policyLint.summary,
      (options) =>
        options
          .positional("file", {
            type: "string",
            array: true,
            demandOption: true,
            describe: "documents, folders or access maps",
          })
          .option("format", {
            type: "string",
            requiresArg: true,
            choices: FORMATS,
            default: "text" as const,
            describe: "how findings are printed",
          })
          .option("kind", {
            type: "string",
            requiresArg: true,
            choices: KINDS,
            describe: "what plain documents are attached to",
          })
          .option("account", {
            type: "string",
            requiresArg: true,
            describe: "the account of plain documents, 12 digits",
          })
          .option("bucket-key", {
            type: "string",
            requiresArg: true,
            choices: ["on", "off"] as const,
            describe: "the Bucket Key of the bucket of plain documents",
          })
          .option("mute", {
            type: "string",
            array: true,
            nargs: 1,
            requiresArg: true,
            describe: "RULE, RULE:SID or either with @FILE; repeatable",
          })
          .option("mutes", {
            type: "string",
            requiresArg: true,
            describe: "a file of mutes, one a line",
          })
          .option("fail-on", {
            type: "string",
            requiresArg: true,
            choices: SEVERITIES,
            default: "warning" as const,
            describe: "the least severity that makes the exit code 2",
          })
          .epilogue("Exits with 2 when there is a finding of the severity of --fail-on or above.")
          .example("$0 lint access.yaml", "a map, and what it makes")
          .example("$0 lint bucket.json key.json roles/*.json", "documents of an account")
          .example("$0 lint policies --format sarif", "for a code host")
          .example("$0 lint scp.json --kind scp --mute size-near-limit", "of an organisation"),
      async ({
        file: files,
        format,
        kind,
        account,
        mute = [],
        mutes,
        "bucket-key": bucketKey,
        "fail-on": failOn,
      }) => {
        const told = { kind, account, bucketKey: bucketKey && bucketKey === "on" };
        await lint({ files, format, told, mute, mutes, failOn }, surroundings);
      },
    ),
};

async function lint(flags: LintFlags, { terminal, exitWith }: Surroundings): Promise<void> {
  const { files, told, format, failOn } = flags;
  const { account } = told;
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw new PosternError("Usage", `--account: expected 12 digits, got ${quote(account)}`);
  const [{ encodeLinted, hasFindings, lintSets }, { setsOf }, mutes] = await Promise.all([
    import("../lint/files.ts"),
    import("./policy-lint-files.ts"),
    mutesOf(flags),
  ]);
  const version = process.env["POSTERN_VERSION"] ?? "0.0.0";
  const linted: Linted = lintSets(await setsOf(files, told), mutes);
  const text = encodeLinted(linted, format, version);
  await write(
    terminal.stdout,
    format === "text" ? await fitted(text.trimEnd().split("\n"), terminal.stdout) : text,
  );
  if (hasFindings(linted, failOn)) exitWith(EXIT.changed);
}

async function mutesOf({ mute, mutes }: LintFlags): Promise<readonly Mute[]> {
  const [{ parseMute, parseMutes }, { valueOfFile }] = await Promise.all([
    import("../lint/mute.ts"),
    import("./value.ts"),
  ]);
  const listed =
    mutes === undefined ? [] : parseMutes((await valueOfFile(mutes)).toString("utf8"), mutes);
  return [...mute.map((text) => parseMute(text)), ...listed];
}
