/** The filters that a template has: a closed list, all of them pure. @module */
import { type FilterImplOptions, filters as liquid, toValue } from "liquidjs";
import type { SecretName } from "../core/names.ts";
import { quoteValue } from "./dotenv.ts";
import { PosternError } from "../core/errors.ts";
import { escapeValue } from "./properties.ts";
import { decodeText, notText } from "./values.ts";

/** LiquidJS's own, as it documents them. */
const BORROWED = [
  "append",
  "downcase",
  "escape",
  "first",
  "join",
  "last",
  "lstrip",
  "prepend",
  "remove",
  "replace",
  "rstrip",
  "size",
  "slice",
  "split",
  "strip",
  "strip_newlines",
  "upcase",
  "url_encode",
] as const;

/**
 * - `base64_encode`: also of bytes that are not text.
 * - `base64_decode`: to text.
 * - `json`: a string in quotes, or a list or object of them.
 * - `dotenv`: quoted as `format: dotenv` quotes, for shells and EnvironmentFile=.
 * - `properties`: escaped as `format: properties` escapes a value.
 */
const OWN = {
  base64_encode: (value: unknown) => bytesOf(value).toString("base64"),
  base64_decode: (value: unknown) => decodeBase64(textOf(value)),
  json: (value: unknown) => JSON.stringify(value),
  dotenv: (value: unknown) => quoteValue(noNul(Buffer.from(textOf(value)))).toString("utf8"),
  properties: (value: unknown) => escapeValue(textOf(value)),
};

export const FILTERS: Readonly<Record<string, FilterImplOptions>> = {
  ...Object.fromEntries(BORROWED.map((name) => [name, liquid[name]])),
  ...OWN,
};

/** A value that is not UTF-8: `base64_encode` takes it, and all else refuses it. */
export class OddBytes {
  readonly #name: SecretName;
  readonly #bytes: Buffer;

  constructor(name: SecretName, bytes: Buffer) {
    this.#name = name;
    this.#bytes = bytes;
  }

  expose(): Buffer {
    return this.#bytes;
  }

  /** @throws {PosternError} BadData */
  toString(): never {
    throw notText([this.#name], "a template");
  }

  /** @throws {PosternError} BadData */
  toJSON(): never {
    return this.toString();
  }
}

/**
 * What `piece` prints as, by LiquidJS's rules.
 * @throws {PosternError} BadData for bytes that are not text
 */
export function textOf(piece: unknown): string {
  const value: unknown = toValue(piece);
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map((inner) => textOf(inner)).join("");
  if (value instanceof OddBytes) return value.toString();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new PosternError("ConfigInvalid", "expected text, got a mapping", {
    hint: "use the filter json",
  });
}

function bytesOf(value: unknown): Buffer {
  return value instanceof OddBytes ? value.expose() : Buffer.from(textOf(value));
}

function decodeBase64(text: string): string {
  const decoded = decodeText(Buffer.from(text, "base64"));
  if (decoded !== undefined) return decoded;
  throw new PosternError("BadData", "expected base64 of text, got base64 of other bytes");
}

function noNul(bytes: Buffer): Buffer {
  if (!bytes.includes(0)) return bytes;
  throw new PosternError("BadData", "no variable can hold a NUL", {
    hint: "use the filter base64_encode",
  });
}
