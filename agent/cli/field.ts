/** One field of a secret that is a JSON document. @module */

/** - `absent`: valid JSON without such a field. - `inexact`: JavaScript would round an integer in it. */
export type Field =
  | { readonly kind: "found"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "inexact" }
  | { readonly kind: "not-json" };

/**
 * The field at `path`: names joined by ".", an array's element by its index ("hosts.0.name").
 * A string is given as it is, anything else as JSON. Only a document's own members count.
 */
export function pickField(document: Uint8Array, path: string): Field {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(document));
  } catch {
    // the parser's message would quote the document
    return { kind: "not-json" };
  }
  for (const name of path.split(".")) {
    value = memberOf(value, name);
    if (value === undefined) return { kind: "absent" };
  }
  if (!isExact(value)) return { kind: "inexact" };
  return { kind: "found", text: typeof value === "string" ? value : JSON.stringify(value) };
}

function memberOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function isExact(value: unknown): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) || !Number.isInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isExact);
}
