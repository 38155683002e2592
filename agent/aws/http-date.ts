/** Dates in HTTP headers. @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 @module */

/** Epoch milliseconds of an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"), or undefined for anything else. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text))
    return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
