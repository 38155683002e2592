/** `postern policy generate`: every document of an access map. @module */
import { EXIT, PosternError } from "../core/errors.ts";
import type { DocumentFile } from "../generate/files.ts";
import type { Generated } from "../generate/deployment.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { Command, Surroundings } from "./command.ts";
import { write } from "./output.ts";
import { policy } from "./policy.ts";
import type { FolderChanges } from "./policy-folder.ts";
import { readMap } from "./policy-map.ts";

const FORMATS = ["json", "cloudformation", "terraform"] as const;
type Format = (typeof FORMATS)[number];

export const policyGenerate: Command = {
  name: "policy generate",
  family: policy,
  audience: policy.audience,
  summary: "make every policy document of an access map",
  manual: {
    description: [
      "Makes from an access map the policies of its bucket, keys, roles, users and endpoints, the trust policies of the roles that it makes, and the settings of the bucket that are no policy. They are filled in from the files of policy-templates, and the same map makes the same bytes.",
      "The folder must be empty, or one that this command wrote: then what the map no longer makes is removed from it. With --format terraform or cloudformation the folder is a module or a template that has the same documents in it, and a README.md that says how to apply it.",
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
          .conflicts("annotate", "output")
          .epilogue("With --check, exits with 2 when the folder is not what the map makes.")
          .example("$0 generate access.yaml -o policies", "plain JSON documents")
          .example("$0 generate access.yaml -o tf --format terraform", "a module")
          .example("$0 generate access.yaml -o policies --check", "for a pull request"),
      async ({ map, output, format, annotate = false, check = false }) => {
        await generateDocuments({ map, output, format, annotate, check }, surroundings);
      },
    ),
};

interface GenerateFlags {
  readonly map: string;
  readonly output: string | undefined;
  readonly format: Format;
  readonly annotate: boolean;
  readonly check: boolean;
}

async function generateDocuments(
  { map: file, output, format, annotate, check }: GenerateFlags,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  if (output === undefined && !annotate)
    throw new PosternError("Usage", "expected --output FOLDER, or --annotate, got neither");
  const [{ generate }, { readTemplates }, map] = await Promise.all([
    import("../generate/deployment.ts"),
    import("../generate/templates.ts"),
    readMap(file),
  ]);
  const generated = generate(map, readTemplates());
  if (output === undefined) {
    await write(terminal.stdout, annotations(map, generated));
    return;
  }
  const { compareFolder, writeFolder } = await import("./policy-folder.ts");
  const files = await filesOf(generated, format);
  const changes = await compareFolder(output, files);
  if (!check) await writeFolder(output, files, changes);
  await write(terminal.stdout, summary(map, changes, { total: files.length, output, check }));
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
): string {
  const mark = (sign: string, paths: readonly string[]): readonly string[] =>
    paths.map((path) => `${sign} ${path}`);
  const roles = new Set(hosts.map(({ principal }) => principal));
  const lines = [
    ...mark("+", added),
    ...mark("~", changed),
    ...mark("-", removed),
    `${output}: ${total} files, ${added.length} new, ${changed.length} changed, ${removed.length} removed${check ? ", nothing written" : ""}`,
    ...(hosts.length === 0
      ? []
      : [`${hosts.length} hosts share ${roles.size} roles, of ${principals.length} principals`]),
  ];
  return `${lines.join("\n")}\n`;
}
