/**
 * Reads XML as S3 writes it: elements, text, character references. Small, because a listing of a thousand keys is
 * read twice a pass, and a parser for all of XML takes ten times as long.
 *
 * No document type, so no entities but the five that XML has, and no CDATA: S3 sends none, and what it does not
 * send is no answer of its.
 *
 * @see https://www.w3.org/TR/xml/
 * @module
 */

export interface XmlElement {
  readonly name: string;
  /** All of the text that is its own and not a child's, references resolved. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** The document's root, or undefined when it is not whole and well-formed, or more than S3 would send. */
export function parseXml(document: string): XmlElement | undefined {
  const root: Open = { name: "", text: "", children: [] };
  const open = [root];
  let end = 0;
  for (const [token, close, start, attributes, text] of document.matchAll(TOKENS)) {
    const parent = open.at(-1) ?? root;
    end += token.length;
    if (text !== undefined) {
      const resolved = resolveReferences(text);
      if (resolved === undefined) return undefined;
      parent.text += resolved;
    } else if (start !== undefined) {
      const element: Open = { name: start, text: "", children: [] };
      parent.children.push(element);
      if (attributes?.endsWith("/") !== true) open.push(element);
    } else if (close !== undefined && (open.length === 1 || open.pop()?.name !== close)) {
      return undefined;
    }
  }
  const isWhole = end === document.length && open.length === 1 && root.text.trim() === "";
  return isWhole && root.children.length === 1 ? root.children[0] : undefined;
}

/** The text of the first child of that name, or undefined without one. */
export function childText({ children }: XmlElement, name: string): string | undefined {
  for (const child of children) if (child.name === name) return child.text;
  return undefined;
}

interface Open {
  readonly name: string;
  text: string;
  readonly children: Open[];
}

/** An end tag; a start tag with its attributes; text; or a comment or instruction, which says nothing. */
const TOKENS =
  /<\/([\w.:-]+)\s*>|<([\w.:-]+)((?:[^<>"']|"[^<"]*"|'[^<']*')*)>|([^<]+)|<!--[^]*?-->|<\?[^]*?\?>/gy;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function resolveReferences(text: string): string | undefined {
  if (!text.includes("&")) return text;
  let isKnown = true;
  const resolved = text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));|&/g,
    (_, decimal?: string, hexadecimal?: string, entity?: string) => {
      const character =
        entity === undefined
          ? characterOf(decimal === undefined ? `0x${hexadecimal}` : decimal)
          : ENTITIES[entity];
      isKnown &&= character !== undefined;
      return character ?? "";
    },
  );
  return isKnown ? resolved : undefined;
}

function characterOf(number: string): string | undefined {
  const point = Number(number);
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}
