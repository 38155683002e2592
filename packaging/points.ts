/**
 * Stands in for the Encryption SDK's own way to read a compressed point, for which a big-number library takes 13 ms a
 * message: OpenSSL takes microseconds, and refuses a point that is not on its curve. `bundle.mjs` puts it in.
 * @see SEC 1, 2.3.4
 * @module
 */
import { ECDH } from "node:crypto";

/** Makes `04 || x || y` of the compressed form. @throws {Error} for what is no point of the curve */
export type DecodePoint = (point: Uint8Array) => Uint8Array;

/** By the names of Node and of WebCrypto. */
export const decodeNamedCurves: Readonly<Record<string, DecodePoint>> = Object.freeze({
  prime256v1: decodeOn("prime256v1", 33),
  secp384r1: decodeOn("secp384r1", 49),
  "P-256": decodeOn("prime256v1", 33),
  "P-384": decodeOn("secp384r1", 49),
});

function decodeOn(curve: string, length: number): DecodePoint {
  return (point) => {
    if (point.byteLength !== length || (point[0] !== 2 && point[0] !== 3))
      throw new Error(`expected a compressed point of ${curve}`);
    const whole = ECDH.convertKey(point, curve, undefined, undefined, "uncompressed");
    return Uint8Array.from(Buffer.from(whole));
  };
}
