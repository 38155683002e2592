import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ErrorAnswer } from "../../agent/aws/answer.ts";
import {
  failureOf,
  isExpiredToken,
  isMissingKey,
  isRevocation,
  isTransient,
  parseRetryAfter,
  remedyOf,
  toFailure,
} from "../../agent/aws/failure.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { root } from "../support/root.ts";

interface Row {
  readonly why: string;
  readonly awsCode?: string;
  readonly status: number;
  readonly message?: string;
  readonly region?: string;
  readonly code: string;
  readonly hint?: string;
  readonly transient?: true;
  readonly revocation?: true;
  readonly expired?: true;
  readonly missing?: true;
}

const rows = JSON.parse(
  readFileSync(join(root, "test", "cases", "failure.json"), "utf8"),
) as readonly Row[];
const asked = {
  operation: "GetObject",
  subject: "s3://b/k",
  needs: "s3:GetObject on arn:aws:s3:::b/k",
};
const CANARY = "canary-in-message";

function answer(over: Partial<ErrorAnswer>): ErrorAnswer {
  return {
    status: 403,
    awsCode: "AccessDenied",
    message: CANARY,
    requestId: "REQ1",
    retryAfter: undefined,
    region: undefined,
    ...over,
  };
}

/** An exception as the SDK makes them from an answer. */
function sdkException(name: string, status: number, message: string, headers = {}): Error {
  const error = Object.assign(new Error(message), {
    name,
    $fault: "client",
    $metadata: { httpStatusCode: status, requestId: "REQ1" },
  });
  return Object.defineProperty(error, "$response", { value: { headers }, enumerable: false });
}

describe("failure", () => {
  for (const row of rows)
    it(`tells apart: ${row.why} (${row.awsCode ?? row.status})`, () => {
      const { awsCode, status, message = "", region } = row;
      const error = failureOf(
        answer({ awsCode, status, message: `${message} ${CANARY}`, region }),
        asked,
        0,
      );
      assert.equal(error.code, row.code);
      assert.equal(isTransient(error), row.transient ?? false);
      assert.equal(isRevocation(error), row.revocation ?? false);
      assert.equal(isExpiredToken(error), row.expired ?? false);
      assert.equal(isMissingKey(error), row.missing ?? false);
      if (row.hint !== undefined) assert.equal(error.hint, row.hint);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /canary|\p{Cc}/u);
      assert.match(error.message, /^GetObject "s3:\/\/b\/k": [a-z]/);
    });

  it("reads the same facts out of an SDK's exception as out of an answer", () => {
    for (const { awsCode, status, message = "", code } of rows) {
      if (awsCode === undefined) continue;
      assert.equal(toFailure(sdkException(awsCode, status, message), asked, 0).code, code, awsCode);
    }
  });

  it("counts a denial for a revocation also when the key may just be missing", () => {
    const missing = (awsCode: string): PosternError =>
      new PosternError("MissingOrDenied", "missing or denied", { awsCode });
    assert.ok(isRevocation(missing("AccessDenied")));
    assert.ok(!isRevocation(missing("NoSuchKey")));
    assert.ok(!isRevocation(new PosternError("Denied", "the kernel's denial")));
  });

  it("carries AWS's code, request id and wish to be left alone", () => {
    const headers = { "retry-after": "7", "x-amz-bucket-region": "eu-west-1" };
    const error = toFailure(sdkException("SlowDown", 503, CANARY, headers), asked, 0);
    assert.deepEqual(
      [error.awsCode, error.requestId, error.retryAfterMs],
      ["SlowDown", "REQ1", 7000],
    );
    assert.equal(
      toFailure(sdkException("PermanentRedirect", 301, CANARY, headers), asked, 0).hint,
      "the bucket is in eu-west-1: set region",
    );
  });

  it("takes names that the SDK makes up for no code at all", () => {
    for (const name of ["Unknown", "UnknownError", "NotFound", "Error", "an odd name"])
      assert.equal(toFailure(sdkException(name, 404, ""), asked, 0).code, "Unavailable", name);
  });

  const hints: readonly (readonly [why: string, message: string, hint: string])[] = [
    [
      "names the missing right",
      "User: x is not authorized to perform: s3:GetObject on resource: y because no policy allows it",
      `the role lacks ${asked.needs}`,
    ],
    [
      "names the other possibility, where S3 does not tell",
      "Access Denied",
      `the role lacks ${asked.needs}, or bucket_owner is not the account that owns the bucket`,
    ],
    [
      "tells an explicit deny",
      "User: x is not authorized to perform: s3:GetObject with an explicit deny in a policy",
      `a policy explicitly denies ${asked.needs}`,
    ],
    [
      "tells that the object's key is what was denied",
      "User: x is not authorized to perform: kms:Decrypt on resource: y",
      `the role lacks kms:Decrypt on the key that encrypts it, which goes with ${asked.needs}`,
    ],
  ];
  for (const [why, message, hint] of hints)
    it(`${why} when denied`, () => {
      assert.equal(failureOf(answer({ message }), asked, 0).hint, hint);
    });

  const network: readonly (readonly [error: Error, why: string])[] = [
    [Object.assign(new Error(CANARY), { code: "ECONNRESET" }), "ECONNRESET"],
    [Object.assign(new Error(CANARY), { code: "ENOTFOUND" }), "ENOTFOUND"],
    [Object.assign(new Error(CANARY), { code: "EAI_AGAIN" }), "EAI_AGAIN"],
    [Object.assign(new Error(CANARY), { code: "EHOSTUNREACH" }), "EHOSTUNREACH"],
    [Object.assign(new Error(CANARY), { code: "HPE_INVALID_CONSTANT" }), "HPE_INVALID_CONSTANT"],
    [Object.assign(new Error(CANARY), { code: "CERT_HAS_EXPIRED" }), "CERT_HAS_EXPIRED"],
    [Object.assign(new Error(CANARY), { code: "ERR_TLS_CERT_ALTNAME_INVALID" }), "ERR_TLS"],
    [Object.assign(new Error(CANARY), { name: "TimeoutError" }), "timed out"],
    [Object.assign(new Error(CANARY), { name: "AbortError" }), "timed out"],
  ];
  for (const [error, why] of network)
    it(`takes ${why} for an outage`, () => {
      const failure = toFailure(error, asked, 0);
      assert.equal(failure.code, "Unavailable");
      assert.ok(failure.message.includes(why), failure.message);
      assert.doesNotMatch(failure.message, /canary/);
      assert.ok(isTransient(failure));
    });

  it("neither hides a fault of our own behind an outage nor renames an error of ours", () => {
    assert.equal(toFailure(new TypeError(CANARY), asked, 0).code, "Internal");
    const ours = new PosternError("TooLarge", "too large");
    assert.equal(toFailure(ours, asked, 0), ours);
  });

  const now = Date.UTC(2026, 10, 1, 12, 0, 0);
  const waits: readonly (readonly [text: string | undefined, ms: number | undefined])[] = [
    ["0", 0],
    ["120", 120_000],
    ["Sun, 01 Nov 2026 12:00:30 GMT", 30_000],
    ["Sun, 01 Nov 2026 11:00:00 GMT", 0],
    ["-5", undefined],
    ["soon", undefined],
    ["99999999999999", undefined],
    [undefined, undefined],
  ];
  for (const [text, ms] of waits)
    it(`reads Retry-After: ${text}`, () => assert.equal(parseRetryAfter(text, now), ms));
});

describe("remedyOf", () => {
  const needs = 's3:GetObject on "arn:aws:s3:::b/k"';
  const said = "is not authorized to perform: s3:GetObject on resource";
  const remedies: readonly (readonly [
    why: string,
    answer: Partial<ErrorAnswer>,
    needs: string,
    expected: string | undefined,
  ])[] = [
    ["adds what the role lacks", { message: said }, needs, `add ${needs} to role "web"`],
    [
      "thinks of the owner when S3 says no more than denied",
      { message: "Access Denied" },
      needs,
      `add ${needs} to role "web", or set bucket_owner if another account owns the bucket`,
    ],
    [
      "takes an explicit Deny away",
      { message: `${said} with an explicit deny in a resource-based policy` },
      needs,
      `take the explicit Deny of ${needs} away from role "web"`,
    ],
    [
      "thinks of the key's own policy",
      { awsCode: "AccessDeniedException" },
      'kms:Decrypt on "arn"',
      'add kms:Decrypt on "arn" to role "web" and to the key\'s own policy',
    ],
    [
      "grants the key of an object under SSE-KMS",
      { message: "is not authorized to perform: kms:Decrypt on resource" },
      needs,
      `add kms:Decrypt on the key that encrypts it, which goes with ${needs} to role "web" and to the key's own policy`,
    ],
    [
      "enables a key that is disabled",
      { awsCode: "DisabledException" },
      'kms:Decrypt on "arn"',
      "enable the key, or name another one in decrypt.keys",
    ],
    [
      "says again what the failure itself says",
      { awsCode: "NoSuchBucket", status: 404 },
      needs,
      "check bucket and region",
    ],
    ["knows nothing about the rest", { awsCode: "InternalError", status: 500 }, needs, undefined],
  ];
  for (const [why, over, needed, expected] of remedies) {
    it(why, () => {
      const failure = failureOf(answer(over), { ...asked, needs: needed }, 0);
      assert.equal(remedyOf(failure, 'role "web"'), expected);
    });
  }
});
