/**
 * Reads the config's files, and answers with a complete `Config` or with everything that is wrong.
 *
 * `postern.yaml` says it all; each `conf.d/*.yaml` beside it adds groups, so that a recipe can own its file.
 * @see docs/configuration.md
 * @module
 */
import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Config } from "./config.ts";
import type { Runner } from "./group.ts";
import { encodeIssues, type Issue } from "./issue.ts";
import { parseConfig, type ConfigText } from "./parse.ts";
import { listTrustedFolder, readTrustedFile } from "./trust.ts";

export interface LoadOptions {
  /** The path of postern.yaml. */
  readonly file: string;
  /** The running user: it and root alone may have written the files. */
  readonly uid: number;
  /** The owner of groups that name none; and, unless root runs, the one user that may own. Default: see `Runner`. */
  readonly defaultOwner?: Runner["defaultOwner"];
  /** Default: a member of no group but its own. */
  readonly memberOf?: Runner["memberOf"];
}

/**
 * @throws {PosternError} ConfigInvalid, its `issues` holding each fault of each file as
 *   `file:line:column: path: expected …, got …`
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { files, texts, issues } = readTexts(options);
  const id = String(options.uid);
  const { config, issues: found } = parseConfig(texts, {
    uid: options.uid,
    defaultOwner:
      options.defaultOwner ??
      (options.uid === 0 ? { user: "root", group: "root" } : { user: id, group: id }),
    memberOf: options.memberOf ?? (() => false),
  });
  const all = encodeIssues([...issues, ...found], files);
  if (all.length === 0 && config !== undefined) return config;
  throw new PosternError(
    "ConfigInvalid",
    `invalid config ${quote(options.file)}: expected no faults, got ${all.length}`,
    { issues: all },
  );
}

/** The running user as the system knows it, for `loadConfig`. Asks `id` for the names of its groups, at most once. */
export function runningUser(): Runner {
  const { uid, gid, username } = userInfo();
  const ids = [gid, ...(process.getgroups?.() ?? [])].map(String);
  let names: readonly string[] | undefined;
  return {
    uid,
    defaultOwner:
      uid === 0 ? { user: "root", group: "root" } : { user: username, group: String(gid) },
    memberOf: (group) => {
      if (/^\d+$/.test(group)) return ids.includes(group);
      names ??= execFileSync("id", ["-Gn"], { encoding: "utf8" }).trim().split(/\s+/);
      return names.includes(group);
    },
  };
}

interface Read {
  /** Every file there is, also those that were refused: the order of the issues. */
  readonly files: readonly string[];
  readonly texts: readonly ConfigText[];
  readonly issues: readonly Issue[];
}

function readTexts({ file, uid }: LoadOptions): Read {
  const texts: ConfigText[] = [];
  const issues: Issue[] = [];
  const main = noting(issues, file, () => readTrustedFile(file, uid));
  if (main.kind === "read" && main.value === undefined) throw missing(file);
  if (main.kind === "read" && main.value !== undefined)
    texts.push({ file, text: main.value, isMain: true });
  const folder = join(dirname(file), "conf.d");
  const listed = noting(issues, folder, () => listTrustedFolder(folder, uid));
  const names = (listed.kind === "read" ? (listed.value ?? []) : []).filter(
    (name) => name.endsWith(".yaml") && !name.startsWith("."),
  );
  const added = names.map((name) => join(folder, name));
  for (const path of added) {
    const result = noting(issues, path, () => readTrustedFile(path, uid));
    // gone since it was listed: the same as never there
    if (result.kind === "read" && result.value !== undefined)
      texts.push({ file: path, text: result.value, isMain: false });
  }
  return { files: [file, folder, ...added], texts, issues };
}

type Noted<Value> = { readonly kind: "read"; readonly value: Value } | { readonly kind: "noted" };

/** Keeps the refusal of one file as an issue, so that the others are still read. */
function noting<Value>(issues: Issue[], file: string, read: () => Value): Noted<Value> {
  try {
    return { kind: "read", value: read() };
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    // the issue names the file already: what is left to name is a folder on the way to it
    const own = `${quote(file)}: `;
    const { message: whole } = error;
    const message = whole.startsWith(own) ? whole.slice(own.length) : whole;
    issues.push({ file, line: 0, column: 0, path: [], message });
    return { kind: "noted" };
  }
}

function missing(file: string): PosternError {
  const message = `expected a config at ${quote(file)}, got no such file`;
  return new PosternError("ConfigInvalid", message, {
    issues: [`${file}: expected a config, got no such file`],
    hint: "write one (docs/configuration.md), or name another with --config or POSTERN_CONFIG",
  });
}
