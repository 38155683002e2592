/** IP addresses and ranges of them, as numbers. @see https://www.rfc-editor.org/rfc/rfc4632 @module */
import { isIPv4, isIPv6 } from "node:net";

export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface AddressRange extends Address {
  readonly length: number;
}

/** Undefined when `text` is no address. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: wordsToNumber(text.split("."), 10, 8n) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  return { bits: 128, value: wordsToNumber(wordsOf(text), 16, 16n) };
}

/** An address alone is the range that holds it alone. */
export function parseRange(text: string): AddressRange | undefined {
  const [head = "", tail, ...more] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || more.length > 0) return undefined;
  if (tail === undefined) return { ...address, length: address.bits };
  if (!/^\d{1,3}$/.test(tail) || Number(tail) > address.bits) return undefined;
  return { ...address, length: Number(tail) };
}

export function isWithin(address: Address, range: AddressRange): boolean {
  if (address.bits !== range.bits) return false;
  const rest = BigInt(range.bits - range.length);
  return address.value >> rest === range.value >> rest;
}

/** The eight words of an IPv6 address, its "::" filled and an IPv4 tail written as two of them. */
function wordsOf(text: string): readonly string[] {
  const tail = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const plain =
    tail === undefined
      ? text
      : text.replace(tail, () => {
          const value = wordsToNumber(tail.split("."), 10, 8n);
          return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
        });
  const [left = "", right] = plain.split("::");
  const before = left === "" ? [] : left.split(":");
  if (right === undefined) return before;
  const after = right === "" ? [] : right.split(":");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after];
}

function wordsToNumber(words: readonly string[], radix: number, width: bigint): bigint {
  return words.reduce(
    (number, word) => (number << width) | BigInt(Number.parseInt(word, radix)),
    0n,
  );
}
