/** Certificates of any dates, in DER that node:crypto reads. Their signatures are sound, and nobody's. @module */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

const ISSUER = generateKeyPairSync("ed25519").privateKey;
const ED25519 = der(0x30, Buffer.from("06032b6570", "hex"));

export interface Dates {
  readonly from: string;
  readonly to: string;
}

/**
 * In DER, of the public half of `key`.
 * @param root whether its issuer has its own name
 */
export function makeCertificate(key: KeyObject, { from, to }: Dates, root = false): Buffer {
  const body = der(
    0x30,
    Buffer.from("a003020102020101", "hex"),
    ED25519,
    nameOf(root ? "t" : "i"),
    der(0x30, time(from), time(to)),
    nameOf("t"),
    publicPart(key),
  );
  return der(0x30, body, ED25519, der(0x03, Buffer.from([0]), sign(null, body, ISSUER)));
}

/** In DER, without a name or attributes. */
export function makeRequest(key: KeyObject): Buffer {
  const body = der(0x30, Buffer.from("020100", "hex"), der(0x30), publicPart(key), der(0xa0));
  return der(0x30, body, ED25519, der(0x03, Buffer.from([0]), sign(null, body, ISSUER)));
}

/** RFC 7468, lines of 64. */
export function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** One element, of any tag. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const length =
    bytes.length < 0x80 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}

/** CN = letter. */
function nameOf(letter: string): Buffer {
  return der(0x30, Buffer.from("310a300806035504030c01", "hex"), Buffer.from(letter));
}

function publicPart(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** GeneralizedTime of an ISO date and time. */
function time(iso: string): Buffer {
  return der(0x18, Buffer.from(iso.replaceAll(/[-:T]/g, "")));
}
