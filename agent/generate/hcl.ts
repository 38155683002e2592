/**
 * Terraform's language, laid out as `terraform fmt` would.
 * @see https://developer.hashicorp.com/terraform/language/syntax/configuration
 * @see https://developer.hashicorp.com/terraform/language/style
 * @module
 */

/** An expression, as text of the language. */
export type Expression = string;

export interface Block {
  /** "resource", and what stands in quotes after it. */
  readonly head: readonly [string, ...string[]];
  /** In their order. */
  readonly attributes?: Readonly<Record<string, Expression | undefined>>;
  /** A name, and the pairs of the object that it is. */
  readonly object?: readonly [string, readonly (readonly [Expression, Expression])[]];
  readonly blocks?: readonly Block[];
  /** References, each on its line. */
  readonly dependsOn?: readonly Expression[];
}

export function encodeBlocks(blocks: readonly Block[]): string {
  return blocks.map((block) => `${encodeBlock(block, "")}\n`).join("\n");
}

function encodeBlock(block: Block, indent: string): string {
  const { head, attributes = {}, object, blocks = [], dependsOn = [] } = block;
  const [type, ...labels] = head;
  const inner = `${indent}  `;
  const given = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const parts = [
    ...(given.length === 0 ? [] : [encodePairs(given, inner)]),
    ...(object === undefined ? [] : [encodeObject(object, inner)]),
    ...blocks.map((one) => encodeBlock(one, inner)),
    ...(dependsOn.length === 0 ? [] : [encodeReferences(dependsOn, inner)]),
  ];
  const opening = [type, ...labels.map(quoted)].join(" ");
  return `${indent}${opening} {\n${parts.join("\n\n")}\n${indent}}`;
}

/** A line each, their "=" in one column. */
function encodePairs(
  pairs: readonly (readonly [Expression, Expression])[],
  indent: string,
): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${indent}${name.padEnd(width)} = ${value}`).join("\n");
}

function encodeObject([name, pairs]: NonNullable<Block["object"]>, indent: string): string {
  if (pairs.length === 0) return `${indent}${name} = {}`;
  return `${indent}${name} = {\n${encodePairs(pairs, `${indent}  `)}\n${indent}}`;
}

function encodeReferences(references: readonly Expression[], indent: string): string {
  const lines = references.map((reference) => `${indent}  ${reference},\n`);
  return `${indent}depends_on = [\n${lines.join("")}${indent}]`;
}

/** Text that is nothing but itself: a "${" or "%{" in it would start a template. */
export function quoted(text: string): Expression {
  // in a replacement "$$" is one "$"
  return JSON.stringify(text).replaceAll("${", "$$$${").replaceAll("%{", "%%{");
}

/** A file's text, as it is: what `file` reads is no template. */
export function fileOf(path: string): Expression {
  // the path is text of a template, whose own text the quotes hold
  return `file("\${path.module}/${quoted(path).slice(1, -1)}")`;
}
