/**
 * Durations, sizes and modes as the config writes them: strings with their unit, never bare numbers.
 *
 * A bare `60` leaves its unit to the reader, and YAML reads `0440` as the decimal 440.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/** Largest first, as the encoders try them. */
const DURATION_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];
const SIZE_UNITS: readonly (readonly [unit: string, bytes: number])[] = [
  ["GiB", 1024 ** 3],
  ["GB", 1000 ** 3],
  ["MiB", 1024 ** 2],
  ["MB", 1000 ** 2],
  ["KiB", 1024],
  ["kB", 1000],
  ["B", 1],
];

export const DURATION_FORM = "a duration such as 500ms, 60s, 5m, 1h or 2d";
export const SIZE_FORM = "a size such as 512KiB, 1MiB or 8MB";
export const MODE_FORM = 'an octal mode in quotes such as "0440"';

/**
 * "90s" in milliseconds: a whole number and one of ms, s, m, h, d.
 * @throws {PosternError} ConfigInvalid
 */
export function parseDuration(text: string): number {
  return parseCount(text, DURATION_UNITS, "duration", DURATION_FORM);
}

/** `ms`, a whole number of milliseconds, in the largest unit that expresses it exactly. */
export function encodeDuration(ms: number): string {
  return encodeCount(ms, DURATION_UNITS, "s");
}

/**
 * "1MiB" in bytes: a whole number and one of B, kB, KiB, MB, MiB, GB, GiB.
 * @throws {PosternError} ConfigInvalid
 */
export function parseSize(text: string): number {
  return parseCount(text, SIZE_UNITS, "size", SIZE_FORM);
}

/** `bytes`, a whole number, in the largest unit that expresses it exactly. */
export function encodeSize(bytes: number): string {
  return encodeCount(bytes, SIZE_UNITS, "B");
}

/**
 * "0440" as its bits: three or four octal digits. Which bits are wise is not judged here.
 * @throws {PosternError} ConfigInvalid
 */
export function parseMode(text: string): number {
  if (!/^[0-7]{3,4}$/.test(text)) throw invalid("mode", text, MODE_FORM);
  return Number.parseInt(text, 8);
}

/** The bits of `mode`, 0 to 0o7777, as four octal digits. */
export function encodeMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

type Units = readonly (readonly [unit: string, factor: number])[];

function parseCount(text: string, units: Units, what: string, form: string): number {
  const match = /^(\d+)([a-zA-Z]+)$/.exec(text);
  const factor = units.find(([unit]) => unit === match?.[2])?.[1];
  const count = factor === undefined ? Number.NaN : Number(match?.[1]) * factor;
  if (!Number.isSafeInteger(count)) throw invalid(what, text, form);
  return count;
}

function encodeCount(count: number, units: Units, unitOfZero: string): string {
  if (count === 0) return `0${unitOfZero}`;
  const [unit, factor] = units.find(([, factor]) => count % factor === 0) ?? ["", 1];
  return `${count / factor}${unit}`;
}

function invalid(what: string, text: string, form: string): PosternError {
  return new PosternError("ConfigInvalid", `invalid ${what} ${quote(text)}: expected ${form}`);
}
