/**
 * Makes the clients that judge postern ready, pinned, each set in a Python environment of its own: they do not agree on what
 * they depend on. rclone and s3cmd come from the system. What cannot be had is named, and its tests are skipped.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const WANTED = {
  ".venv-clients": [
    "awscli==1.45.11",
    "boto3==1.43.11",
    "aws-encryption-sdk-cli==4.3.0",
    "cfn-lint==1.51.0",
  ],
  // the CLI is held to the major version before
  ".venv-sdk": ["aws-encryption-sdk==4.0.7", "boto3==1.43.11"],
  // not moto[server], which brings what the other services of AWS need
  ".venv-moto": ["moto[ec2,iam,kms,s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"],
};

/**
 * Terraform needs it to validate a module: fetched once, from Terraform's own registry, where Terraform is installed.
 * @see https://developer.hashicorp.com/terraform/cli/commands/providers/mirror
 */
const PROVIDER = { source: "hashicorp/aws", version: "6.62.0" };

for (const [name, packages] of Object.entries(WANTED)) prepare(join(root, name), packages);

function prepare(venv, packages) {
  const stamp = join(venv, ".postern-clients");
  const wanted = packages.join(" ");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write(`installing ${wanted} …\n`);
  const pip = [join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"];
  if (run("python3", "-m", "venv", venv) && run(...pip, ...packages)) {
    writeFileSync(stamp, wanted);
    return;
  }
  // half an environment would hide the system's own clients
  rmSync(venv, { recursive: true, force: true });
  process.stderr.write(`cannot install ${wanted}: what the system lacks is skipped\n`);
}

mirrorProvider(join(root, ".terraform-providers"));

function mirrorProvider(mirror) {
  const stamp = join(mirror, ".postern-clients");
  const wanted = `${PROVIDER.source} ${PROVIDER.version}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  if (spawnSync("terraform", ["version"]).status !== 0) return;
  process.stderr.write(`installing ${wanted} …\n`);
  rmSync(mirror, { recursive: true, force: true });
  mkdirSync(mirror);
  const { source, version } = PROVIDER;
  writeFileSync(
    join(mirror, "versions.tf.json"),
    JSON.stringify({ terraform: { required_providers: { aws: { source, version } } } }),
  );
  if (run("terraform", `-chdir=${mirror}`, "providers", "mirror", ".")) {
    writeFileSync(stamp, wanted);
    return;
  }
  rmSync(mirror, { recursive: true, force: true });
  process.stderr.write(`cannot install ${wanted}: what needs it is skipped\n`);
}

function run(command, ...args) {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}
