/** One JSON object of strings. @see RFC 8259 @module */
import { decodeTexts, type Values } from "./values.ts";

/** @throws {PosternError} BadData for a value that is not UTF-8 */
export function encodeJson(values: Values): string {
  const texts = decodeTexts(values, "JSON");
  return `${JSON.stringify(Object.fromEntries(texts), undefined, 2)}\n`;
}
