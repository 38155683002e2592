/**
 * What can be wrong with a signature.
 * @module
 */

export type SignedService = "s3" | "kms";

/** Faults that need no more words than their name. */
export type PlainKind =
  | "unsupported"
  | "two-mechanisms"
  | "bad-credential"
  | "no-date"
  | "no-payload-hash"
  | "bad-payload-hash"
  | "bad-token"
  | "expired-token"
  | "presigned-incomplete"
  | "bad-expires"
  | "early-url";

export type SignatureFault =
  | { readonly kind: PlainKind }
  | { readonly kind: "malformed"; readonly missing: readonly string[] }
  | {
      readonly kind: "wrong-scope";
      readonly part: "date" | "region" | "service";
      readonly expected: string;
      readonly got: string;
      readonly presigned: boolean;
    }
  | { readonly kind: "unknown-key"; readonly accessKeyId: string }
  | {
      readonly kind: "skewed";
      readonly longDate: string;
      readonly signedAt: number;
      readonly maxSkewMs: number;
    }
  | { readonly kind: "expired-url"; readonly expiresAt: number; readonly expires: number }
  | { readonly kind: "unsigned-headers"; readonly names: readonly string[] }
  | { readonly kind: "mismatch"; readonly accessKeyId: string; readonly stringToSign: string }
  | { readonly kind: "payload-mismatch"; readonly claimed: string; readonly computed: string };

/** A service's error, to be put into its own envelope (XML or JSON). */
export interface Refused {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  /** Further elements of the error, in order. AWS also echoes tokens and signatures: this sandbox does not. */
  readonly details: Readonly<Record<string, string>>;
}

/** Words for every plain fault. */
export type PlainWords = Readonly<Record<PlainKind, Refused>>;

export function isPlain(
  fault: SignatureFault,
  words: PlainWords,
): fault is { readonly kind: PlainKind } {
  return fault.kind in words;
}

export function refused(
  code: string,
  status: number,
  message: string,
  details: Readonly<Record<string, string>> = {},
): Refused {
  return { code, status, message, details };
}

/** `YYYY-MM-DDTHH:MM:SSZ` */
export function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, "Z");
}
