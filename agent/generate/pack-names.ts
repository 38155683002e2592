/**
 * Members of a statement that only tells insiders apart.
 * @module
 */
import type { PrincipalName } from "../map/access-map.ts";
import type { Sources } from "./draft.ts";
import { sorted } from "./order.ts";
import { arnsOf, type Place } from "./place.ts";
import { insidersOf } from "./insiders.ts";

/** ARNs, or where the form says so patterns that fit no other insider. */
export function membersOf(
  sources: Sources,
  place: Place,
  names: readonly PrincipalName[],
): { readonly pattern: readonly string[] } {
  const arns = arnsOf(sources.map, names);
  if (sources.form.names === "in full") return { pattern: arns };
  const insiders = arnsOf(sources.map, insidersOf(sources, place));
  return { pattern: sorted(arns.map((arn) => briefly(arn, insiders))) };
}

/** "arn:*:iam::*:*\/web" for "arn:aws:iam::111122223333:role/postern/web", unless another insider ends so too. */
function briefly(arn: string, insiders: readonly string[]): string {
  const end = endOf(arn);
  const stem = end.replace(/[?*]+$/, "");
  const fits = (other: string): boolean =>
    stem === end ? endOf(other) === end : endOf(other).startsWith(stem);
  if (insiders.some((other) => other !== arn && fits(other))) return arn;
  return `arn:*:iam::*:*/${stem === end ? end : `${stem}*`}`;
}

function endOf(arn: string): string {
  return arn.split("/").at(-1) ?? "";
}
