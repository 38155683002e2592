import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * The signature that S3 would compute for a request without query and body, from the bytes that arrived.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function s3Signature(request: IncomingMessage, secretAccessKey: string): string {
  const authorization = request.headers.authorization ?? "";
  const [, scope = "", signed = ""] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const header = (name: string): string => String(request.headers[name] ?? "").trim();
  const canonical = [
    request.method,
    request.url,
    "",
    ...signed.split(";").map((name) => `${name}:${header(name)}`),
    "",
    signed,
    header("x-amz-content-sha256"),
  ].join("\n");
  const hash = createHash("sha256").update(canonical).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", header("x-amz-date"), scope, hash].join("\n");
  const key = scope
    .split("/")
    .reduce<string | Buffer>((under, part) => hmac(under, part), `AWS4${secretAccessKey}`);
  return hmac(key, toSign).toString("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
