/**
 * The blocks of a PEM text: certificates and keys as node:crypto reads them, and what is broken.
 *
 * Only boundaries at the start of a line count: a key that is indented in YAML or is a string in JSON is that
 * format's. Labels that postern does not know (PGP, DH PARAMETERS, …) are nobody's business here.
 * @see RFC 7468; RFC 1421, 4.4 for the headers of old encrypted keys
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import {
  BIT_STRING,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  readElements,
  readSequence,
  SEQUENCE,
} from "./der.ts";

/**
 * - `certificate`, `private-key`: read, and fit for comparison.
 * - `other`: sound as far as can be told: encrypted, of another kind, or of an algorithm that OpenSSL lacks.
 * - `broken`: `why` is what was expected and what came, free of the text itself.
 */
export type PemPart =
  | { readonly kind: "certificate"; readonly certificate: X509Certificate }
  | { readonly kind: "private-key"; readonly key: KeyObject }
  | { readonly kind: "other" }
  | { readonly kind: "broken"; readonly why: string };

/** The tags that a block's sequence begins with. */
const SHAPES = {
  CERTIFICATE: [SEQUENCE, SEQUENCE, BIT_STRING],
  "CERTIFICATE REQUEST": [SEQUENCE, SEQUENCE, BIT_STRING],
  "PRIVATE KEY": [INTEGER, SEQUENCE, OCTET_STRING],
  "RSA PRIVATE KEY": Array.from({ length: 9 }, () => INTEGER),
  "EC PRIVATE KEY": [INTEGER, OCTET_STRING],
  "ENCRYPTED PRIVATE KEY": [SEQUENCE, OCTET_STRING],
  "PUBLIC KEY": [SEQUENCE, BIT_STRING],
  // not DER: its own format behind a magic
  "OPENSSH PRIVATE KEY": [],
} as const satisfies Readonly<Record<string, readonly number[]>>;
type Label = keyof typeof SHAPES;

/** PROTOCOL.key of OpenSSH: what every key of its own format begins with. */
const OPENSSH_MAGIC = Buffer.from("openssh-key-v1\0");

/** Algorithms that every OpenSSL reads: RSA, EC, X25519, X448, Ed25519, Ed448. Of others a failure says nothing. */
const ALGORITHMS = [
  "2a864886f70d010101",
  "2a8648ce3d0201",
  "2b656e",
  "2b656f",
  "2b6570",
  "2b6571",
] as const;

interface Boundary {
  readonly kind: "BEGIN" | "END";
  /** Undefined for one that is left alone. */
  readonly label: Label | undefined;
  /** Whether it has its line for itself. */
  readonly whole: boolean;
  /** Whether another begins on the same line. */
  readonly glued: boolean;
}

interface Open {
  readonly label: Label | undefined;
  readonly body: string[];
}

/** Every block, in order; none in what is not PEM. */
export function readPem(bytes: Buffer): readonly PemPart[] {
  if (!bytes.includes("-----BEGIN ") && !bytes.includes("-----END ")) return [];
  const parts: PemPart[] = [];
  const broken = (why: string): void => void parts.push({ kind: "broken", why });
  let open: Open | undefined;
  // PEM is ASCII, and what stands between the blocks may be of any encoding
  for (const line of bytes.toString("latin1").split(/\r?\n/)) {
    const boundary = readBoundary(line);
    if (boundary === undefined) {
      open?.body.push(line);
      continue;
    }
    const { kind, label, whole, glued } = boundary;
    if (kind === "BEGIN") {
      if (open?.label !== undefined) broken(withoutEnd(open.label));
      if (label !== undefined && !whole) broken(notAlone("BEGIN", label));
      open = { label: whole ? label : undefined, body: [] };
    } else {
      if (open === undefined) {
        if (label !== undefined)
          broken(`expected a BEGIN line before the END line of ${label}, got none`);
      } else if (open.label === undefined) parts.push({ kind: "other" });
      else if (open.label !== label)
        broken(`expected the END line of ${open.label}, got that of something else`);
      else if (whole) parts.push(readBlock(open.label, open.body));
      else broken(notAlone("END", open.label));
      open = glued ? { label: undefined, body: [] } : undefined;
    }
  }
  if (open?.label !== undefined) broken(withoutEnd(open.label));
  return parts;
}

function readBoundary(line: string): Boundary | undefined {
  const found = /^-----(BEGIN|END) ([A-Z0-9]+(?: [A-Z0-9]+)*)(-.*)$/.exec(line.trimEnd());
  if (found === null) return undefined;
  const [, kind, text = "", dashes = ""] = found;
  return {
    kind: kind === "BEGIN" ? "BEGIN" : "END",
    label: isLabel(text) ? text : undefined,
    whole: dashes === "-----",
    glued: dashes.includes("-----BEGIN "),
  };
}

function isLabel(text: string): text is Label {
  return Object.hasOwn(SHAPES, text);
}

function withoutEnd(label: Label): string {
  return `expected an END line of ${label}, got none`;
}

function notAlone(kind: "BEGIN" | "END", label: Label): string {
  return `expected -----${kind} ${label}----- on a line of its own, got more or less than that`;
}

function readBlock(label: Label, lines: readonly string[]): PemPart {
  const headers = readHeaders(lines);
  const text = lines.slice(headers.length).join("").replaceAll(/\s/g, "");
  if (text === "" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    return { kind: "broken", why: `expected base64 in ${label}, got something else` };
  // what such a header announces is ciphertext, not DER
  if (headers.some((header) => /^Proc-Type:.*\bENCRYPTED\b/.test(header))) return { kind: "other" };
  const bytes = Buffer.from(text, "base64");
  const part = isShaped(label, bytes) ? readContent(label, bytes) : undefined;
  return part ?? { kind: "broken", why: `expected what ${label} says, got other bytes in base64` };
}

/** The lines "Name: value" at the top, with the empty one that ends them. */
function readHeaders(lines: readonly string[]): readonly string[] {
  if (lines[0]?.includes(":") !== true) return [];
  return lines.slice(0, lines.findIndex((line) => line.trim() === "") + 1);
}

function isShaped(label: Label, bytes: Buffer): boolean {
  if (label === "OPENSSH PRIVATE KEY")
    return bytes.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC);
  const elements = readSequence(bytes);
  return elements !== undefined && SHAPES[label].every((tag, at) => elements[at]?.tag === tag);
}

/** `bytes`, which have the label's shape, as what it says; undefined when they are not. */
function readContent(label: Label, bytes: Buffer): PemPart | undefined {
  const key = { key: bytes, format: "der" } as const;
  try {
    switch (label) {
      case "CERTIFICATE":
        return { kind: "certificate", certificate: new X509Certificate(bytes) };
      case "PRIVATE KEY":
        return { kind: "private-key", key: createPrivateKey({ ...key, type: "pkcs8" }) };
      case "RSA PRIVATE KEY":
        return { kind: "private-key", key: createPrivateKey({ ...key, type: "pkcs1" }) };
      case "EC PRIVATE KEY":
        return { kind: "private-key", key: createPrivateKey({ ...key, type: "sec1" }) };
      case "PUBLIC KEY":
        createPublicKey({ ...key, type: "spki" });
        return { kind: "other" };
      case "CERTIFICATE REQUEST":
      case "ENCRYPTED PRIVATE KEY":
      case "OPENSSH PRIVATE KEY":
        return { kind: "other" };
      default:
        return label satisfies never;
    }
  } catch {
    return isOfUnknownAlgorithm(label, bytes) ? { kind: "other" } : undefined;
  }
}

/** Whether a key of a form that holds any algorithm's is of one that OpenSSL need not know. */
function isOfUnknownAlgorithm(label: Label, bytes: Buffer): boolean {
  if (label !== "PRIVATE KEY" && label !== "PUBLIC KEY") return false;
  const algorithm = readSequence(bytes)?.find(({ tag }) => tag === SEQUENCE);
  const [name] = (algorithm && readElements(algorithm.content)) ?? [];
  if (name?.tag !== OBJECT_IDENTIFIER) return false;
  const oid = name.content.toString("hex");
  return !ALGORITHMS.some((known) => known === oid);
}
