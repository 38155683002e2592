/** The tar inside a bundle: the same set always makes the same bytes. @module */
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import type { SecretName } from "../core/names.ts";

const EPOCH = new Date(0);

/** Sorted by name, read-only files of nobody in particular and of no time. The caller wipes what it returns. */
export async function packArchive(secrets: ReadonlyMap<SecretName, Buffer>): Promise<Buffer> {
  const archive = pack();
  const names = [...secrets.keys()].sort((one, other) => (one < other ? -1 : 1));
  for (const name of names) {
    const header = { name, mode: 0o400, mtime: EPOCH, uid: 0, gid: 0, uname: "", gname: "" };
    archive.entry(header, secrets.get(name) ?? "");
  }
  archive.finalize();
  return buffer(archive);
}
