/**
 * KMS Decrypt.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 * @module
 */
import { type KmsKeyArn, quote, type Region, regionOfKey } from "../core/names.ts";
import { SecretBytes } from "../core/secret-bytes.ts";
import type { ErrorAnswer } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";
import { type Endpoints, isUsualRegion } from "./endpoints.ts";
import { type Asked, failureOf, toFailure, unreadable } from "./failure.ts";
import type { RequestCounter } from "./requests.ts";
import { createWire, type Wire, type WireAnswer, type WireTools } from "./wire.ts";

/** KMS in every region that a key names, with retries, deadlines and the bound on concurrency already inside. */
export interface Kms {
  /**
   * Opens a ciphertext of at most 6144 bytes in the region of `key`, under exactly that key and context.
   * @throws {PosternError} DecryptFailed when it does not open, else whatever `toFailure` makes of the answer
   */
  decrypt(request: DecryptRequest): Promise<Decrypted>;
}

export interface DecryptRequest {
  readonly ciphertext: Uint8Array;
  readonly key: KmsKeyArn;
  readonly context: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface Decrypted {
  /** The caller wipes it. */
  readonly plaintext: SecretBytes;
  /** The ARN of the key that KMS says it used. */
  readonly key: string;
}

export interface KmsOptions extends WireTools {
  readonly endpoints: Endpoints;
  readonly call: Call;
  readonly requests: RequestCounter;
}

export function createKms(options: KmsOptions): Kms {
  const { endpoints, call, requests, now } = options;
  const wires = new Map<Region, Wire>();
  const wireTo = (region: Region): Wire => {
    const wire = wires.get(region) ?? createWire("kms", region, options);
    wires.set(region, wire);
    return wire;
  };
  return {
    decrypt: (request) => {
      const { key } = request;
      const asked = {
        operation: "Decrypt",
        subject: key,
        needs: `kms:Decrypt on ${quote(key)}`,
      };
      const attempt = async (signal: AbortSignal): Promise<Decrypted> => {
        try {
          const region = regionOfKey(key);
          const url = await kmsUrl(region, endpoints);
          const answer = await wireTo(region)(questionOf(request, url), signal);
          return await readAnswer(answer, asked, now());
        } catch (error) {
          throw toFailure(error, asked, now());
        }
      };
      return call((signal) => requests.track("decrypt", () => attempt(signal)), request.signal);
    },
  };
}

/** Where KMS is asked: the SDK's rules decide, and everyday answers are given without loading them. */
export async function kmsUrl(region: Region, endpoints: Endpoints): Promise<URL> {
  const { kms, fips, dualStack } = endpoints;
  if (kms !== undefined) return kms;
  if (isUsualRegion(region) && !fips && !dualStack)
    return new URL(`https://kms.${region}.amazonaws.com/`);
  const { ruledKmsUrl } = await import("./kms-clients.ts");
  return ruledKmsUrl(region, endpoints);
}

function questionOf(
  { ciphertext, key, context }: DecryptRequest,
  url: URL,
): Parameters<Wire>[0] & { readonly body: string } {
  const body = JSON.stringify({
    CiphertextBlob: Buffer.from(ciphertext).toString("base64"),
    KeyId: key,
    EncryptionContext: context,
    EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
  });
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "content-length": String(Buffer.byteLength(body)),
    "x-amz-target": "TrentService.Decrypt",
  };
  return { method: "POST", url, path: url.pathname, query: {}, headers, body };
}

// a plaintext has at most 4096 bytes, in base64
const MAX_ANSWER_BYTES = 64 * 1024;

async function readAnswer(
  { status, headers, body }: WireAnswer,
  asked: Asked,
  now: number,
): Promise<Decrypted> {
  const length = headers["content-length"];
  const announced = length === undefined ? undefined : Number(length);
  const read = await readBody(body, announced, MAX_ANSWER_BYTES);
  const bytes = read.kind === "whole" ? read.bytes : Buffer.alloc(0);
  const document = parseJson(bytes);
  bytes.fill(0);
  if (status !== 200) throw failureOf(errorOf(status, headers, document), asked, now);
  const plaintext = textAt(document, "Plaintext");
  const key = textAt(document, "KeyId");
  if (plaintext === undefined || key === undefined || !/^[A-Za-z0-9+/]*={0,2}$/.test(plaintext))
    throw unreadable(asked, "an answer without plaintext or key");
  // not from Node's pool, so that wiping it leaves no copy beside it
  const opened = Buffer.allocUnsafeSlow(Buffer.byteLength(plaintext, "base64"));
  opened.write(plaintext, "base64");
  return { plaintext: new SecretBytes(opened), key };
}

function errorOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  document: unknown,
): ErrorAnswer {
  // "com.amazonaws.kms#DisabledException", or the name alone; the header may add a URI behind a colon
  const type = headers["x-amzn-errortype"] ?? textAt(document, "__type");
  const code = type?.replace(/:.*$/, "").replace(/^.*#/, "");
  return {
    status,
    awsCode: code !== undefined && /^[\w.]{1,80}$/.test(code) ? code : undefined,
    message: textAt(document, "message") ?? textAt(document, "Message") ?? "",
    requestId: headers["x-amzn-requestid"],
    retryAfter: headers["retry-after"],
    region: undefined,
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, name: string): string | undefined {
  const member: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof member === "string" ? member : undefined;
}
