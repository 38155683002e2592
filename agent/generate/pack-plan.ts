/** How many fit, and in how few parts all do. @module */

/**
 * The list in order, in as few parts as that order allows, of the same size where that fits. Undefined where one member
 * alone does not fit.
 */
export function divided<One>(
  all: readonly One[],
  fits: (some: readonly One[]) => boolean,
): readonly (readonly One[])[] | undefined {
  const parts: (readonly One[])[] = [];
  let left = all;
  while (left.length > 0) {
    const rest = left;
    const count = mostOf(rest.length, (some) => fits(rest.slice(0, some)));
    if (count === 0) return undefined;
    parts.push(rest.slice(0, count));
    left = rest.slice(count);
  }
  const size = Math.ceil(all.length / parts.length);
  const even = parts.map((_, at) => all.slice(at * size, (at + 1) * size));
  const isEven = even.every((some) => some.length > 0 && fits(some));
  return isEven ? even : parts;
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
