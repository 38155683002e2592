/**
 * A module as Terraform itself reads it, without AWS: every resource becomes one of `terraform_data`, which is built in and
 * keeps what it is given, so that a plan shows each argument as the provider would get it.
 * @see https://developer.hashicorp.com/terraform/language/resources/terraform-data
 * @module
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { DocumentFile } from "../../agent/generate/files.ts";
import { type Outcome, runClient, temporaryFolder, unlessFound } from "../support/judge.ts";

const tool = unlessFound("terraform") === false ? "terraform" : "tofu";
/** What to give as `skip`: false, or the reason. */
export const withoutTerraform: string | false =
  unlessFound(tool) && "neither terraform nor tofu installed";

export interface Planned {
  /** "aws_iam_role.web", and the arguments, those of nested blocks as objects. */
  readonly resources: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Of each resource, what comes before it. */
  readonly dependsOn: ReadonlyMap<string, readonly string[]>;
}

export function terraform(home: string, ...words: readonly string[]): Promise<Outcome> {
  return runClient(tool, words, home, { CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1" });
}

export function written(t: TestContext, files: readonly DocumentFile[]): string {
  const folder = temporaryFolder(t);
  for (const { path, text } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** What Terraform says of the module when the variables have these values. */
export async function tryPlan(
  t: TestContext,
  files: readonly DocumentFile[],
  values: Readonly<Record<string, string>> = {},
): Promise<Outcome & { readonly folder: string }> {
  const folder = written(
    t,
    files
      .filter(({ path }) => path !== "versions.tf" && path !== "outputs.tf")
      .map((one) => (one.path === "main.tf" ? { ...one, text: asBuiltIn(one.text) } : one)),
  );
  const { code, stdout, stderr } = await terraform(folder, "init", "-no-color");
  assert.equal(code, 0, `${stdout}${stderr}`);
  const given = Object.entries(values).map(([name, value]) => `-var=${name}=${value}`);
  return {
    ...(await terraform(folder, "plan", "-no-color", "-input=false", "-out=plan", ...given)),
    folder,
  };
}

export async function plan(
  t: TestContext,
  files: readonly DocumentFile[],
  values: Readonly<Record<string, string>> = {},
): Promise<Planned> {
  const { code, stdout, stderr, folder } = await tryPlan(t, files, values);
  assert.equal(code, 0, `${stdout}${stderr}`);
  const shown = await terraform(folder, "show", "-json", "plan");
  const { planned_values, configuration } = JSON.parse(shown.stdout) as Shown;
  return {
    resources: new Map(
      planned_values.root_module.resources.map(({ name, values: { input } }) => [
        addressOf(name),
        input,
      ]),
    ),
    dependsOn: new Map(
      configuration.root_module.resources.map(({ name, depends_on = [] }) => [
        addressOf(name),
        depends_on.map((one) => addressOf(one.replace("terraform_data.", ""))),
      ]),
    ),
  };
}

interface Shown {
  readonly planned_values: {
    readonly root_module: {
      readonly resources: readonly {
        readonly name: string;
        readonly values: { readonly input: Readonly<Record<string, unknown>> };
      }[];
    };
  };
  readonly configuration: {
    readonly root_module: {
      readonly resources: readonly {
        readonly name: string;
        readonly depends_on?: readonly string[];
      }[];
    };
  };
}

function addressOf(name: string): string {
  return name.replace("--", ".");
}

/** Relies on the layout that `terraform fmt` gives: blocks at the margin, their members two spaces in. */
function asBuiltIn(main: string): string {
  return main
    .split(/\n\n(?=\S)/)
    .filter((block) => block.startsWith("resource "))
    .map(resourceAsBuiltIn)
    .join("\n\n");
}

function resourceAsBuiltIn(block: string): string {
  const [, type = "", label = "", body = ""] =
    /^resource "(\w+)" "([\w-]+)" \{\n([^]*)\n\}\s*$/.exec(block) ?? [];
  assert.notEqual(body, "", block);
  // 1. what is Terraform's own stays outside
  const own = [...body.matchAll(/^ {2}(?:depends_on = \[\n[^]*?^ {2}\]|count +=.*)$/gm)];
  const rest = own
    .reduce((text, [found]) => text.replace(found, ""), body)
    .replace(/^ {2}lifecycle \{\n[^]*?^ {2}\}$/m, "");
  // 2. blocks become members
  const members = rest.replaceAll(/^( +\w+) \{$/gm, "$1 = {");
  const text = [`  input = {\n${members}\n  }`, ...own.map(([found]) => found)].join("\n");
  // 3. what others have is found in theirs; an ARN is known to AWS alone
  const named = text
    .replaceAll(/\b(aws_\w+)\.([\w-]+)\.(?:arn|name)\b/g, "terraform_data.$1--$2.input.name")
    .replaceAll(/\b(aws_\w+)\.([\w-]+)\.path\b/g, "terraform_data.$1--$2.input.path")
    .replaceAll(/^( {4})(aws_\w+)\.([\w-]+),$/gm, "$1terraform_data.$2--$3,");
  return `resource "terraform_data" "${type}--${label}" {\n${named}\n}`;
}
