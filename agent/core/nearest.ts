/** Which known word a misspelt one may have been meant to be. @module */
import { closest, distance } from "fastest-levenshtein";

/**
 * The word of `words` that `word` is a slip of: one or two letters, or a third of them, are wrong. Upper case
 * and "-" for "_" are no mistakes here. Undefined when none is that near.
 */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  if (words.length === 0 || word.length > 64) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll("-", "_");
  const near = closest(plain(word), words.map(plain));
  const wrong = distance(plain(word), near);
  const isNear = wrong <= Math.max(2, Math.floor(near.length / 3)) && wrong < near.length;
  return isNear ? words.find((known) => plain(known) === near) : undefined;
}
