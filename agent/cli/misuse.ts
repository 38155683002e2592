/** The same rule broken at the command line and in a config are two faults: this is the first. @module */
import { PosternError } from "../core/errors.ts";

/**
 * What `parse` makes of `word`.
 * @throws {PosternError} Usage, with the words of the fault that `parse` throws
 */
export function parseWord<Value>(parse: (word: string) => Value, word: string): Value {
  try {
    return parse(word);
  } catch (cause) {
    if (!(cause instanceof PosternError)) throw cause;
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    throw new PosternError("Usage", cause.message, { cause, ...hint });
  }
}
