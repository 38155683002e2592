/**
 * One question in the Query protocol, for the services of which a single operation is asked: the SDK's client of EC2 has
 * 28 MB.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html
 * @module
 */
import type { Region } from "../core/names.ts";
import type { ErrorAnswer } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Asked, failureOf, unreadable } from "./failure.ts";
import { createWire, type Wire, type WireAnswer, type WireTools } from "./wire.ts";
import { childText, parseXml, type XmlElement } from "./xml.ts";

const VERSION = { ec2: "2016-11-15", sts: "2011-06-15" } as const;

export interface QueryTools extends WireTools {
  readonly service: keyof typeof VERSION;
  readonly region: Region;
  /** Undefined: the region's public one. */
  readonly endpoint: URL | undefined;
  readonly endpoints: Pick<Endpoints, "fips" | "dualStack">;
}

/**
 * Asks once.
 * @param asked whose operation it is
 * @throws {PosternError} what the answer means; else whatever the wire fails with
 */
export type Query = (
  asked: Asked,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<XmlElement>;

export function createQuery(tools: QueryTools): Query {
  const { service, region, now } = tools;
  const wire = createWire(service, region, tools);
  const url = tools.endpoint ?? regionalUrl(service, region, tools.endpoints);
  return async (asked, parameters, signal) => {
    const answer = await wire(questionOf(url, service, asked, parameters), signal);
    return readAnswer(answer, asked, now());
  };
}

/**
 * The SDK's endpoint rules for those services, of the partitions that a map may be in.
 * @see https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
export function regionalUrl(
  service: QueryTools["service"],
  region: Region,
  { fips, dualStack }: QueryTools["endpoints"],
): URL {
  const isChinese = region.startsWith("cn-");
  // in GovCloud the usual ones are FIPS endpoints
  const host = fips && !region.startsWith("us-gov-") ? `${service}-fips` : service;
  const ofBoth = isChinese ? "api.amazonwebservices.com.cn" : "api.aws";
  const usual = isChinese ? "amazonaws.com.cn" : "amazonaws.com";
  return new URL(`https://${host}.${region}.${dualStack ? ofBoth : usual}/`);
}

function questionOf(
  url: URL,
  service: QueryTools["service"],
  { operation }: Asked,
  parameters: Readonly<Record<string, string>>,
): Parameters<Wire>[0] {
  const body = new URLSearchParams({
    Action: operation,
    Version: VERSION[service],
    ...parameters,
  }).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
  };
  return { method: "POST", url, path: url.pathname, query: {}, headers, body };
}

// an endpoint's policy has at most 20,480 characters
const MAX_ANSWER_BYTES = 1024 * 1024;

async function readAnswer(
  { status, headers, body }: WireAnswer,
  asked: Asked,
  now: number,
): Promise<XmlElement> {
  const read = await readBody(body, undefined, MAX_ANSWER_BYTES);
  const root = read.kind === "whole" ? parseXml(read.bytes.toString("utf8")) : undefined;
  if (status !== 200) throw failureOf(errorOf(status, headers, root), asked, now);
  if (root?.name !== `${asked.operation}Response`)
    throw unreadable(asked, "the answer is not one of AWS's");
  return root;
}

/** EC2 says Response, Errors, Error; STS ErrorResponse, Error. */
function errorOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  root: XmlElement | undefined,
): ErrorAnswer {
  const error = child(child(root, "Errors") ?? root, "Error");
  const said = (name: string): string | undefined =>
    error === undefined ? undefined : childText(error, name);
  const code = said("Code");
  return {
    status,
    awsCode: code !== undefined && /^[\w.]{1,80}$/.test(code) ? code : undefined,
    message: said("Message") ?? "",
    requestId: headers["x-amzn-requestid"],
    retryAfter: headers["retry-after"],
    region: undefined,
  };
}

/** The first child of that name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((one) => one.name === name);
}
