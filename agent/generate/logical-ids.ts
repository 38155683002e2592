/**
 * What resources are called inside a module or template: made of what they are called in AWS, and as stable, so that a
 * resource keeps its identity when others join.
 * @see https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html
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

/**
 * Letters and digits, at most 255: "web-db" of a role is "RoleWebDb". What cannot be told from it alone is told by a digest.
 */
export function logicalId(prefix: string, ...parts: readonly string[]): string {
  const text = parts.join("/");
  const words = text.split(/[^A-Za-z0-9]+/);
  const spelt = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  const isTold = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(text) && text.length <= 200;
  return `${prefix}${spelt.slice(0, 200)}${isTold ? "" : digest(text)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
