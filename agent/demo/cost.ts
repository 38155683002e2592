/**
 * What polling costs, in the list prices of us-east-1 as of June 2026.
 *
 * A LIST costs 12.5 GETs; a GET that is answered 304 costs a GET; IMDS is free. With one of each a minute:
 *
 * ```
 * 1,000 hosts x 60 passes x 24 hours x 30 days = 43,200,000 passes
 * 43,200,000 GET  x $0.0004 / 1,000 = $17.28
 * 43,200,000 LIST x $0.005  / 1,000 = $216.00
 * ```
 * @see https://aws.amazon.com/s3/pricing/ "Requests & data retrievals", S3 Standard
 * @see https://aws.amazon.com/kms/pricing/
 * @module
 */

/** Of one pass of one host. */
export interface PassRequests {
  readonly list: number;
  /** Answered in full or by 304. */
  readonly get: number;
  readonly decrypt: number;
}

/** In millionths of a dollar, so that sums are exact: $0.005 and $0.0004 per 1,000, $0.03 per 10,000. */
export const PRICE_MICRODOLLARS: PassRequests = { list: 5, get: 0.4, decrypt: 3 };

const PASSES_A_MONTH = 60 * 24 * 30;

/** Dollars a month when each of `hosts` makes such a pass every minute; free tiers are not counted. */
export function dollarsAMonth(pass: PassRequests, hosts: number): number {
  const microdollars =
    pass.list * PRICE_MICRODOLLARS.list +
    pass.get * PRICE_MICRODOLLARS.get +
    pass.decrypt * PRICE_MICRODOLLARS.decrypt;
  return Math.round(microdollars * PASSES_A_MONTH * hosts) / 1_000_000;
}
