import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Principal } from "../../agent/sandbox/authorise.ts";
import { uriEncode } from "../../agent/sandbox/canonical-request.ts";
import type { KnownCredentials } from "../../agent/sandbox/credentials.ts";
import { decodeChunkedBody } from "../../agent/sandbox/chunked-body.ts";
import { verifySignature, type Verdict } from "../../agent/sandbox/signature.ts";
import { root } from "../support/root.ts";
import { signed, wireRequest } from "../support/wire.ts";

interface Vector {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Vectors {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly requests: readonly Vector[];
  readonly chunked: readonly (Vector & {
    readonly chunkSignatures: readonly string[];
    readonly trailer: string;
  })[];
}

const vectors = JSON.parse(
  readFileSync(join(root, "test", "vectors", "sigv4-s3.json"), "utf8"),
) as Vectors;
const AT = Date.UTC(2013, 4, 24);
const MINUTE = 60_000;
const principal: Principal = { kind: "user", arn: "arn", account: "111122223333", name: "example" };
const known: KnownCredentials = { secret: vectors.secretAccessKey, principal };

function verify(
  vector: Vector,
  more: Partial<Parameters<typeof verifySignature>[1]> = {},
  credentials: KnownCredentials = known,
): Verdict {
  return verifySignature(wireRequest(vector), {
    lookup: (id) => (id === vectors.accessKeyId ? credentials : undefined),
    now: AT,
    region: vectors.region,
    service: "s3",
    ...more,
  });
}

function codeOf(verdict: Verdict): string {
  return verdict.kind === "refused" ? verdict.code : verdict.kind;
}

const [get, put, , list, presigned] = vectors.requests;
assert.ok(get && put && list && presigned);

describe("AWS's published signatures", () => {
  for (const vector of vectors.requests) {
    it(`verify: ${vector.name}`, () => {
      assert.equal(codeOf(verify(vector)), "verified");
    });

    it(`do not verify once changed: ${vector.name}`, () => {
      const changes: readonly Partial<Vector>[] = [
        { method: "DELETE" },
        { path: `${vector.path}x` },
        { query: `${vector.query}&versionId=1` },
        { headers: { ...vector.headers, Host: "other.s3.amazonaws.com" } },
      ];
      for (const change of changes)
        assert.equal(codeOf(verify({ ...vector, ...change })), "SignatureDoesNotMatch");
      const otherSecret = { ...known, secret: `${known.secret}x` };
      assert.equal(codeOf(verify(vector, {}, otherSecret)), "SignatureDoesNotMatch");
    });
  }

  for (const vector of vectors.chunked) {
    const data = [Buffer.alloc(65_536, "a"), Buffer.alloc(1024, "a"), Buffer.alloc(0)];
    const encode = (signatures: readonly string[], trailer: string): Buffer =>
      Buffer.concat([
        ...data.flatMap((chunk, at) => [
          Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signatures[at]}\r\n`),
          chunk,
          Buffer.from(chunk.length > 0 ? "\r\n" : ""),
        ]),
        Buffer.from(`${trailer}\r\n`),
      ]);
    const decode = (body: Buffer) => {
      const verdict = verify(vector);
      assert.equal(verdict.kind, "verified");
      return decodeChunkedBody(body, verdict.chain);
    };

    it(`verify chunk by chunk: ${vector.name}`, () => {
      const decoded = decode(encode(vector.chunkSignatures, vector.trailer));
      assert.equal(decoded.kind, "decoded");
      assert.deepEqual(decoded.body, Buffer.concat(data));
      assert.equal(
        decoded.trailers.get("x-amz-checksum-crc32c"),
        vector.trailer === "" ? undefined : "sOO8/Q==",
      );
    });

    it(`do not verify chunks once changed: ${vector.name}`, () => {
      const whole = encode(vector.chunkSignatures, vector.trailer);
      const flipped = Buffer.from(whole);
      flipped.write("b", 100);
      assert.equal(decode(flipped).kind, "forged");
      const swapped = encode(vector.chunkSignatures.toReversed(), vector.trailer);
      assert.equal(decode(swapped).kind, "forged");
      if (vector.trailer !== "") {
        const trailer = vector.trailer.replace("sOO8/Q==", "sOO8/w==");
        assert.equal(decode(encode(vector.chunkSignatures, trailer)).kind, "forged");
      }
    });
  }
});

describe("a refused signature", () => {
  const temporary: KnownCredentials = { ...known, token: "token", expiresAt: AT + MINUTE };
  const withToken = (token: string): Vector => ({
    ...get,
    headers: { ...get.headers, "x-amz-security-token": token },
  });
  const without = (name: string): Vector => ({
    ...get,
    headers: Object.fromEntries(Object.entries(get.headers).filter(([each]) => each !== name)),
  });
  const authorised = (authorization: string): Vector => ({
    ...get,
    headers: { ...get.headers, Authorization: authorization },
  });

  const rows: readonly [why: string, verdict: () => Verdict, code: string][] = [
    ["no signature at all", () => verify(without("Authorization")), "anonymous"],
    ["an unknown access key", () => verify(get, { lookup: () => undefined }), "InvalidAccessKeyId"],
    ["the client 15 minutes behind", () => verify(get, { now: AT + 15 * MINUTE }), "verified"],
    [
      "the client more than 15 minutes behind",
      () => verify(get, { now: AT + 15 * MINUTE + 1 }),
      "RequestTimeTooSkewed",
    ],
    [
      "the client more than 15 minutes ahead",
      () => verify(get, { now: AT - 15 * MINUTE - 1 }),
      "RequestTimeTooSkewed",
    ],
    ["a temporary key without its token", () => verify(get, {}, temporary), "InvalidAccessKeyId"],
    ["a wrong token", () => verify(withToken("other"), {}, temporary), "InvalidToken"],
    ["a token with a permanent key", () => verify(withToken("token")), "InvalidToken"],
    [
      "a token whose time is up",
      () => verify(withToken("token"), {}, { ...temporary, expiresAt: AT }),
      "ExpiredToken",
    ],
    [
      "a token that the signature does not cover",
      () => verify(withToken("token"), {}, temporary),
      "AccessDenied",
    ],
    [
      "another region",
      () => verify(get, { region: "eu-central-1" }),
      "AuthorizationHeaderMalformed",
    ],
    ["another service", () => verify(get, { service: "kms" }), "InvalidSignatureException"],
    ["Signature Version 2", () => verify(authorised("AWS AKID:c2ln")), "InvalidRequest"],
    [
      "a URL of Signature Version 2",
      () => verify({ ...presigned, query: "AWSAccessKeyId=AKID&Expires=1&Signature=c2ln" }),
      "InvalidRequest",
    ],
    [
      "half a header",
      () => verify(authorised("AWS4-HMAC-SHA256 Credential=a")),
      "AuthorizationHeaderMalformed",
    ],
    [
      "a credential without a scope",
      () => verify(authorised("AWS4-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b")),
      "AuthorizationHeaderMalformed",
    ],
    ["no date", () => verify(without("x-amz-date")), "AccessDenied"],
    ["no payload hash", () => verify(without("x-amz-content-sha256")), "InvalidRequest"],
    [
      "a payload hash that is none",
      () => verify({ ...get, headers: { ...get.headers, "x-amz-content-sha256": "none" } }),
      "InvalidArgument",
    ],
    [
      "a streaming mode that does not exist",
      () => verify({ ...get, headers: { ...get.headers, "x-amz-content-sha256": "STREAMING-X" } }),
      "InvalidArgument",
    ],
    ["another body", () => verify({ ...put, body: "tampered" }), "XAmzContentSHA256Mismatch"],
    [
      "an x-amz-* header that is not signed",
      () => verify({ ...get, headers: { ...get.headers, "x-amz-acl": "public-read" } }),
      "AccessDenied",
    ],
    [
      "a header and a presigned query",
      () => verify({ ...get, query: presigned.query ?? "" }),
      "InvalidArgument",
    ],
    [
      "a presigned URL at its last moment",
      () => verify(presigned, { now: AT + 86_400_000 }),
      "verified",
    ],
    [
      "a presigned URL past its time",
      () => verify(presigned, { now: AT + 86_400_001 }),
      "AccessDenied",
    ],
    [
      "a presigned URL for longer than a week",
      () => verify({ ...presigned, query: presigned.query?.replace("86400", "604801") ?? "" }),
      "AuthorizationQueryParametersError",
    ],
    [
      "half a presigned URL",
      () => verify({ ...presigned, query: "X-Amz-Algorithm=AWS4-HMAC-SHA256" }),
      "AuthorizationQueryParametersError",
    ],
  ];
  for (const [why, verdict, code] of rows)
    it(`is told as S3 tells it: ${why}`, () => {
      assert.equal(codeOf(verdict()), code);
    });

  it("names the region that was expected, for clients that look for it", () => {
    const verdict = verify(get, { region: "eu-central-1" });
    assert.equal(verdict.kind, "refused");
    assert.equal(verdict.details["Region"], "eu-central-1");
  });

  it("never quotes the token or the signature", () => {
    const verdicts = [
      verify(withToken("s3cr3t-t0ken"), {}, temporary),
      verify({ ...get, path: "/other" }),
      verify(presigned, { now: AT + 1e9 }),
    ];
    for (const verdict of verdicts)
      assert.doesNotMatch(JSON.stringify(verdict), /s3cr3t-t0ken|f0e8bdb8|aeeed9bb/);
  });
});

describe("a signature for KMS", () => {
  const to = new URL("http://127.0.0.1:9");
  const signer = { accessKeyId: vectors.accessKeyId, secretAccessKey: vectors.secretAccessKey };
  const kmsRequest = async (options: { readonly region?: string } = {}): Promise<Vector> => {
    const sent = { method: "POST", path: "/", headers: { "x-amz-target": "T" }, body: "{}" };
    const { headers } = await signed(to, sent, signer, {
      service: "kms",
      at: new Date(AT),
      ...options,
    });
    return { ...sent, name: "kms", headers: headers ?? {} };
  };
  const kms = { service: "kms" } as const;

  it("is told as KMS tells it", async () => {
    const request = await kmsRequest();
    const temporary: KnownCredentials = { ...known, token: "t", expiresAt: AT };
    const tokened = { ...request.headers, "x-amz-security-token": "t" };
    const rows: readonly [why: string, verdict: Verdict, code: string][] = [
      ["right", verify(request, kms), "verified"],
      ["another body", verify({ ...request, body: "{ }" }, kms), "InvalidSignatureException"],
      [
        "6 minutes late",
        verify(request, { ...kms, now: AT + 6 * MINUTE }),
        "InvalidSignatureException",
      ],
      ["4 minutes late", verify(request, { ...kms, now: AT + 4 * MINUTE }), "verified"],
      ["no token", verify(request, kms, temporary), "UnrecognizedClientException"],
      [
        "expired",
        verify({ ...request, headers: tokened }, kms, temporary),
        "ExpiredTokenException",
      ],
      [
        "another region",
        verify(await kmsRequest({ region: "eu-west-1" }), kms),
        "InvalidSignatureException",
      ],
      [
        "half a header",
        verify(
          { ...request, headers: { ...request.headers, authorization: "AWS4-HMAC-SHA256 " } },
          kms,
        ),
        "IncompleteSignatureException",
      ],
    ];
    for (const [why, verdict, code] of rows) assert.equal(codeOf(verdict), code, why);
  });
});

describe("a signature of any request", () => {
  const to = new URL("http://127.0.0.1:9");
  const signer = { accessKeyId: vectors.accessKeyId, secretAccessKey: vectors.secretAccessKey };
  const encode = (text: string): string => uriEncode(Buffer.from(text));

  it("by the SDK's signer verifies, and a change of its key, parameter or header does not", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    const header = fc.stringMatching(/^[!-~]( ?[!-~]){0,7}$/);
    await fc.assert(
      fc.asyncProperty(text, text, header, async (key, value, meta) => {
        const at = new Date(AT);
        // S3's signers leave the slashes of a key alone
        const [path, query] = [
          `/b-1/${encode(key).replaceAll("%2F", "/")}`,
          `prefix=${encode(value)}`,
        ];
        const headers = { "x-amz-meta-a": meta };
        const sent = await signed(to, { path: `${path}?${query}`, headers }, signer, { at });
        const request = { name: "", method: "GET", path, query, headers: sent.headers ?? {} };
        assert.equal(codeOf(verify(request)), "verified");
        const changes: readonly Partial<Vector>[] = [
          { path: `${path}x` },
          { query: `${query}x` },
          { headers: { ...request.headers, "x-amz-meta-a": `${meta}x` } },
        ];
        for (const change of changes)
          assert.equal(codeOf(verify({ ...request, ...change })), "SignatureDoesNotMatch");
      }),
      { numRuns: 60 },
    );
  });
});
