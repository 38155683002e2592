/** What is wrong with the certificates of a set: their dates, and keys that are not theirs. @module */
import { type KeyObject, X509Certificate } from "node:crypto";
import { quote } from "../core/names.ts";
import { readSequence } from "./der.ts";
import type { Fault } from "./lint-rules.ts";
import { type PemPart, readPem } from "./pem.ts";

/** Certificates and keys, in their order. */
export type Credential = readonly PemPart[];

const DAYS_AHEAD = 14;
const DAY_MS = 86_400_000;

const PEM_NAME = /\.(?:pem|crt|cert|cer)$/i;
const DER_NAME = /\.(?:der|crt|cert|cer)$/i;

/** The parts of a secret that holds certificates or keys; none of one that does not. */
export function readCredential(name: string, bytes: Buffer): Credential {
  const parts = readPem(bytes);
  if (parts.length > 0) return parts;
  if (DER_NAME.test(name) && readSequence(bytes) !== undefined)
    try {
      return [{ kind: "certificate", certificate: new X509Certificate(bytes) }];
    } catch {
      // PKCS #7 and others have these names as well
      return [{ kind: "other" }];
    }
  return PEM_NAME.test(name)
    ? [{ kind: "broken", why: "expected a BEGIN line, as the name says, got none" }]
    : [];
}

/** What is broken, and whose time is not now. */
export function judgeCredential(credential: Credential, now: number): readonly Fault[] {
  const broken = credential.flatMap((part): Fault[] =>
    part.kind === "broken" ? [{ rule: "broken-pem", message: part.why }] : [],
  );
  const certificates = certificatesOf(credential);
  const dated = certificates.flatMap((certificate, at) =>
    certificates.length === 1
      ? judgeDates(certificate, now, "one that")
      : judgeOneOfSeveral(certificate, now, `number ${at + 1} of ${certificates.length}, which`),
  );
  return [...broken, ...dated];
}

/**
 * Roots are in bundles long after they have expired, the system's own among them, and a server that sends its
 * chain's is not asked for it: of these only those that have expired are told of, and stop nothing.
 */
function judgeOneOfSeveral(
  certificate: X509Certificate,
  now: number,
  which: string,
): readonly Fault[] {
  const faults = judgeDates(certificate, now, which);
  return certificate.subject !== certificate.issuer
    ? faults
    : faults.flatMap(({ rule, message }): Fault[] =>
        rule === "expired-certificate" ? [{ rule: "expired-root", message }] : [],
      );
}

/** @see RFC 5280, 4.1.2.5: both dates are within the validity */
function judgeDates(certificate: X509Certificate, now: number, which: string): readonly Fault[] {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  if (Number.isNaN(from) || Number.isNaN(to)) return [];
  if (now > to) {
    const message = `expected a certificate in force, got ${which} expired ${shown(to)}`;
    return [{ rule: "expired-certificate", message }];
  }
  if (now < from) {
    const message = `expected a certificate in force, got ${which} begins ${shown(from)}`;
    return [{ rule: "future-certificate", message }];
  }
  if (to - now > DAYS_AHEAD * DAY_MS) return [];
  const message = `expected more than ${DAYS_AHEAD} days to come, got ${which} expires ${shown(to)}`;
  return [{ rule: "expiring-certificate", message }];
}

function shown(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}

export interface Mismatch {
  /** The same, when one secret holds both. */
  readonly key: string;
  readonly certificate: string;
  readonly kind: "another" | "later";
}

/** Keys and certificates that belong together by their names, and not by their numbers. */
export function findMismatches(credentials: ReadonlyMap<string, Credential>): readonly Mismatch[] {
  return [...credentials].flatMap(([key, credential]) => {
    const keys = credential.flatMap((part) => (part.kind === "private-key" ? [part.key] : []));
    if (keys.length === 0) return [];
    return [key, ...certificateNames(key)].flatMap((certificate): Mismatch[] => {
      const certificates = certificatesOf(credentials.get(certificate) ?? []);
      const owned = certificates.map((one) => keys.some((some) => isOf(some, one)));
      if (owned.length === 0 || owned[0] === true) return [];
      if (!owned.includes(true)) return [{ key, certificate, kind: "another" }];
      // one file that has all of it is read by programs that look for what fits
      return key === certificate ? [] : [{ key, certificate, kind: "later" }];
    });
  });
}

/** What is said of it to the secret `name`, one of the two. */
export function encodeMismatch(mismatch: Mismatch, name: string): Fault {
  return { rule: "key-mismatch", message: sayMismatch(mismatch, name) };
}

function sayMismatch({ key, certificate, kind }: Mismatch, name: string): string {
  if (key === certificate) return "expected the private key of its certificate, got another's";
  if (kind === "later")
    return `expected the certificate of ${quote(key)} to be the first of ${quote(certificate)}, got it later`;
  return name === key
    ? `expected the private key of ${quote(certificate)}, got another's`
    : `expected the certificate of ${quote(key)}, got another's`;
}

/** The names, in the same folder, that the certificate of a key may have; its own is not among them. */
function certificateNames(key: string): readonly string[] {
  const slash = key.lastIndexOf("/") + 1;
  return baseNames(key.slice(slash))
    .map((base) => key.slice(0, slash) + base)
    .filter((name) => name !== key);
}

function baseNames(key: string): readonly string[] {
  // certbot's, numbered in its archive
  const [certbot, number = ""] = /^privkey(\d*)\.pem$/.exec(key) ?? [];
  if (certbot !== undefined) return [`fullchain${number}.pem`, `cert${number}.pem`];
  if (key === "key.pem") return ["cert.pem", "fullchain.pem"];
  const [pem, stem = "", by = ""] = /^(.+)([-_.])key\.pem$/.exec(key) ?? [];
  if (pem !== undefined) return [`${stem}${by}cert.pem`, `${stem}.pem`];
  const [dotted, site = ""] = /^(.+)\.key$/.exec(key) ?? [];
  return dotted === undefined ? [] : ["crt", "pem", "cert", "cer"].map((end) => `${site}.${end}`);
}

function certificatesOf(credential: Credential): readonly X509Certificate[] {
  return credential.flatMap((part) => (part.kind === "certificate" ? [part.certificate] : []));
}

function isOf(key: KeyObject, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    // the key was read: a certificate of an algorithm that OpenSSL lacks is not its own
    return false;
  }
}
