/**
 * What `postern policy lint` is given: plain documents, folders that `policy generate` wrote, and access maps. Plain
 * documents are judged together; each folder, and the documents of each map, by themselves.
 * @module
 */
import { stat } from "node:fs/promises";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { DocumentFile } from "../generate/files.ts";
import type { Generated } from "../generate/deployment.ts";
import type { PolicyFile } from "../lint/document.ts";
import type { LintSet } from "../lint/files.ts";
import type { DocumentKind } from "../lint/kind.ts";
import type { placedDocuments } from "../lint/placed.ts";
import type { MapFile } from "../lint/set.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import type { Deployment } from "../policy/deployment.ts";
import { filesBelow } from "./policy-map.ts";
import { valueOfFile } from "./value.ts";

/** What is said of the plain documents on the command line. */
export interface Told {
  readonly kind: DocumentKind | undefined;
  readonly account: string | undefined;
  readonly bucketKey: boolean | undefined;
}

/** @throws {PosternError} NotFound, Denied, BadData; ConfigInvalid with every fault of a map */
export async function setsOf(
  paths: readonly string[],
  { kind, ...known }: Told,
): Promise<readonly LintSet[]> {
  const plain: { name: string; text: string }[] = [];
  const others: LintSet[] = [];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
    if (isFolder) others.push(await folderSet(path, { kind, ...known }));
    else {
      const text = (await valueOfFile(path)).toString("utf8");
      if (isMap(path, text)) others.push(await mapSet(path, text));
      else plain.push({ name: path, text });
    }
  }
  if (plain.length === 0) return others;
  return [{ documents: await judgeable(plain, kind), ...known }, ...others];
}

/** YAML, or JSON with a map's members and without a policy's. */
function isMap(path: string, text: string): boolean {
  return /\.ya?ml$/i.test(path) || (/"groups"\s*:/.test(text) && !/"Statement"\s*:/.test(text));
}

/** Each document by its place; one in a template of CloudFormation is one as well. */
async function judgeable(
  ...given: Parameters<typeof placedDocuments>
): Promise<readonly PolicyFile[]> {
  const { placedDocuments } = await import("../lint/placed.ts");
  return placedDocuments(...given);
}

/**
 * Without an index, every JSON file in it is a plain document or a template, but for what `generate --stage` undoes with
 * and for what tools keep in hidden folders.
 */
async function folderSet(folder: string, { kind, ...known }: Told): Promise<LintSet> {
  const [{ readDeployment }, { INDEX }, files] = await Promise.all([
    import("../generate/read-files.ts"),
    import("../generate/files.ts"),
    filesBelow(folder),
  ]);
  const prefix = folder.endsWith("/") ? folder : `${folder}/`;
  if (files.some(({ path }) => path === INDEX))
    return setOfDeployment(readDeployment(files), files, prefix);
  const read = files
    .filter(({ path }) => path.endsWith(".json") && !/^undo\/|(?:^|\/)\./.test(path))
    .map(({ path, text }) => ({ name: `${prefix}${path}`, text }));
  const beside = files.filter(({ path }) => !path.endsWith(".json")).map(({ text }) => text);
  const documents = await judgeable(read, kind, beside);
  if (documents.length > 0) return { documents, ...known };
  throw new PosternError("BadData", `${quote(folder)}: expected documents (*.json), got none`);
}

/** @throws {PosternError} ConfigInvalid with every fault of the map */
export async function mapSet(file: string, text: string): Promise<LintSet> {
  const [{ parseMap }, { generate }, { readTemplates }, { deploymentFiles }] = await Promise.all([
    import("../map/parse.ts"),
    import("../generate/deployment.ts"),
    import("../generate/templates.ts"),
    import("../generate/files.ts"),
  ]);
  const map = parseMap(text, file);
  const generated = generate(map, readTemplates());
  const { deployment } = generated;
  const set = await setOfDeployment(deployment, deploymentFiles(deployment));
  const mapFile: MapFile = { map, text, originOf: await originsOf(map, generated) };
  return { ...set, map: mapFile };
}

const KINDS: Readonly<Record<string, DocumentKind>> = {
  "bucket policy": "bucket",
  "key policy": "key",
  "trust policy": "trust",
  "permissions boundary": "boundary",
  "inline policy": "identity",
  "managed policy": "identity",
  "endpoint policy": "endpoint",
};

/**
 * @param files the deployment's, as they are written
 * @param prefix of the names of what is found
 */
async function setOfDeployment(
  deployment: Deployment,
  files: readonly DocumentFile[],
  prefix = "",
): Promise<LintSet> {
  const { documentsOf } = await import("../generate/files.ts");
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const listed = documentsOf(deployment).flatMap(({ path, kind, attachedTo }) => {
    const text = texts.get(path);
    return text === undefined ? [] : [{ name: `${prefix}${path}`, text, what: kind, attachedTo }];
  });
  const { account, partition, buckets } = deployment;
  return {
    account,
    bucketKey: new Map(
      buckets.flatMap(({ name, settings: { encryption } }) =>
        encryption === undefined ? [] : [[name, encryption.bucketKey]],
      ),
    ),
    settings: listed
      .filter(({ what }) => what === "bucket settings")
      .map(({ name, text }) => ({ name, text })),
    documents: listed.flatMap(({ name, text, what, attachedTo }): readonly PolicyFile[] => {
      const kind = KINDS[what];
      if (kind === undefined) return [];
      const arn = kind === "bucket" ? `arn:${partition}:s3:::${attachedTo}` : attachedTo;
      return [{ name, text, kind, attachedTo: arn }];
    }),
  };
}

/** Of a statement its line; of another document of an identity, that of the principal; else that of the bucket. */
async function originsOf(
  map: AccessMap,
  { deployment, provenance }: Generated,
): Promise<MapFile["originOf"]> {
  const [{ arnOf, pathOf }, { documentsOf }] = await Promise.all([
    import("../generate/place.ts"),
    import("../generate/files.ts"),
  ]);
  const statements = new Map<string, MapPath>(
    provenance.flatMap(({ file, sid, from: [first] }) =>
      first === undefined ? [] : [[`${file} ${sid}`, first] as const],
    ),
  );
  const owners = new Map(map.principals.map((one) => [arnOf(one), pathOf(map, one.name)] as const));
  const documents = new Map<string, MapPath>(
    documentsOf(deployment).map(({ path, attachedTo }) => [
      path,
      owners.get(attachedTo) ?? ["bucket"],
    ]),
  );
  return (document, sid) => statements.get(`${document} ${sid ?? ""}`) ?? documents.get(document);
}
