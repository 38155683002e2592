/**
 * One YAML mapping of strings, all in double quotes: no value can look like a number, a date or `no`.
 * @see https://yaml.org/spec/1.2.2/#731-double-quoted-style
 * @module
 */
import { Document, Pair, Scalar, YAMLMap } from "yaml";
import { decodeTexts, type Values } from "./values.ts";

/** @throws {PosternError} BadData for a value that is not UTF-8 */
export function encodeYaml(values: Values): string {
  const map = new YAMLMap<Scalar, Scalar>();
  for (const [name, text] of decodeTexts(values, "YAML"))
    map.items.push(new Pair(quoted(name), quoted(text)));
  const text = new Document(map).toString({
    lineWidth: 0,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
  // YAML 1.1 readers break lines at some of these, and refuse the others; all stand in double quotes here
  return text.replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}
