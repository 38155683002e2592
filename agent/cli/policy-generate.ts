/** `postern policy generate`: every document of an access map. @module */
import { EXIT, PosternError } from "../core/errors.ts";
import type { DocumentFile } from "../generate/files.ts";
import type { Generated } from "../generate/deployment.ts";
import type { Stage } from "../generate/stage.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import type { FolderChanges } from "./policy-folder.ts";
import { fitted, readMap } from "./policy-map.ts";

const FORMATS = ["json", "cloudformation", "terraform"] as const;
type Format = (typeof FORMATS)[number];

const STAGE_WORDS = ["1", "2", "3", "4"] as const;
const STAGE_OF: Readonly<Record<(typeof STAGE_WORDS)[number], Stage>> = { 1: 1, 2: 2, 3: 3, 4: 4 };

export const policyGenerate: Command = {
  name: "policy generate",
  family: policy,
  audience: policy.audience,
  summary: "make every policy document of an access map",
  manual: {
    description: [
      "Makes from an access map the policies of its bucket, keys, roles, users and endpoints, the trust policies of the roles that it makes, and the settings of the bucket that are no policy. They are filled in from the files of policy-templates, and the same map makes the same bytes.",
      "The folder must be empty, or one that this command wrote: then what the map no longer makes is removed from it. With --format terraform or cloudformation the folder is a module or a template that has the same documents in it, and a README.md that says how to apply it.",
      "A bucket policy that would not fit is put more shortly, and what that does is told; docs/policy.md says how. Where nothing helps, the error says which lines put groups into further buckets, in which they fit.",
      "With --stage, the documents are those of one stage of an adoption: 1 what allows, 2 the guards of wire and network, 3 all that the bucket policy denies, 4 the final policies of keys. It tells who loses what by the stage, and the folder undo has what the stage before had. With --cloudtrail it tells which requests of the past the stage would have denied.",
      "With --annotate nothing is written: each statement is printed with the line of the map that it is there for.",
    ],
    consults: [],
  },
  add: (parser, surroundings) =>
    parser.command(
      "generate <map>",
      policyGenerate.summary,
      (options) =>
        options
          .positional("map", { type: "string", demandOption: true, describe: "the access map" })
          .option("output", {
            alias: "o",
            type: "string",
            requiresArg: true,
            describe: "the folder to write to",
          })
          .option("format", {
            type: "string",
            requiresArg: true,
            choices: FORMATS,
            default: "json" as const,
            describe: "what is written",
          })
          .option("annotate", {
            type: "boolean",
            describe: "print each statement's line of the map",
          })
          .option("check", {
            type: "boolean",
            describe: "write nothing, say what would change",
          })
          .option("stage", {
            type: "string",
            requiresArg: true,
            choices: STAGE_WORDS,
            describe: "only as far as this stage of an adoption",
          })
          .option("cloudtrail", {
            type: "string",
            requiresArg: true,
            describe: "a file of events, to see which the stage would deny",
          })
          .conflicts("annotate", "output")
          .epilogue("With --check, exits with 2 when the folder is not what the map makes.")
          .example("$0 generate access.yaml -o policies", "plain JSON documents")
          .example("$0 generate access.yaml -o tf --format terraform", "a module")
          .example("$0 generate access.yaml -o policies --check", "for a pull request"),
      async ({ map, output, format, stage, cloudtrail, annotate = false, check = false }) => {
        const flags = { map, output, format, annotate, check, stage, cloudtrail };
        await generateDocuments(flags, surroundings);
      },
    ),
};

interface GenerateFlags {
  readonly map: string;
  readonly output: string | undefined;
  readonly format: Format;
  readonly annotate: boolean;
  readonly check: boolean;
  readonly stage: (typeof STAGE_WORDS)[number] | undefined;
  readonly cloudtrail: string | undefined;
}

async function generateDocuments(
  { map: file, output, format, annotate, check, stage: word, cloudtrail }: GenerateFlags,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  if (output === undefined && !annotate)
    throw new PosternError("Usage", "expected --output FOLDER, or --annotate, got neither");
  const stage = word === undefined ? undefined : STAGE_OF[word];
  if (cloudtrail !== undefined && stage === undefined)
    throw new PosternError("Usage", "expected --stage with --cloudtrail, got none");
  if (cloudtrail !== undefined && stage === 1)
    throw new PosternError("Usage", "expected --stage 2, 3 or 4 with --cloudtrail, got 1", {
      hint: "stage 1 denies nothing, and what denied before is not known here",
    });
  const [{ generate }, { readTemplates }, map] = await Promise.all([
    import("../generate/deployment.ts"),
    import("../generate/templates.ts"),
    readMap(file),
  ]);
  const templates = readTemplates();
  const generated = generate(map, templates, { stage });
  if (output === undefined) {
    await write(terminal.stdout, annotations(map, generated));
    return;
  }
  const { packingLines, forecastLine } = await import("./policy-packing.ts");
  const { compareFolder, writeFolder } = await import("./policy-folder.ts");
  const packing = await packingLines(map, generated, templates);
  const { files: undo, lines: staged } =
    stage === undefined
      ? { files: [], lines: [] }
      : await (
          await import("./policy-stage.ts")
        ).reportStage(map, generated, templates, cloudtrail);
  const files = [...(await filesOf(generated, format)), ...undo];
  const changes = await compareFolder(output, files);
  if (!check) await writeFolder(output, files, changes);
  const lines = [
    ...packing,
    ...staged,
    ...summary(map, changes, { total: files.length, output, check }),
    await forecastLine(map, templates),
  ];
  await write(terminal.stdout, await fitted(lines, terminal.stdout));
  const { added, changed, removed } = changes;
  if (check && added.length + changed.length + removed.length > 0) exitWith(EXIT.changed);
}

async function filesOf(
  { deployment }: Generated,
  format: Format,
): Promise<readonly DocumentFile[]> {
  switch (format) {
    case "json": {
      const { deploymentFiles } = await import("../generate/files.ts");
      return deploymentFiles(deployment);
    }
    case "terraform": {
      const { terraformModule } = await import("../generate/terraform.ts");
      return terraformModule(deployment);
    }
    case "cloudformation": {
      const { cloudformationTemplates } = await import("../generate/cloudformation.ts");
      return cloudformationTemplates(deployment);
    }
    default:
      return format satisfies never;
  }
}

/** "FILE SID: MAP:LINE, MAP:LINE", a line a statement. */
function annotations(map: AccessMap, { provenance }: Generated): string {
  const lines = provenance.map(({ file, sid, from }) => {
    const places = [...new Set(from.map((path) => `${map.file}:${map.lineOf(path)}`))];
    return `${file} ${sid}: ${places.join(", ")}`;
  });
  return `${lines.join("\n")}\n`;
}

function summary(
  { hosts, principals }: AccessMap,
  { added, changed, removed }: FolderChanges,
  {
    total,
    output,
    check,
  }: { readonly total: number; readonly output: string; readonly check: boolean },
): readonly string[] {
  const mark = (sign: string, paths: readonly string[]): readonly string[] =>
    paths.map((path) => `${sign} ${path}`);
  const roles = new Set(hosts.map(({ principal }) => principal));
  return [
    ...mark("+", added),
    ...mark("~", changed),
    ...mark("-", removed),
    `${output}: ${total} files, ${added.length} new, ${changed.length} changed, ${removed.length} removed${check ? ", nothing written" : ""}`,
    ...(hosts.length === 0
      ? []
      : [`${hosts.length} hosts share ${roles.size} roles, of ${principals.length} principals`]),
  ];
}
