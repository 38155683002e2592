/**
 * The XML that S3 speaks: written by a small escaper, read by fast-xml-parser.
 *
 * Elements are written in the order given, which S3's clients may rely on; a builder over plain objects
 * could not interleave `Version` and `DeleteMarker` as ListObjectVersions must.
 * @module
 */
import { XMLParser } from "fast-xml-parser";

/** An element: its name, and its text, its children, or nothing when undefined. */
export type Element = readonly [name: string, content: string | readonly Element[] | undefined];

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** A whole document. Elements without content are left out; those with "" are written empty. */
export function encodeXml(root: Element, namespace: string | undefined = NAMESPACE): Buffer {
  const [name, content] = root;
  const attribute = namespace === "" ? "" : ` xmlns="${namespace}"`;
  const text = `<${name}${attribute}>${encodeContent(content)}</${name}>`;
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
}

/**
 * A request's document as nested records of texts; `lists` names the elements that may repeat.
 * @returns undefined when it is not XML, or its root is not `root`
 */
export function parseXml(
  body: Buffer,
  root: string,
  lists: readonly string[] = [],
): Readonly<Record<string, unknown>> | undefined {
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    // the parser's own decoding drops references to control characters, which keys may hold
    processEntities: false,
    tagValueProcessor: (_, text) => unescapeText(text),
    isArray: (name) => lists.includes(name),
  });
  // S3's schema has no document type: without one there are no entities to expand
  if (body.includes("<!DOCTYPE")) return undefined;
  try {
    const parsed: unknown = parser.parse(body, true);
    return isRecord(parsed) && isRecord(parsed[root]) ? parsed[root] : undefined;
  } catch {
    // what the client sent is not XML: MalformedXML is the answer, not the parser's words
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of a child element, or undefined. */
export function textOf(
  parent: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = parent[name];
  return typeof value === "string" ? value : undefined;
}

/** The child element of a name that has children itself, or undefined. */
export function childOf(
  parent: Readonly<Record<string, unknown>>,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const value = parent[name];
  return isRecord(value) ? value : undefined;
}

/** The child elements of a name that `parseXml` was told may repeat. */
export function listOf(
  parent: Readonly<Record<string, unknown>>,
  name: string,
): readonly Readonly<Record<string, unknown>>[] {
  const value = parent[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function encodeContent(content: Element[1]): string {
  if (content === undefined) return "";
  if (typeof content === "string") return escapeText(content);
  return content
    .filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => `<${name}>${encodeContent(inner)}</${name}>`)
    .join("");
}

function unescapeText(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, decodeReference);
}

function decodeReference(whole: string, hex?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return ENTITIES[name] ?? whole;
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
}

// S3 writes control characters as references that XML 1.0 forbids: hence its encoding-type=url
function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => {
    switch (character) {
      case "&":
        return "&amp;";
      case "<":
        return "&lt;";
      case ">":
        return "&gt;";
      case '"':
        return "&quot;";
      default:
        return character === "\n" ? "\n" : `&#x${character.charCodeAt(0).toString(16)};`;
    }
  });
}
