/** Chance that comes out the same in every run, uniform in [0, 1). @see xorshift32, G. Marsaglia 2003 */
export function randomFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
