/**
 * `NAME='value'` lines that sh, bash and systemd's EnvironmentFile= read alike, byte for byte.
 *
 * Single quotes hold everything but `'`. Older systemd also takes a backslash in them for an escape, so
 * both go between double quotes, where every reader agrees on them: `it's\` is `'it'"'\\"`. Quoted pieces that
 * touch are one value to all readers. `$`, backticks, `!` and newlines are in single quotes and mean nothing.
 * @see POSIX XCU 2.2; systemd src/basic/env-file.c
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import { decodeText, type Values } from "./values.ts";

export interface Dotenv {
  readonly bytes: SecretBytes;
  readonly notes: readonly string[];
}

/**
 * The file, a line for each secret.
 * @throws {PosternError} BadName for names that are no variable's, or of which two are one; BadData for a NUL
 */
export function encodeDotenv(values: Values): Dotenv {
  const variables = nameVariables([...values.keys()]);
  const withNul = [...values].filter(([, bytes]) => bytes.includes(0)).map(([name]) => name);
  if (withNul.length > 0) throw hasNul(withNul);
  const lines = [...values].flatMap(([name, bytes]) => [
    Buffer.from(`${variables.get(name) ?? ""}=`),
    quoteValue(bytes),
    Buffer.from("\n"),
  ]);
  const file = Buffer.concat(lines);
  for (const line of lines) line.fill(0);
  const notes = [...values].flatMap(([name, bytes]) => {
    const what = foreignToSystemd(bytes);
    return what === undefined
      ? []
      : [`${quote(name)} ${what}: shells read it, and systemd refuses the file`];
  });
  return { bytes: new SecretBytes(file), notes };
}

/**
 * What keeps systemd from taking `bytes` for text; undefined when nothing does.
 * @see systemd src/basic/utf8.c, unichar_is_valid: of UTF-8 it refuses Unicode's 66 noncharacters
 */
export function foreignToSystemd(bytes: Buffer): string | undefined {
  const text = decodeText(bytes);
  if (text === undefined) return "is not UTF-8";
  return /\p{Noncharacter_Code_Point}/u.test(text)
    ? "holds a Unicode noncharacter, such as U+FFFE"
    : undefined;
}

/**
 * The variable of each name, see `judgeVariables`.
 * @throws {PosternError} BadName
 */
function nameVariables(names: readonly SecretName[]): ReadonlyMap<SecretName, string> {
  const { variables, faults } = judgeVariables(names);
  if (faults.size === 0) return variables;
  throw new PosternError("BadName", "names that cannot be variables", {
    issues: [...faults].map(([name, why]) => `secret ${quote(name)}: ${why}`),
    hint: "rename the secrets, or use format: template and the filter dotenv",
  });
}

export interface JudgedVariables<Name extends string> {
  /** Of every name, the faulty ones too. */
  readonly variables: ReadonlyMap<Name, string>;
  /** Why a name is no variable's, or is one with another: each name of a clash. */
  readonly faults: ReadonlyMap<Name, string>;
}

/** Makes a variable of each name: "/", "." and "-" become "_", all else stays as it is. */
export function judgeVariables<Name extends string>(names: readonly Name[]): JudgedVariables<Name> {
  const variables = new Map(names.map((name) => [name, name.replaceAll(/[/.-]/g, "_")]));
  const owners = new Map<string, Name[]>();
  for (const [name, variable] of variables) {
    const same = owners.get(variable);
    if (same === undefined) owners.set(variable, [name]);
    else same.push(name);
  }
  const faults = new Map<Name, string>();
  for (const [name, variable] of variables) {
    const other = owners.get(variable)?.find((one) => one !== name);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
      faults.set(name, 'expected letters, digits, "_", "/", "." and "-", the first no digit');
    else if (other !== undefined)
      faults.set(name, `expected another variable than ${variable} of ${quote(other)}`);
  }
  return { variables, faults };
}

const SINGLE = 0x27;
const DOUBLE = 0x22;
const BACKSLASH = 0x5c;

/** `bytes`, free of NUL, as one word: see the head of this file. */
export function quoteValue(bytes: Buffer): Buffer {
  // the worst byte is a lone backslash between others: six bytes
  const out = Buffer.alloc(6 * bytes.length + 2);
  let length = 0;
  let open = SINGLE;
  const put = (byte: number): void => void (length = out.writeUInt8(byte, length));
  put(open);
  for (const byte of bytes) {
    const wanted = byte === SINGLE || byte === BACKSLASH ? DOUBLE : SINGLE;
    if (wanted !== open) {
      put(open);
      put((open = wanted));
    }
    if (byte === BACKSLASH) put(BACKSLASH);
    put(byte);
  }
  put(open);
  const word = Buffer.from(out.subarray(0, length));
  out.fill(0);
  return word;
}

function hasNul(names: readonly SecretName[]): PosternError {
  const quoted = names.map((name) => quote(name)).join(", ");
  return new PosternError("BadData", `no variable can hold a NUL: expected none in ${quoted}`, {
    hint: "use format: json, or a template and the filter base64_encode",
  });
}
