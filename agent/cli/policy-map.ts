/** What the commands on an access map begin with: the map, and the documents that it is about. @module */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { LineOfStatement } from "../audit/provenance.ts";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { DocumentFile } from "../generate/files.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";
import { valueOfFile } from "./value.ts";

/** @throws {PosternError} NotFound, Denied; ConfigInvalid with every fault of the map */
export async function readMap(file: string): Promise<AccessMap> {
  const { parseMap } = await import("../map/parse.ts");
  return parseMap((await valueOfFile(file)).toString("utf8"), file);
}

export interface Documents {
  readonly deployment: Deployment;
  /** Of documents that were read, where they are the map's own. */
  readonly lineOf: LineOfStatement;
}

/**
 * The documents that the map makes, or those of a folder.
 * @throws {PosternError} TooLarge, NotFound, BadData
 */
export async function documentsOf(map: AccessMap, from: string | undefined): Promise<Documents> {
  const [{ generate }, { readTemplates }, { provenanceOf }] = await Promise.all([
    import("../generate/deployment.ts"),
    import("../generate/templates.ts"),
    import("../audit/provenance.ts"),
  ]);
  const generated = generate(map, readTemplates());
  const lineOf = provenanceOf(map, generated);
  if (from === undefined) return { deployment: generated.deployment, lineOf };
  return { deployment: await deploymentIn(from), lineOf };
}

/** Of a folder of documents. @throws {PosternError} NotFound, Denied, BadData */
export async function deploymentIn(folder: string): Promise<Deployment> {
  const { readDeployment } = await import("../generate/read-files.ts");
  return readDeployment(await filesBelow(folder));
}

/** Every file below a folder, by its path there. @throws {PosternError} NotFound, Denied, BadData */
export async function filesBelow(folder: string): Promise<readonly DocumentFile[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
    return await Promise.all(
      paths.map(async (path) => ({
        path: relative(folder, path).split(sep).join("/"),
        text: await readFile(path, "utf8"),
      })),
    );
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === "ENOENT") throw new PosternError("NotFound", `no such folder ${quote(folder)}`);
    if (errno === "EACCES")
      throw new PosternError("Denied", `denied: cannot read ${quote(folder)}`);
    throw new PosternError(
      "BadData",
      `cannot read ${quote(folder)}: ${errno ?? "unknown reason"}`,
      {
        cause,
      },
    );
  }
}

/** The lines, on a terminal broken to its width, each with what follows its first set in. */
export async function fitted(
  lines: readonly string[],
  { isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number },
): Promise<string> {
  if (isTTY !== true) return `${lines.join("\n")}\n`;
  const { fittedSentence } = await import("./policy-table.ts");
  const width = Math.max(80, columns ?? 80);
  return `${lines.flatMap((line) => indented(line, width, fittedSentence)).join("\n")}\n`;
}

function indented(
  line: string,
  width: number,
  fit: (text: string, width: number) => readonly string[],
): readonly string[] {
  const [indent = ""] = /^ */.exec(line) ?? [];
  return fit(line.slice(indent.length), width - indent.length).map((one) => indent + one);
}
