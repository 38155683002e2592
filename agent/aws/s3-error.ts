/**
 * S3's error bodies: `<Error><Code>…</Code><Message>…</Message>…</Error>`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
 * @module
 */
import type { Readable } from "node:stream";
import type { ErrorAnswer } from "./answer.ts";
import { readBody } from "./body.ts";
import { childText, parseXml } from "./xml.ts";

// S3's own are below 2 KiB; what is longer is some proxy's page
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Reads the answer to its end, so that the connection can be used again. A body that is empty, too long or not
 * S3's leaves the code undefined.
 *
 * @param headers names in lower case
 * @throws whatever the socket fails with
 */
export async function readS3Error(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Readable,
): Promise<ErrorAnswer> {
  const read = await readBody(body, undefined, MAX_ERROR_BYTES);
  const root = read.kind === "whole" ? parseXml(read.bytes.toString("utf8")) : undefined;
  const said = (name: string): string | undefined =>
    root?.name === "Error" ? childText(root, name) : undefined;
  const code = said("Code");
  return {
    status,
    awsCode: code !== undefined && /^[\w.]{1,80}$/.test(code) ? code : undefined,
    message: said("Message") ?? "",
    requestId: headers["x-amz-request-id"],
    retryAfter: headers["retry-after"],
    region: headers["x-amz-bucket-region"] ?? said("Region"),
  };
}
