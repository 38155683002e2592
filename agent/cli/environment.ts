/**
 * A group's secrets as environment variables: what each is called, and what cannot be one.
 * @see POSIX.1-2017, 8.1 Environment Variable Definition
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/** One secret of one group, as it lies on the disk. */
export interface Found {
  /** GROUP/NAME, for messages. */
  readonly secret: string;
  /** Within its group. */
  readonly name: string;
  readonly bytes: Buffer;
}

export interface Naming {
  /** Put before every name. */
  readonly prefix: string;
  readonly upper: boolean;
  /** Drop one final newline of each value. */
  readonly chomp: boolean;
  /** May take the place of a variable that is there already. */
  readonly override: boolean;
}

/**
 * What these do to a program is more than a value: they name code to run. A secret's name is the publisher's to
 * choose, and must not be enough to run code on a host.
 * @see ld.so(8), bash(1), and the manuals of the interpreters
 */
const ACTIVE =
  /^(LD_.*|GLIBC_.*|GCONV_PATH|PATH|IFS|ENV|BASH_.*|SHELLOPTS|PS4|PROMPT_COMMAND|NODE_OPTIONS|NODE_PATH|PYTHON.*|PERL.*|RUBY(OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GIT_.*|HOME|SHELL|USER|LOGNAME)$/;

/**
 * The variables that the secrets make. A character that no name may have becomes "_": `tls/site.key` is
 * `tls_site_key`.
 *
 * @param inherited what the program has already
 * @throws {PosternError} BadData, naming every secret that cannot be a variable, and why
 */
export function variablesOf(
  secrets: readonly Found[],
  naming: Naming,
  inherited: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  const origins = new Map<string, string>();
  const issues: string[] = [];
  for (const { secret, name, bytes } of secrets) {
    const variable = variableName(name, naming);
    const why =
      nameFault(variable, naming, inherited) ??
      clash(variable, origins.get(variable)) ??
      valueFault(bytes);
    if (why === undefined) variables.set(variable, textOf(bytes, naming));
    else issues.push(`secret ${quote(secret)}: ${why}`);
    origins.set(variable, secret);
  }
  if (issues.length === 0) return variables;
  throw new PosternError("BadData", "some secrets cannot be environment variables", {
    issues,
    hint: "name them apart with --prefix, or read their files: postern path GROUP/NAME",
  });
}

function variableName(name: string, { prefix, upper }: Naming): string {
  const plain = prefix + name.replace(/[^0-9A-Za-z_]/g, "_");
  return upper ? plain.toUpperCase() : plain;
}

function nameFault(
  variable: string,
  { override }: Naming,
  inherited: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (/^\d/.test(variable))
    return `expected a name that does not begin with a digit, got ${quote(variable)}`;
  if (ACTIVE.test(variable)) return `${variable} names code to run, and is not a secret's to set`;
  if (inherited[variable] !== undefined && !override)
    return `${variable} is set already: --override lets the secret take its place`;
  return undefined;
}

function clash(variable: string, other: string | undefined): string | undefined {
  return other === undefined ? undefined : `${variable} would be secret ${quote(other)} too`;
}

function valueFault(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return "expected no NUL byte in its value";
  return Buffer.from(bytes.toString("utf8")).equals(bytes) ? undefined : "expected UTF-8";
}

function textOf(bytes: Buffer, { chomp }: Naming): string {
  const text = bytes.toString("utf8");
  return chomp ? text.replace(/\r?\n$/, "") : text;
}
