/**
 * Java's `.properties`: ASCII alone, so that every way of loading it reads the same.
 * @see java.util.Properties#load(java.io.Reader)
 * @module
 */
import { decodeTexts, type Values } from "./values.ts";

/** @throws {PosternError} BadData for a value that is not UTF-8 */
export function encodeProperties(values: Values): string {
  return [...decodeTexts(values, "properties")]
    .map(([name, text]) => `${escapeKey(name)}=${escapeValue(text)}\n`)
    .join("");
}

function escapeKey(text: string): string {
  return escapeText(text).replaceAll(" ", "\\ ");
}

// white space before a value would be skipped
export function escapeValue(text: string): string {
  return escapeText(text).replace(/^ /, "\\ ");
}

const SHORT: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

/** UTF-16 code units outside printable ASCII as `\uXXXX`: two of them for what lies beyond U+FFFF. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[\\=:#!]/g, "\\$&")
    .replaceAll(
      /[^ -~]/g,
      (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}
