/**
 * What the sandbox's HTTP front and the three services behind it say to each other.
 *
 * The front owns sockets, faults and the log; a service is a function from one plain request to one plain
 * answer, so that it can be tested without a socket.
 * @module
 */
import type { Authoriser, Denial } from "./authorise.ts";
import type { CredentialsRegistry } from "./credentials.ts";
import type { Chance, Clock } from "../core/clock.ts";
import type { Network } from "./request-context.ts";

export type ServiceName = "s3" | "kms" | "imds";

/** One HTTP request, whole, with nothing decoded: signatures cover the bytes as they were sent. */
export interface WireRequest {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly rawPath: string;
  /** Still percent-encoded, without the "?"; empty when there is none. */
  readonly rawQuery: string;
  /** By lower-case name, each value in the order it came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** The peer's address. */
  readonly remote: string;
}

export interface WireResponse {
  readonly status: number;
  /** Date, Server, Connection and Content-Length are the front's; the rest is the service's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a request asks for, read before anything is checked: what faults match and the log holds. */
export interface Asked {
  /** The service's own name of the operation ("GetObject", "Decrypt", "GetMetadata"). */
  readonly operation: string;
  /** Object key, LIST prefix, KMS key or metadata path; empty where there is none. */
  readonly key: string;
  /** Of S3, where the request names one. */
  readonly bucket?: string;
}

/** What a service knows of one request beside the request. */
export interface Moment {
  /** The service's wall time in epoch milliseconds: a clock-skew fault moves it. */
  readonly now: number;
  readonly requestId: string;
  /** Another writer is said to be at the same object: S3 answers conditional requests 409. */
  readonly contested?: boolean;
}

export interface Answer {
  readonly response: WireResponse;
  /** ARN of who was let in, for the log. */
  readonly principal?: string;
  /** Which document stopped it, where one did; for the log. */
  readonly denial?: Omit<Denial, "allowed"> | undefined;
}

/** The faults that a service itself words, as AWS would. */
export type Refusal = "throttle" | "internal" | "unavailable" | "expired-credentials";

export interface Service {
  readonly name: ServiceName;
  asked(request: WireRequest): Asked;
  answer(request: WireRequest, moment: Moment): Promise<Answer> | Answer;
  refuse(refusal: Refusal, request: WireRequest, moment: Moment): WireResponse;
}

/** What every service of one sandbox shares. */
export interface ServiceContext {
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly credentials: CredentialsRegistry;
  /** Where requests come from; default the peer's address. */
  readonly network?: Network | undefined;
  /** Asked anew for each request: a test may change the policy under a running sandbox. */
  authoriser(): Authoriser;
}

/** The header's only value, or its values joined as HTTP allows; undefined when it was not sent. */
export function headerOf(request: WireRequest, name: string): string | undefined {
  return request.headers.get(name)?.join(",");
}
