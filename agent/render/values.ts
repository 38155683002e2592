/** A group's values as text, for the formats that hold nothing else. @module */
import { PosternError } from "../core/errors.ts";
import { quote, type SecretName } from "../core/names.ts";

/** Name to bytes, in the order of the names. */
export type Values = ReadonlyMap<SecretName, Buffer>;

/** `bytes` as text, every character of it; undefined when they are not UTF-8. */
export function decodeText(bytes: Buffer): string | undefined {
  try {
    // a leading byte order mark is content as well
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * All values as text.
 * @throws {PosternError} BadData naming those that are not UTF-8
 */
export function decodeTexts(values: Values, format: string): ReadonlyMap<SecretName, string> {
  const texts = [...values].map(([name, bytes]) => [name, decodeText(bytes)] as const);
  const odd = texts.flatMap(([name, text]) => (text === undefined ? [name] : []));
  if (odd.length > 0) throw notText(odd, format);
  return new Map(texts.map(([name, text]) => [name, text ?? ""]));
}

/** What is said of values that a format cannot hold. */
export function notText(names: readonly SecretName[], format: string): PosternError {
  const quoted = names.map((name) => quote(name)).join(", ");
  return new PosternError("BadData", `${format} holds text alone: expected UTF-8 in ${quoted}`, {
    hint: "use format: template and the filter base64_encode for other bytes",
  });
}
