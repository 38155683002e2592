/**
 * Representative values of keys that are compared as something else than strings: with the values of a document,
 * they realise every combination in which the comparisons of that kind can turn out.
 *
 * Numbers and dates: below, at, between and above the thresholds. Addresses: from each stretch between the bounds of
 * the ranges. They are in their usual form; other forms of a value matter only where it is compared as a string too,
 * and there those of the documents are added.
 * @module
 */
import { type Address, parseAddress, parseRange } from "../policy/address.ts";
import { parseArn } from "../policy/glob.ts";
import { parseDate, parseNumber } from "../policy/operators.ts";

/** What a condition operator takes a value for. */
export type Family = "string" | "arn" | "number" | "date" | "address" | "boolean" | "binary";

/** That of a key which may not hold everything. */
export type Typed = Exclude<Family, "string">;

/** Undefined for Null, which takes any value. */
export function familyOf(operator: string): Family | undefined {
  if (operator === "Null") return undefined;
  if (operator.startsWith("String")) return "string";
  if (operator.startsWith("Arn")) return "arn";
  if (operator.startsWith("Numeric")) return "number";
  if (operator.startsWith("Date")) return "date";
  if (operator.endsWith("IpAddress")) return "address";
  return operator === "Bool" ? "boolean" : "binary";
}

/**
 * @param constants what the documents compare the key with
 * @param amount how many values of each kind are wanted, fewer where there are no more
 */
export function valuesOf(
  family: Exclude<Typed, "arn">,
  constants: readonly string[],
  amount: number,
): readonly string[] {
  switch (family) {
    case "number":
      return numbers(defined(constants.map(parseNumber)), amount);
    case "date":
      return dates(defined(constants.map(parseDate)), amount);
    case "address":
      return addresses(constants, amount);
    case "boolean":
      return ["true", "false"];
    case "binary":
      return [...constants, ...otherBinaries(constants, amount)];
    default:
      return family satisfies never;
  }
}

function defined<Value>(values: readonly (Value | undefined)[]): readonly Value[] {
  return values.filter((one) => one !== undefined);
}

/** A value of each threshold, and `amount` of each stretch between two and beyond the outermost. */
function numbers(thresholds: readonly number[], amount: number): readonly string[] {
  const sorted = [...new Set(thresholds)].sort((one, other) => one - other);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? 0;
  // positive where it can be: a witness of a negative TLS version convinces nobody
  const low = first > 0 ? 0 : first - Math.max(1, Math.abs(first));
  const high = last + Math.max(1, Math.abs(last));
  const ends = [low, ...sorted, high];
  return ends.flatMap((from, at) => {
    const to = ends[at + 1];
    return to === undefined ? [plain(from)] : [plain(from), ...between(from, to, amount)];
  });
}

/** Fewer where no more numbers lie there. */
function between(from: number, to: number, amount: number): readonly string[] {
  const inside = Array.from(
    { length: amount },
    (_, at) => from + ((to - from) * (at + 1)) / (amount + 1),
  ).filter((one) => one > from && one < to);
  return [...new Set(inside)].map(plain);
}

/** Without an exponent, which no policy has; exact for numbers of up to 15 characters and what lies between them. */
function plain(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Number.isInteger(value) ? String(BigInt(value)) : value.toFixed(20);
}

const SECOND = 1000;

function dates(thresholds: readonly number[], amount: number): readonly string[] {
  const sorted = [...new Set(thresholds)].sort((one, other) => one - other);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? 0;
  const ends = [first - amount * SECOND, ...sorted, last + (amount + 1) * SECOND];
  const moments = ends.flatMap((from, at) => {
    const to = ends[at + 1] ?? from + 1;
    const step = Math.max(1, Math.floor((to - from) / (amount + 1)));
    return Array.from({ length: amount + 1 }, (_, each) => from + each * step).filter(
      (one) => one < to,
    );
  });
  return moments.map(dateText);
}

// years of more than four digits have no form that a policy reads, but the seconds
const YEAR_10000 = 253_402_300_800_000;

function dateText(moment: number): string {
  return moment < YEAR_10000 ? new Date(moment).toISOString() : String(Math.floor(moment / SECOND));
}

/** The first `amount` addresses of every stretch between the bounds of the ranges, in both versions. */
function addresses(ranges: readonly string[], amount: number): readonly string[] {
  return ([32, 128] as const).flatMap((bits) => {
    const size = 1n << BigInt(bits);
    const bounds = new Set<bigint>([0n]);
    for (const range of defined(ranges.map(parseRange))) {
      if (range.bits !== bits) continue;
      const rest = BigInt(bits - range.length);
      const from = (range.value >> rest) << rest;
      bounds.add(from).add(from + (1n << rest));
    }
    const sorted = [...bounds]
      .filter((one) => one < size)
      .sort((one, other) => (one < other ? -1 : 1));
    return sorted.flatMap((from, at) => {
      const to = sorted[at + 1] ?? size;
      return Array.from({ length: amount }, (_, each) => from + BigInt(each))
        .filter((value) => value < to)
        .map((value) => addressText({ bits, value }));
    });
  });
}

function addressText({ bits, value }: Address): string {
  const [width, count] = bits === 32 ? [8n, 4] : [16n, 8];
  const words = Array.from({ length: count }, (_, at) => {
    const word = (value >> (width * BigInt(count - 1 - at))) & ((1n << width) - 1n);
    return word.toString(bits === 32 ? 10 : 16);
  });
  return words.join(bits === 32 ? "." : ":");
}

function otherBinaries(constants: readonly string[], amount: number): readonly string[] {
  const others: string[] = [];
  for (let at = 0; others.length < amount; at += 1) {
    const text = Buffer.from(`value ${at}`).toString("base64");
    if (!constants.includes(text)) others.push(text);
  }
  return others;
}

/** Whether an operator of the family takes `text` from a request without an error. */
export function isOf(family: Family, text: string): boolean {
  switch (family) {
    case "string":
      return true;
    case "arn":
      return parseArn(text) !== undefined;
    case "number":
      return parseNumber(text) !== undefined;
    case "date":
      return parseDate(text) !== undefined;
    case "address":
      return parseAddress(text) !== undefined;
    case "boolean":
      return /^(true|false)$/i.test(text);
    case "binary":
      return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
    default:
      return family satisfies never;
  }
}
