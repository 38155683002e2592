/**
 * Fills placeholders of a template in.
 *
 * - `"{{name}}"`, a string that is nothing else, becomes the value; a list then stands in its place, or among its
 *   neighbours.
 * - `"{{bucket}}/*"` becomes a string with the value in it.
 * - `"{{name?}}"` may have no value: its member is then left out, and an object that is empty by that as well.
 * - `"kms:EncryptionContext:{{context.name}}": "{{context.value}}"` becomes as many members as there are pairs.
 *
 * One pass: what a value holds is never looked at again.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { isRecord } from "../policy/issues.ts";
import type { PolicyJson } from "../policy/deployment.ts";

/** A text is exact unless it says that it is a pattern; undefined is no value. */
export type Value =
  | string
  | readonly string[]
  | { readonly pattern: string | readonly string[] }
  | { readonly pairs: Readonly<Record<string, string>> }
  | undefined;

export type Values = Readonly<Record<string, Value>>;

interface Filling {
  readonly template: string;
  readonly values: Values;
  readonly used: Set<string>;
}

const PLACEHOLDER = /\{\{([A-Za-z0-9]+)(\.name|\.value)?(\?)?\}\}/;
const PLACEHOLDERS = new RegExp(PLACEHOLDER, "g");

/**
 * @param template names it in errors
 * @throws {PosternError} Internal when placeholders and values do not fit each other; BadName for a value that would be
 * a wildcard or a variable of IAM
 */
export function fillTemplate(json: PolicyJson, values: Values, template: string): PolicyJson {
  const filling: Filling = { template, values, used: new Set() };
  const filled = fillNode(json, filling);
  const unused = Object.keys(values).find((name) => !filling.used.has(name));
  if (unused !== undefined) throw unfit(filling, `has no placeholder ${quote(unused)}`);
  if (!isRecord(filled)) throw unfit(filling, "is empty");
  return filled;
}

function fillNode(node: unknown, filling: Filling): unknown {
  if (typeof node === "string") return fillText(node, filling);
  if (Array.isArray(node)) {
    const members: readonly unknown[] = node;
    return members.flatMap((member) => fillNode(member, filling) ?? []);
  }
  if (!isRecord(node)) return node;
  const entries = Object.entries(node).flatMap(([key, member]) => fillMember(key, member, filling));
  return entries.length === 0 && Object.keys(node).length > 0
    ? undefined
    : Object.fromEntries(entries);
}

function fillMember(
  key: string,
  member: unknown,
  filling: Filling,
): readonly (readonly [string, unknown])[] {
  const [, pairsName, part] = PLACEHOLDER.exec(key) ?? [];
  if (pairsName === undefined || part !== ".name") {
    const name = fillText(key, filling);
    if (typeof name !== "string") throw unfit(filling, `${quote(key)}: expected one text`);
    const value = fillNode(member, filling);
    return value === undefined ? [] : [[name, value]];
  }
  if (member !== `{{${pairsName}.value}}`)
    throw unfit(filling, `${quote(key)}: expected the pair's value as its member`);
  const value = valueOf(pairsName, false, filling);
  if (typeof value !== "object" || !("pairs" in value))
    throw unfit(filling, `${quote(key)}: expected pairs`);
  return Object.entries(value.pairs)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, text]) => [
      key.replace(PLACEHOLDER, () => exact(name, pairsName, filling)),
      exact(text, pairsName, filling),
    ]);
}

/** A list where the text is one placeholder whose value is one; undefined where it has no value. */
function fillText(text: string, filling: Filling): string | readonly string[] | undefined {
  const [whole, name = "", , optional] = PLACEHOLDER.exec(text) ?? [];
  if (whole === text) {
    const texts = textsOf(name, valueOf(name, optional === "?", filling), filling);
    const [only, ...more] = texts ?? [];
    return more.length === 0 ? only : texts;
  }
  return text.replace(PLACEHOLDERS, (_, each: string) => {
    const [only, ...more] = textsOf(each, valueOf(each, false, filling), filling) ?? [];
    if (only === undefined || more.length > 0) throw unfit(filling, `${each}: expected one text`);
    return only;
  });
}

function valueOf(name: string, optional: boolean, filling: Filling): Value {
  const { values, used } = filling;
  if (!Object.hasOwn(values, name) || (values[name] === undefined && !optional))
    throw unfit(filling, `${quote(name)} has no value`);
  used.add(name);
  return values[name];
}

function textsOf(name: string, value: Value, filling: Filling): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return [exact(value, name, filling)];
  if ("pairs" in value) throw unfit(filling, `${name}: expected texts, got pairs`);
  const texts = "pattern" in value ? [value.pattern].flat() : value;
  if (texts.length === 0) throw unfit(filling, `${name}: expected at least one text`);
  if (!("pattern" in value)) return texts.map((text) => exact(text, name, filling));
  for (const text of texts)
    if (text.includes("$")) throw refuse(text, name, 'a pattern without "$"', filling);
  return texts;
}

function exact(text: string, name: string, filling: Filling): string {
  if (!/[*?$]/.test(text)) return text;
  throw refuse(text, name, 'a text without "*", "?" and "$"', filling);
}

function refuse(text: string, name: string, expected: string, { template }: Filling): PosternError {
  return new PosternError(
    "BadName",
    `${name} of ${template}: expected ${expected}, which IAM would not take as it is, got ${quote(text)}`,
  );
}

function unfit({ template }: Filling, what: string): PosternError {
  return new PosternError("Internal", `template ${quote(template)}: ${what}`);
}
