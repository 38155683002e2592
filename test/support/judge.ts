/** Other people's clients, run as processes against a sandbox in this one. @module */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
import { root } from "./root.ts";
import type { Signer } from "./wire.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environments of packaging/clients.mjs: where their programs lie. */
export const CLIENTS: string = join(root, ".venv-clients", "bin");
export const PYTHON_SDK: string = join(root, ".venv-sdk", "bin");

/** The path of a client, from an environment of the tests' own or the system's, or undefined. */
export function findClient(name: string, venv: string = CLIENTS): string | undefined {
  const folders = [venv, ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** What to give as `skip`: false, or the reason. */
export function unlessFound(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findClient(name) === undefined);
  return missing.length > 0 && `${missing.join(" and ")} not installed`;
}

/** What to give as `skip` to tests that run Python: false, or the reason. */
export function unlessImports(module: string, venv: string = CLIENTS): string | false {
  const python = findClient("python3", venv);
  const found = python !== undefined && spawnSync(python, ["-c", `import ${module}`]).status === 0;
  return !found && `${module} not installed`;
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-clients-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Runs a client to its end. It inherits no setting of whoever runs the tests but PATH.
 * @param home its working and home folder
 */
export function runClient(
  name: string,
  args: readonly string[],
  home: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const path = findClient(name) ?? name;
  const own = { PATH: process.env["PATH"] ?? "", HOME: home, LC_ALL: "C.UTF-8" };
  const child = spawn(path, args, { cwd: home, env: { ...own, ...env }, timeout: 120_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (stdout += part.toString("utf8")));
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString("utf8")));
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** The environment by which AWS's own clients find a sandbox. */
export function awsEnvironment(
  { endpoints, region, publisher }: Sandbox,
  signer: Signer = publisher,
): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_S3: endpoints.s3.origin,
    AWS_ENDPOINT_URL_KMS: endpoints.kms.origin,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoints.imds.origin,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: signer.accessKeyId,
    AWS_SECRET_ACCESS_KEY: signer.secretAccessKey,
    ...(signer.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: signer.sessionToken }),
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
