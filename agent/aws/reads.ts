/**
 * Asks AWS about documents and settings: by the SDK's clients, page by page to the end, in every region.
 *
 * Heavy to load, and loaded by no command but one.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote, type Region } from "../core/names.ts";
import type { Call } from "./call.ts";
import type { Endpoints } from "./endpoints.ts";
import { ABSENCES } from "./error-codes.ts";
import { type Asked, toFailure, unreadable } from "./failure.ts";
import { createIamClient, IAM_READS } from "./iam-reads.ts";
import { createKmsClients } from "./kms-clients.ts";
import { child, createQuery } from "./query.ts";
import type { Answer, Ask, Input, Question } from "./question.ts";
import { describeVpcEndpoint, KMS_READS, S3_READS } from "./resource-reads.ts";
import { createClient } from "./store-client.ts";
import type { WireTools } from "./wire.ts";
import { childText } from "./xml.ts";

export interface ReadTools extends WireTools {
  readonly endpoints: Endpoints;
  /** Undefined: the public ones. */
  readonly further: Readonly<Record<"iam" | "ec2" | "sts", URL | undefined>>;
  readonly call: Call;
}

/** @param signal ends what is asked still, because something failed */
export function createReads(tools: ReadTools, signal: AbortSignal): Ask {
  const pageOf = createPages(tools);
  return async (question) => {
    try {
      return {
        kind: "told",
        value: await wholeOf(question, (input) => pageOf(question, input, signal)),
      };
    } catch (error) {
      return refusalIn(error);
    }
  };
}

/** The account that the credentials are of: asking takes no permission. @throws {PosternError} Credentials, … */
export async function callerAccount(
  { call, now, endpoints, further, ...wire }: ReadTools,
  region: Region,
): Promise<string> {
  const asked = { operation: "GetCallerIdentity", subject: "sts", needs: "sts:GetCallerIdentity" };
  const query = createQuery({
    ...wire,
    now,
    service: "sts",
    region,
    endpoints,
    endpoint: further.sts,
  });
  return call(async (signal) => {
    try {
      const result = child(await query(asked, {}, signal), "GetCallerIdentityResult");
      const account = result === undefined ? undefined : childText(result, "Account");
      if (account === undefined) throw unreadable(asked, "an answer without an account");
      return account;
    } catch (error) {
      throw toFailure(error, asked, now());
    }
  });
}

type Page = (question: Question, input: Input, signal: AbortSignal) => Promise<object>;

function createPages(tools: ReadTools): Page {
  const { call, now, endpoints, further } = tools;
  const kms = createKmsClients(tools);
  const s3 = perRegion((region) => createClient({ ...tools, region }));
  const iam = perRegion((region) => createIamClient({ ...tools, region, endpoint: further.iam }));
  const ec2 = perRegion((region) =>
    createQuery({ ...tools, region, service: "ec2", endpoints, endpoint: further.ec2 }),
  );
  return (question, input, signal) => {
    const { service, operation, region } = question;
    const asked = askedOf(question);
    const send = (by: (options: { abortSignal: AbortSignal }) => Promise<object> | undefined) =>
      call(async (abortSignal) => {
        try {
          return await known(by({ abortSignal }), operation);
        } catch (error) {
          throw toFailure(error, asked, now());
        }
      }, signal);
    switch (service) {
      case "s3":
        return send((options) => S3_READS.get(operation)?.(s3(region), input, options));
      case "iam":
        return send((options) => IAM_READS.get(operation)?.(iam(region), input, options));
      case "ec2":
        return send(({ abortSignal }) =>
          describeVpcEndpoint(ec2(region), asked, input, abortSignal),
        );
      case "kms":
        // asks by `call` itself
        return known(
          KMS_READS.get(operation)?.(kms(region), input, { abortSignal: signal }),
          operation,
        );
      default:
        return service satisfies never;
    }
  };
}

async function known(sent: Promise<object> | undefined, operation: string): Promise<object> {
  if (sent === undefined)
    throw new PosternError("Internal", `nobody asks ${quote(operation)} here`);
  return sent;
}

function askedOf({ operation, needs }: Question): Asked {
  const { action, resource } = needs;
  return { operation, subject: resource, needs: `${action} on ${quote(resource)}` };
}

function perRegion<Client>(make: (region: Region) => Client): (region: Region) => Client {
  const made = new Map<Region, Client>();
  return (region) => {
    const client = made.get(region) ?? make(region);
    made.set(region, client);
    return client;
  };
}

/** All pages as one answer: the lists of the same name one after another. */
async function wholeOf(
  question: Question,
  pageOf: (input: Input) => Promise<object>,
): Promise<object> {
  const whole: Record<string, unknown> = {};
  let marker: string | undefined;
  for (;;) {
    const page = await pageOf(
      marker === undefined ? question.input : { ...question.input, Marker: marker },
    );
    for (const [name, value] of Object.entries(page)) {
      const before = whole[name];
      if (!OF_PAGES.has(name))
        whole[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
    }
    const next = markerIn(page);
    if (next === undefined) return whole;
    if (next === marker) throw unreadable(askedOf(question), "its pages do not end");
    marker = next;
  }
}

const OF_PAGES: ReadonlySet<string> = new Set([
  "$metadata",
  "IsTruncated",
  "Truncated",
  "Marker",
  "NextMarker",
]);

/** IAM's words, or KMS's. */
function markerIn(page: object): string | undefined {
  const { IsTruncated, Marker, Truncated, NextMarker } = { ...page } as Readonly<
    Record<string, unknown>
  >;
  const next = IsTruncated === true ? Marker : Truncated === true ? NextMarker : undefined;
  return typeof next === "string" ? next : undefined;
}

/** @throws what says neither that it is not there nor that it may not be looked at */
function refusalIn(error: unknown): Answer {
  if (!(error instanceof PosternError)) throw error;
  // the SDK calls it by its shape's name, and not by what IAM sends
  const code = error.awsCode?.replace(/^NoSuchEntityException$/, "NoSuchEntity");
  if (code !== undefined && ABSENCES.includes(code)) return { kind: "absent", code };
  if (error.code === "Denied") return { kind: "denied" };
  throw error;
}
