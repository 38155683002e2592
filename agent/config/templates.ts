/** The templates that a group's renders name, read under the rules of the config itself. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { GroupConfig } from "./config.ts";
import { readTrustedFile } from "./trust.ts";

/** Path to text. */
export type Templates = ReadonlyMap<string, string>;

/**
 * Read anew for each pass, so that an edited template is acted on.
 * @param uid the running user: it and root alone may have written them
 * @throws {PosternError} ConfigInvalid for a template that is missing or not to be trusted
 */
export async function readTemplates({ render }: GroupConfig, uid: number): Promise<Templates> {
  const templates = new Map<string, string>();
  for (const { template } of render) {
    if (template === undefined || templates.has(template)) continue;
    const text = readTrustedFile(template, uid);
    if (text === undefined)
      throw new PosternError("ConfigInvalid", `no such template ${quote(template)}`, {
        hint: "write it, or correct template in the config",
      });
    templates.set(template, text);
  }
  return templates;
}
