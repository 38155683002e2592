/**
 * Reads the statements of policy-templates, which lie beside the program: a reviewer reads the very files that it fills in.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";

/** A template by its name: "reader/list". */
export type Templates = (name: string) => PolicyJson;

/** Each is read once, when it is first asked for. @throws {PosternError} NotFound when they are not where the program is */
export function readTemplates(): Templates {
  const folder = templateFolder();
  const known = new Map<string, PolicyJson>();
  return (name) => {
    const template = known.get(name) ?? readTemplate(folder, name);
    known.set(name, template);
    return template;
  };
}

/** Beside `agent`, or beside `dist` where this is compiled (dist/agent/generate) or bundled (dist). */
export function templateFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = ["..", "../..", "../../.."].map((up) => join(here, up, "policy-templates"));
  const found = places.find((place) => existsSync(join(place, "README.md")));
  if (found === undefined)
    throw new PosternError("NotFound", "no policy-templates beside the program", {
      hint: "install postern whole: it makes policies from the files in there",
    });
  return found;
}

function readTemplate(folder: string, name: string): PolicyJson {
  const path = join(folder, `${name}.json`);
  const template: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (isRecord(template)) return template;
  throw new PosternError("Internal", `template ${quote(name)}: expected an object`);
}
