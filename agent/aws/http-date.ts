/** Dates in HTTP headers. @module */

/** Epoch milliseconds of an HTTP date (RFC 9110, 5.6.7), or undefined for anything else or nothing. */
export function parseHttpDate(text: string | undefined): number | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
