/**
 * What resources are called inside a module or template: made of what they are called in AWS, and as stable, so that a
 * resource keeps its identity when others join.
 * @see https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
 * @module
 */
import { createHash } from "node:crypto";

/**
 * Letters, digits, "_" and "-", the first no digit and no "-". What cannot be told from it alone is told by a digest: the parts
 * `a`, `b_c` are not `a_b`, `c`.
 */
export function terraformName(...parts: readonly [string, ...string[]]): string {
  const spelt = parts.join("_").replaceAll(/[^A-Za-z0-9_-]/g, "_");
  const isTold = /^[A-Za-z]/.test(spelt) && parts.every((part) => /^[A-Za-z0-9-]+$/.test(part));
  return isTold ? spelt : `${spelt.replace(/^(?![A-Za-z])/, "_")}_${digest(parts.join("/"))}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
