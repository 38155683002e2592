/** The folder of policy documents that a sandbox puts in force. @module */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Deployment } from "../policy/deployment.ts";
import { instanceRoles } from "../sandbox/deploy.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Keys } from "./sandbox-words.ts";

/**
 * What `postern policy generate` wrote into the folder, or somebody else in its layout.
 * @throws {PosternError} NotFound, Denied; BadData when a document is missing or none
 */
export async function readPolicies(folder: string): Promise<Deployment> {
  const { readDeployment } = await import("../generate/read-files.ts");
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
      .map((entry) => join(entry.parentPath, entry.name));
    const files = await Promise.all(
      paths.map(async (path) => ({
        path: relative(folder, path).split(sep).join("/"),
        text: await readFile(path, "utf8"),
      })),
    );
    return readDeployment(files);
  } catch (cause) {
    const errno = cause instanceof PosternError ? undefined : errnoOf(cause);
    if (errno === undefined) throw cause;
    const code = errno === "ENOENT" ? "NotFound" : "Denied";
    throw new PosternError(code, `cannot read the policies in ${quote(folder)}: ${errno}`, {
      cause,
      hint: "name a folder that `postern policy generate -o` wrote",
    });
  }
}

/** Credentials of everyone in the policies who is no host: users, and roles that are assumed. */
export function credentialsOf(
  deployment: Deployment,
  { credentials, account }: Sandbox,
): Readonly<Record<string, Keys>> {
  const hosts = new Set(instanceRoles(deployment));
  return Object.fromEntries(
    deployment.identities.flatMap(({ kind, arn }): readonly (readonly [string, Keys])[] => {
      const [, , , , owner] = arn.split(":");
      const name = arn.split("/").at(-1) ?? "";
      if (owner !== account || /[*?]/.test(name)) return [];
      if (kind === "user") return [[name, credentials.addUser(name)]];
      return hosts.has(name) ? [] : [[name, credentials.issue(name)]];
    }),
  );
}
