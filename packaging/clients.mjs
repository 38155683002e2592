/**
 * Makes the clients that judge postern ready, pinned, each set in a Python environment of its own: they do not agree on what
 * they depend on. rclone and s3cmd come from the system. What cannot be had is named, and its tests are skipped.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const WANTED = {
  ".venv-clients": ["awscli==1.45.11", "boto3==1.43.11", "aws-encryption-sdk-cli==4.3.0"],
  // the CLI is held to the major version before
  ".venv-sdk": ["aws-encryption-sdk==4.0.7", "boto3==1.43.11"],
  // not moto[server], which brings what the other services of AWS need
  ".venv-moto": ["moto[s3,kms]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"],
};

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

function run(command, ...args) {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}
