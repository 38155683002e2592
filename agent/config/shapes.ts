/**
 * The shapes that the schema is made of: valibot schemas whose every message reads `expected …, got …`, and
 * which go on after a fault, so that all of them are reported at once.
 *
 * valibot's own strict objects stop at the first unknown key, its records skip keys such as "constructor", and
 * its objects take lists for mappings: hence `closed` and `mappingOf`.
 * @see https://valibot.dev
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { describeValue, didYouMean } from "./issue.ts";
import {
  DURATION_FORM,
  SIZE_FORM,
  encodeDuration,
  encodeSize,
  parseDuration,
  parseSize,
} from "./units.ts";

/** Reads anything that YAML can say, and gives an `Output`. */
export type Schema<Output> = v.GenericSchema<unknown, Output>;

type OutputOf<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, undefined>>;

/** A mapping of just these keys. */
export function closed<const Entries extends v.ObjectEntries>(
  entries: Entries,
): Schema<OutputOf<Entries>> {
  const known = Object.keys(entries);
  return v.lazy((input): Schema<OutputOf<Entries>> => {
    if (!isMapping(input)) return refusal("a mapping");
    return v.pipe(
      v.object(entries, "expected this key to be set, got nothing"),
      v.rawCheck(({ addIssue }) => {
        for (const key of Object.keys(input)) {
          if (Object.hasOwn(entries, key)) continue;
          const near = didYouMean(key, known);
          const expected = near === "" ? `one of ${known.join(", ")}` : "a known key";
          addIssue({
            message: `expected ${expected}, got ${quote(key)}${near}`,
            path: [{ type: "object", origin: "key", input, key, value: input[key] }],
          });
        }
      }),
    );
  });
}

/** A mapping of any keys that `parseKey` accepts, as pairs in the order written. */
export function mappingOf<Key, Value>(
  parseKey: (text: string) => Key,
  schema: Schema<Value>,
): Schema<readonly (readonly [Key, Value])[]> {
  return v.lazy((input): Schema<readonly (readonly [Key, Value])[]> => {
    if (!isMapping(input)) return refusal("a mapping");
    return v.pipe(
      v.unknown(),
      v.rawTransform(({ addIssue, NEVER }) => {
        const pairs: (readonly [Key, Value])[] = [];
        let faults = 0;
        for (const [key, value] of Object.entries(input)) {
          const at = { type: "object", origin: "value", input, key, value } as const;
          const name = tried(() => parseKey(key), key);
          if (name.kind === "fault") {
            faults += 1;
            addIssue({ message: name.message, path: [{ ...at, origin: "key" }] });
          }
          const result = v.safeParse(schema, value);
          for (const issue of result.issues ?? []) {
            faults += 1;
            addIssue({ message: issue.message, path: [at, ...(issue.path ?? [])] });
          }
          if (name.kind === "value" && result.success) pairs.push([name.value, result.output]);
        }
        return faults === 0 ? pairs : NEVER;
      }),
    );
  });
}

/** A list, of at least one entry. */
export function listOf<Value>(schema: Schema<Value>): Schema<Value[]> {
  return v.pipe(
    v.array(schema, expecting("a list")),
    v.minLength(1, "expected at least one entry, got an empty list"),
  );
}

/** One of these words. */
export function wordOf<const Word extends string>(words: readonly Word[]): Schema<Word> {
  return v.picklist(words, ({ input }) => {
    const near = typeof input === "string" ? didYouMean(input, words) : "";
    return `expected ${words.join(" or ")}, got ${describeValue(input)}${near}`;
  });
}

export function flag(): Schema<boolean> {
  return v.boolean(expecting("true or false"));
}

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): Schema<number> {
  const expected = expecting(`a whole number from ${min} to ${max}`);
  return v.pipe(
    v.number(expected),
    v.check((value) => Number.isSafeInteger(value) && value >= min && value <= max, expected),
  );
}

/** A duration from `min` to `max`, both as `parseDuration` reads them; milliseconds. */
export function duration(min: string, max: string): Schema<number> {
  const expected = expecting(`${min} to ${max}`, encodeDuration);
  const [from, to] = [parseDuration(min), parseDuration(max)];
  return v.pipe(
    parsed(DURATION_FORM, parseDuration),
    v.check((value) => value >= from && value <= to, expected),
  );
}

/** A size from `min` to `max`, both as `parseSize` reads them; bytes. */
export function size(min: string, max: string): Schema<number> {
  const expected = expecting(`${min} to ${max}`, encodeSize);
  const [from, to] = [parseSize(min), parseSize(max)];
  return v.pipe(
    parsed(SIZE_FORM, parseSize),
    v.check((value) => value >= from && value <= to, expected),
  );
}

/** A string that `parse` accepts; `form` says what that is, for who gives something else than a string. */
export function parsed<Output>(form: string, parse: (text: string) => Output): Schema<Output> {
  return v.pipe(
    v.string(expecting(form)),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const result = tried(() => parse(dataset.value), dataset.value);
      if (result.kind === "value") return result.value;
      addIssue({ message: result.message });
      return NEVER;
    }),
  );
}

/** A string for which `isSound` holds. */
export function textThat(form: string, isSound: (text: string) => boolean): Schema<string> {
  return v.pipe(v.string(expecting(form)), v.check(isSound, expecting(form)));
}

/** True for what YAML calls a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(expected: string): Schema<never> {
  return v.pipe(v.unknown(), v.never(expecting(expected)));
}

function expecting(expected: string, describe?: (value: number) => string) {
  return ({ input }: { readonly input: unknown }): string => {
    const got =
      describe !== undefined && typeof input === "number"
        ? quote(describe(input))
        : describeValue(input);
    return `expected ${expected}, got ${got}`;
  };
}

type Tried<Value> =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "fault"; readonly message: string };

/** Turns `invalid WHAT "text": expected …` into `expected …, got "text"`. */
function tried<Value>(parse: () => Value, text: string): Tried<Value> {
  try {
    return { kind: "value", value: parse() };
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    const [, got, expected] =
      /^invalid [\w ]+ ("(?:[^"\\]|\\.)*"): (.*)$/s.exec(error.message) ?? [];
    const hint = error.hint === undefined ? "" : `; ${error.hint}`;
    return {
      kind: "fault",
      message: `${expected ?? error.message}, got ${got ?? quote(text)}${hint}`,
    };
  }
}
