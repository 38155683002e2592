/**
 * What to do with a map whose bucket policy fits in no form: several maps, each with a bucket and keys of its own. A map has one
 * home bucket, so that this is for a person to do.
 * @module
 */
import type { GroupName } from "../core/names.ts";
import type { AccessMap, Group } from "../map/access-map.ts";

/**
 * The groups of each map, in the order of their names: as few maps as that order allows, of the same size where that fits.
 * Undefined where one group alone does not fit.
 * @param fits whether all documents of a map do
 */
export function divided(
  map: AccessMap,
  fits: (map: AccessMap) => boolean,
): readonly (readonly GroupName[])[] | undefined {
  const parts: (readonly Group[])[] = [];
  let left: readonly Group[] = map.groups;
  while (left.length > 0) {
    const count = mostOf(left.length, (some) => fits({ ...map, groups: left.slice(0, some) }));
    if (count === 0) return undefined;
    parts.push(left.slice(0, count));
    left = left.slice(count);
  }
  const size = Math.ceil(map.groups.length / parts.length);
  const even = parts.map((_, at) => map.groups.slice(at * size, (at + 1) * size));
  const isEven = even.every((groups) => groups.length > 0 && fits({ ...map, groups }));
  return (isEven ? even : parts).map((groups) => groups.map(({ name }) => name));
}

/** The largest number up to `all` that fits, where what fits also fits with less; small ones are tried first. */
export function mostOf(all: number, fits: (count: number) => boolean): number {
  let [enough, tooMany] = [0, 1];
  while (tooMany <= all && fits(tooMany)) [enough, tooMany] = [tooMany, tooMany * 2];
  tooMany = Math.min(tooMany, all + 1);
  while (tooMany - enough > 1) {
    const middle = Math.floor((enough + tooMany) / 2);
    if (fits(middle)) enough = middle;
    else tooMany = middle;
  }
  return enough;
}

type Division = ReturnType<typeof divided>;

/**
 * In words: "divide the map in 2, each with a bucket and keys of its own, ...".
 * @param accepting the same with accept: [fewer-layers]
 */
export function adviceOf(plain: Division, accepting: Division): string {
  if (accepting === undefined)
    return "give a group fewer readers and publishers: one alone does not fit";
  if (plain === undefined || accepting.length < plain.length) {
    const waived = "write accept: [fewer-layers] into the map";
    const first = accepting.length === 1 ? waived : `${waived} and ${division(accepting)}`;
    return plain === undefined ? first : `${first}; or ${division(plain)}`;
  }
  return division(plain);
}

function division(parts: NonNullable<Division>): string {
  const told = parts.map((names) => {
    const [first = ""] = names;
    const last = names.at(-1) ?? "";
    return names.length === 1 ? `${first} alone` : `${first} to ${last} (${names.length} groups)`;
  });
  return `divide the map in ${parts.length}, each with a bucket and keys of its own, by the order of names: ${told.join(", ")}`;
}
