import type { Budget } from "../../agent/aws/budget.ts";
import { type Call, createCall } from "../../agent/aws/call.ts";
import { createConnection } from "../../agent/aws/connection.ts";
import type { Endpoints } from "../../agent/aws/endpoints.ts";
import { createLimiter } from "../../agent/aws/limiter.ts";
import { createRequestCounter, type RequestCounter } from "../../agent/aws/requests.ts";
import { createS3, type S3 } from "../../agent/aws/s3.ts";
import {
  parseAccountId,
  parseBucketName,
  parseRegion,
  type AccountId,
  type BucketName,
  type Region,
} from "../../agent/core/names.ts";
import { fixedChance, heldClock } from "./time.ts";

/** A budget that is never spent. */
export const ENDLESS: Budget = { take: () => undefined };

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

export const BUCKET: BucketName = parseBucketName("acme-secrets");
export const OWNER: AccountId = parseAccountId("111122223333");
const REGION: Region = parseRegion("us-east-1");
export const PUBLIC: Endpoints = {
  s3: undefined,
  kms: undefined,
  imds: undefined,
  pathStyle: false,
  fips: false,
  dualStack: false,
};

/** Keys that AWS's documentation uses as its example. */
export const CREDENTIALS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "session-token-canary",
};

export interface Wired {
  readonly requests: RequestCounter;
  readonly slept: readonly number[];
  readonly renewals: () => number;
  readonly call: Call;
}

/** `call` with a clock that does not wait, three attempts, and a real deadline an attempt. */
export function wiredCall(requestTimeoutMs = 5000): Wired {
  const requests = createRequestCounter();
  const clock = heldClock();
  let renewals = 0;
  const call = createCall({
    limiter: createLimiter(4),
    budget: ENDLESS,
    retry: { attempts: 3, baseMs: 100, capMs: 2000 },
    requestTimeoutMs,
    clock,
    chance: fixedChance(0.5),
    requests,
    renewCredentials: () => {
      renewals += 1;
    },
  });
  return { requests, slept: clock.slept, renewals: () => renewals, call };
}

/** A real S3 client of ours, on nock or on a server at `url`. */
export function wiredS3(url?: string, requestTimeoutMs?: number): Wired & { readonly s3: S3 } {
  const wired = wiredCall(requestTimeoutMs);
  const s3 = createS3({
    region: REGION,
    credentials: () => Promise.resolve(CREDENTIALS),
    endpoints: url === undefined ? PUBLIC : { ...PUBLIC, s3: new URL(url), pathStyle: true },
    connect: () => Promise.resolve(createConnection(2000)),
    call: wired.call,
    requests: wired.requests,
    now: () => Date.now(),
  });
  return { ...wired, s3 };
}
