/** Members of an answer, which says what it likes. @module */
import { isRecord } from "../policy/issues.ts";

/** Undefined where there is no such text. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let found: unknown = value;
  for (const name of path) found = isRecord(found) ? found[name] : undefined;
  return typeof found === "string" ? found : undefined;
}

/** None where there is no such list. */
export function recordsAt(
  value: unknown,
  name: string,
): readonly Readonly<Record<string, unknown>>[] {
  const list = isRecord(value) ? value[name] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

/** None where there is no such list. */
export function textsAt(value: unknown, name: string): readonly string[] {
  const list = isRecord(value) ? value[name] : undefined;
  return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
}
