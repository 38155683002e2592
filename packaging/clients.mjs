/**
 * Makes the clients that judge the sandbox ready: the AWS CLI, boto3 and aws-encryption-cli, pinned, in a Python environment of
 * their own. rclone and s3cmd come from the system. What cannot be had is named, and its tests are skipped.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WANTED = ["awscli==1.45.11", "boto3==1.43.11", "aws-encryption-sdk-cli==4.3.0"];
const venv = join(import.meta.dirname, "..", ".venv-clients");
const stamp = join(venv, ".postern-clients");
const wanted = WANTED.join(" ");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  process.stderr.write(`installing ${wanted} …\n`);
  const made =
    run("python3", ["-m", "venv", venv]) &&
    run(join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", ...WANTED]);
  if (made) writeFileSync(stamp, wanted);
  else {
    // half an environment would hide the system's own clients
    rmSync(venv, { recursive: true, force: true });
    process.stderr.write(`cannot install ${wanted}: what the system lacks is skipped\n`);
  }
}

function run(command, args) {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}
