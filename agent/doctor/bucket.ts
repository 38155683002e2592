/** The bucket as a whole, from what the groups' first questions came to. @module */
import { remedyOf } from "../aws/failure.ts";
import { type ErrorCode, PosternError } from "../core/errors.ts";
import { type Examined, failed, type Finding, ok, skipped, warning } from "./finding.ts";
import type { Identity } from "./identity.ts";
import { faultsOf, type Opening, type TimeOfS3 } from "./opening.ts";

/** The value is undefined when no group can be examined. */
export function examineBucket(
  openings: readonly Opening[],
  { home, who }: Identity,
): Examined<true> {
  if (openings.length === 0)
    return { findings: [skipped("bucket", "a group to ask for")], value: undefined };
  const faults = openings.flatMap(faultsOf);
  const skew = faults.find(({ code }) => code === "ClockSkew");
  if (skew !== undefined)
    return { findings: [failed("clock", skew), skipped("bucket", "the clock")], value: undefined };
  const general = openings.every(isUnanswered) ? faults[0] : undefined;
  if (general !== undefined)
    return {
      findings: [failed("bucket", general, remedyOf(general, who)), skipped("clock", "the bucket")],
      value: undefined,
    };
  const time = openings.find((opening) => opening.time !== undefined)?.time;
  return {
    findings: [ok("bucket", `S3 answers in ${home.region}`), judgeClock(time)],
    value: true,
  };
}

// what would befall every request in the same way; a denial may concern one prefix alone
const GENERAL: readonly ErrorCode[] = ["Unavailable", "Throttled", "Credentials", "ConfigInvalid"];

function isUnanswered(opening: Opening): boolean {
  const faults = faultsOf(opening);
  const asked = opening.kind === "listed" ? 1 : opening.objects.length;
  return faults.length === asked && faults.every(isGeneral);
}

function isGeneral({ code, awsCode }: PosternError): boolean {
  return GENERAL.includes(code) || awsCode === "NoSuchBucket";
}

const MINUTE_MS = 60_000;

/** S3 refuses requests that are 15 minutes off: before that it is only certificates and logs that suffer. */
function judgeClock(time: TimeOfS3 | undefined): Finding {
  if (time === undefined) return skipped("clock", "an answer with a date");
  // a date in a header is cut to its second: half of one is the best guess of what was cut
  const offMs = time.ours - (time.theirs + 500);
  const seconds = Math.round(Math.abs(offMs) / 1000);
  if (seconds <= 1) return ok("clock", "right to the second, by S3's");
  const found = `${seconds} s ${offMs > 0 ? "ahead of" : "behind"} S3's`;
  const fix = "set this host's clock, for example with chrony";
  if (seconds * 1000 > 5 * MINUTE_MS)
    return failed("clock", new PosternError("ClockSkew", found), fix);
  return seconds * 1000 > MINUTE_MS ? warning("clock", found, fix) : ok("clock", found);
}
