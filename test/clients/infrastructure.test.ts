/** What others' tools say of the modules, templates and commands that are generated. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, it } from "node:test";
import { cloudformationTemplates } from "../../agent/generate/cloudformation.ts";
import type { DocumentFile } from "../../agent/generate/files.ts";
import { terraformModule } from "../../agent/generate/terraform.ts";
import { sample } from "../generate/sample-deployment.ts";
import { terraform, withoutTerraform, written } from "../generate/terraform-plan.ts";
import { realistic } from "../support/deployments.ts";
import { CLIENTS, runClient, unlessFound } from "../support/judge.ts";
import { root } from "../support/root.ts";

const PROVIDERS = join(root, ".terraform-providers");
const withoutProvider: string | false =
  withoutTerraform ||
  (!existsSync(join(PROVIDERS, ".postern-clients")) && "the AWS provider cannot be had");

const DEPLOYMENTS = [
  ["a sample", sample],
  ["a realistic map", realistic],
] as const;

describe("generated modules of Terraform", { skip: withoutProvider }, () => {
  for (const [named, deployment] of DEPLOYMENTS)
    it(`are valid to Terraform and the provider of AWS, of ${named}`, async (t) => {
      const folder = written(t, terraformModule(deployment));
      for (const words of [["init", "-backend=false", `-plugin-dir=${PROVIDERS}`], ["validate"]]) {
        const { code, stdout, stderr } = await terraform(folder, ...words, "-no-color");
        assert.equal(code, 0, `${stdout}${stderr}`);
        assert.doesNotMatch(stdout, /Warning/);
      }
    });
});

describe("generated templates of CloudFormation", { skip: unlessFound("cfn-lint") }, () => {
  for (const [named, deployment] of DEPLOYMENTS)
    it(`give cfn-lint nothing to report, of ${named}`, async (t) => {
      const files = cloudformationTemplates(deployment);
      const folder = written(t, files);
      const templates = files.map(({ path }) => path).filter((path) => path.startsWith("template"));
      const regions = [...new Set(deployment.buckets.map(({ region }) => region))];
      const words = ["--regions", ...regions, "--", ...templates];
      const found = await runClient("cfn-lint", words, folder);
      assert.deepEqual(found, { code: 0, stdout: "", stderr: "" });
    });

  it("would make it report what is wrong with them", async (t) => {
    const wrong = cloudformationTemplates(sample).map(({ path, text }) => ({
      path,
      text: text.replaceAll('"PolicyDocument"', '"PolicyDocumnet"'),
    }));
    const { code } = await runClient("cfn-lint", ["template.json"], written(t, wrong));
    assert.equal(code, 2);
  });
});

describe("the commands beside them", { skip: unlessFound("aws") }, () => {
  const files = cloudformationTemplates(sample);
  const commands = commandsOf(files);

  it("are taken by AWS's CLI, with the documents that they name", async (t) => {
    assert.ok(commands.length >= 14);
    const folder = written(t, files);
    for (const command of commands) assert.match(await answerTo(folder, command), SENT, command);
  });

  it("would be refused with another option or a missing document", async (t) => {
    const folder = written(t, files);
    const [put = ""] = commands;
    for (const wrong of [put.replace("--policy-name", "--policies"), put.replace("keys/", "gone/")])
      assert.doesNotMatch(await answerTo(folder, wrong), SENT, wrong);
  });
});

/** What the CLI says when it finds nothing wrong with a command, and then nobody who answers. */
const SENT = /^\s*(?:aws: \[ERROR\]: )?Could not connect to the endpoint URL/;

/** Those that are one request: `cloudformation deploy` is the CLI's own. */
function commandsOf(files: readonly DocumentFile[]): readonly string[] {
  const readme = files.find(({ path }) => path === "README.md")?.text ?? "";
  return readme.split("\n").filter((line) => /^aws (?!cloudformation)/.test(line));
}

async function answerTo(folder: string, command: string): Promise<string> {
  const filled = command
    .replace("INSTANCE_ARN", "arn:aws:sso:::instance/ssoins-1234567890abcdef")
    .replace(
      /ARN_OF_\w+/,
      "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef",
    );
  const { stderr } = await runClient("sh", ["-c", `${filled} --no-sign-request`], folder, {
    AWS_DEFAULT_REGION: "us-east-1",
    // nobody listens there
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    AWS_MAX_ATTEMPTS: "1",
    PATH: [CLIENTS, process.env["PATH"] ?? ""].join(delimiter),
  });
  return stderr;
}
