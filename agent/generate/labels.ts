/**
 * Names as they stand in Sids, which take letters and digits alone.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
 * @module
 */
import { createHash } from "node:crypto";

/** "WebAdmin" for "web-admin"; with a digest where two names would be one. */
export function labelsOf<Name extends string>(names: readonly Name[]): ReadonlyMap<Name, string> {
  const plain = names.map(labelOf);
  return new Map(
    names.map((name) => {
      const label = labelOf(name);
      const isAlone = plain.filter((one) => one === label).length === 1;
      return [name, isAlone ? label : `${label}${digestOf(name)}`];
    }),
  );
}

export function labelOf(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

/** Several labels in one Sid, which stays readable: "DbTlsWeb", "ApiDbAnd7More". */
export function joinLabels(labels: readonly string[]): string {
  const [first = "", second = "", ...more] = labels.toSorted();
  if (more.length < 2) return [first, second, ...more].join("");
  return `${first}${second}And${more.length}More`;
}

function digestOf(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 6);
}
