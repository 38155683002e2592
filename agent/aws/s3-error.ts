/**
 * S3's error bodies: `<Error><Code>…</Code><Message>…</Message>…</Error>`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
 * @module
 */
import type { Readable } from "node:stream";
import { XMLParser } from "fast-xml-parser";
import type { ErrorAnswer } from "./answer.ts";
import { readBody } from "./body.ts";

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
  const error = read.kind === "whole" ? parseS3Error(read.bytes.toString("utf8")) : {};
  return {
    status,
    awsCode: /^[\w.]{1,80}$/.test(error["Code"] ?? "") ? error["Code"] : undefined,
    message: error["Message"] ?? "",
    requestId: headers["x-amz-request-id"],
    retryAfter: headers["retry-after"],
    region: headers["x-amz-bucket-region"] ?? error["Region"],
  };
}

function parseS3Error(text: string): Readonly<Record<string, string>> {
  try {
    const parser = new XMLParser({
      ignoreDeclaration: true,
      parseTagValue: false,
      processEntities: false,
    });
    const document: unknown = parser.parse(text);
    if (!isRecord(document) || !isRecord(document["Error"])) return {};
    const entries = Object.entries(document["Error"]);
    return Object.fromEntries(
      entries.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
    );
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
