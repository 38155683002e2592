/**
 * Metrics as a file, for node_exporter's textfile collector.
 * @see https://github.com/prometheus/node_exporter#textfile-collector
 * @module
 */
import { randomBytes } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/**
 * Replaces `folder/postern.prom` at once: whoever reads it finds a whole one.
 * @throws {PosternError} CannotWrite when the kernel refuses
 */
export function writeTextfile(folder: string, text: string): void {
  const path = join(folder, "postern.prom");
  const temporary = join(folder, `.postern.prom.${randomBytes(6).toString("hex")}`);
  try {
    writeFileSync(temporary, text, { mode: 0o644, flag: "wx" });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    const why = errnoOf(cause) ?? "unknown error";
    throw new PosternError("CannotWrite", `cannot write ${quote(path)} (${why})`, { cause });
  }
}
