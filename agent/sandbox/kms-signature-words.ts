/**
 * What is wrong with a signature, in the words of KMS.
 * @see AWS "Common error types" (KMS), "Troubleshoot Signature Version 4 signing"
 * @module
 */
import {
  isoSeconds,
  isPlain,
  refused,
  type PlainWords,
  type Refused,
  type SignatureFault,
} from "./signature-fault.ts";

const INCOMPLETE = refused(
  "IncompleteSignatureException",
  400,
  "Authorization header requires existence of a 'Credential', a 'Signature' and a 'SignedHeaders' parameter.",
);
const UNRECOGNIZED = refused(
  "UnrecognizedClientException",
  400,
  "The security token included in the request is invalid.",
);
const MISMATCH = invalid(
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
);
const EXPIRED = invalid("Signature expired");

const PLAIN: PlainWords = {
  unsupported: INCOMPLETE,
  "two-mechanisms": INCOMPLETE,
  "bad-credential": INCOMPLETE,
  "presigned-incomplete": INCOMPLETE,
  "bad-expires": INCOMPLETE,
  "bad-token": UNRECOGNIZED,
  "no-payload-hash": MISMATCH,
  "bad-payload-hash": MISMATCH,
  "early-url": EXPIRED,
  "no-date": refused(
    "IncompleteSignatureException",
    400,
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
  ),
  "expired-token": refused(
    "ExpiredTokenException",
    400,
    "The security token included in the request is expired",
  ),
};

/** @param now epoch milliseconds, which some messages quote */
export function wordForKms(fault: SignatureFault, now: number): Refused {
  if (isPlain(fault, PLAIN)) return PLAIN[fault.kind];
  switch (fault.kind) {
    case "malformed":
      return refused(
        "IncompleteSignatureException",
        400,
        fault.missing.map((name) => `Authorization header requires '${name}' parameter.`).join(" "),
      );
    case "wrong-scope":
      return invalid(
        {
          date: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
          region: `Credential should be scoped to a valid region, not '${fault.got}'.`,
          service: `Credential should be scoped to correct service: '${fault.expected}'.`,
        }[fault.part],
      );
    case "unknown-key":
      return UNRECOGNIZED;
    case "skewed":
      return invalid(wordSkew(fault, now));
    case "expired-url":
      return EXPIRED;
    case "unsigned-headers":
      return invalid(
        `'${fault.names.join("', '")}' must be a 'SignedHeader' in the AWS Authorization.`,
      );
    case "mismatch":
    case "payload-mismatch":
      return MISMATCH;
    default:
      return fault satisfies never;
  }
}

function wordSkew(fault: SignatureFault & { readonly kind: "skewed" }, now: number): string {
  const limit = `${fault.maxSkewMs / 60_000} min.`;
  const [at, late, early] = [now, now - fault.maxSkewMs, now + fault.maxSkewMs].map(compactDate);
  return fault.signedAt < now
    ? `Signature expired: ${fault.longDate} is now earlier than ${late} (${at} - ${limit})`
    : `Signature not yet current: ${fault.longDate} is still later than ${early} (${at} + ${limit})`;
}

function invalid(message: string): Refused {
  return refused("InvalidSignatureException", 400, message);
}

function compactDate(time: number): string {
  return isoSeconds(time).replace(/[-:]/g, "");
}
