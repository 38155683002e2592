/** What a set would become, or became, in words: names and keyed fingerprints, never values. @module */
import { createHmac, randomBytes } from "node:crypto";
import type { SecretName } from "../core/names.ts";
import type { Secrets } from "../publish/amend.ts";
import type { SetChanges } from "../publish/set.ts";
import { bytes, changes, count, table } from "./words.ts";

export interface Compared {
  readonly group: string;
  readonly before: Secrets;
  readonly after: Secrets;
  readonly changes: SetChanges;
}

/** "2 added, 1 changed", or "no change". */
export function summaryOf(amounts: SetChanges): string {
  return changes(amounts) || "no change";
}

/**
 * A line for each secret that differs. Fingerprints are keyed with bytes that nobody keeps: equal values look equal
 * within one output, and nothing else can be learnt.
 */
function changeLines({ before, after, changes: made }: Compared): readonly string[] {
  const key = randomBytes(32);
  const shown = (values: Secrets, name: SecretName): readonly string[] => {
    const value = values.get(name);
    return value === undefined ? ["", ""] : [bytes(value.length), fingerprint(value, key)];
  };
  const row = (sign: string, name: SecretName): readonly string[] => {
    const [oldSize = "", oldPrint = ""] = shown(before, name);
    const [newSize = "", newPrint = ""] = shown(after, name);
    return [sign, name, fromTo(oldSize, newSize), fromTo(oldPrint, newPrint)];
  };
  const rows = [
    ...made.added.map((name) => row("+", name)),
    ...made.changed.map((name) => row("~", name)),
    ...made.removed.map((name) => row("-", name)),
  ];
  return table(rows).map((line) => `  ${line}`);
}

/** The whole comparison, headed by what `group` is about. */
export function comparedText(compared: Compared, heading: string): string {
  const { changes } = compared;
  const stay = count(changes.same.length, "secret");
  return [`${compared.group}: ${heading}; ${stay} the same`, ...changeLines(compared), ""].join(
    "\n",
  );
}

/** The names alone, for scripts. */
export function comparedJson({
  changes,
}: Compared): Record<"added" | "changed" | "removed", unknown> {
  const { added, changed, removed } = changes;
  return { added, changed, removed };
}

function fromTo(before: string, after: string): string {
  if (before === "" || after === "" || before === after) return after === "" ? before : after;
  return `${before} -> ${after}`;
}

/** By which equal values look equal, and nothing can be learnt without `key`. */
function fingerprint(value: Buffer, key: Buffer): string {
  return createHmac("sha256", key).update(value).digest("hex").slice(0, 8);
}
