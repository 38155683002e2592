/**
 * The sandbox's instance metadata service, version 2 only: one of these is one host with one role.
 *
 * ```
 * PUT /latest/api/token                                        X-aws-ec2-metadata-token-ttl-seconds: 1..21600
 * GET /latest/meta-data/…                                      X-aws-ec2-metadata-token: TOKEN
 *     /latest/meta-data/iam/security-credentials/ROLE          temporary credentials, renewed before they end
 *     /latest/dynamic/instance-identity/document               account, region, instance
 * ```
 *
 * Requests without a token are answered 401, as on a host with `HttpTokens=required`. A token is good for the
 * host that gave it. What loopback cannot show is the hop limit (the IP TTL of the PUT's answer); what only AWS
 * can make is the signature of the identity document.
 * @see AWS EC2 User Guide, "Use the Instance Metadata Service to access instance metadata"
 * @module
 */
import { describeInstance, type Instance, readMetadata } from "./instance-metadata.ts";
import {
  headerOf,
  type Asked,
  type Refusal,
  type Service,
  type ServiceContext,
  type WireRequest,
  type WireResponse,
} from "./service.ts";

const TOKEN_PATH = "/latest/api/token";

/** Six hours, the longest that a session with IMDS may last. */
const MAX_TTL_SECONDS = 21_600;

const REFUSALS: Readonly<Record<Refusal, number>> = {
  throttle: 503,
  internal: 500,
  unavailable: 503,
  "expired-credentials": 401,
};

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A new host: its own instance id, its own sessions, its own credentials. */
export function createImds(context: ServiceContext, instance: Instance): Service {
  const sessions = createSessions(context);
  const metadata = describeInstance(context, instance);
  return {
    name: "imds",
    asked: ({ method, rawPath }): Asked => ({
      operation: method === "PUT" ? "GetToken" : "GetMetadata",
      key: rawPath,
    }),
    refuse: (refusal) => failure(REFUSALS[refusal]),
    answer(request, { now }) {
      if (request.rawPath.replace(/\/$/, "") === TOKEN_PATH)
        return { response: answerToken(request, sessions, now) };
      if (request.method !== "GET" && request.method !== "HEAD")
        return { response: failure(405, { Allow: "OPTIONS, GET, HEAD" }) };
      const until = sessions.until(headerOf(request, "x-aws-ec2-metadata-token"));
      if (until === undefined || until <= now) return { response: failure(401) };
      const text = readMetadata(metadata(now), request.rawPath);
      if (text === undefined) return { response: failure(404) };
      return { response: success(text, Math.ceil((until - now) / 1000)) };
    },
  };
}

interface Sessions {
  open(ttlMs: number, now: number): string;
  /** When the session ends, in epoch milliseconds; undefined for a token that is not this host's. */
  until(token: string | undefined): number | undefined;
}

function createSessions({ chance }: ServiceContext): Sessions {
  const ends = new Map<string, number>();
  return {
    open(ttlMs, now) {
      for (const [token, end] of ends) if (end <= now) ends.delete(token);
      // as long as EC2's: 56 characters
      const token = chance.bytes(40).toString("base64");
      ends.set(token, now + ttlMs);
      return token;
    },
    until: (token) => (token === undefined ? undefined : ends.get(token)),
  };
}

function answerToken(request: WireRequest, sessions: Sessions, now: number): WireResponse {
  if (request.method !== "PUT") return failure(405, { Allow: "OPTIONS, PUT" });
  // a proxy that adds this header must not be able to open a session for its client
  if (request.headers.has("x-forwarded-for")) return failure(403);
  const ttl = headerOf(request, "x-aws-ec2-metadata-token-ttl-seconds") ?? "";
  const seconds = /^\d{1,5}$/.test(ttl) ? Number(ttl) : 0;
  if (seconds < 1 || seconds > MAX_TTL_SECONDS) return failure(400);
  return success(sessions.open(seconds * 1000, now), seconds);
}

function success(text: string, ttlSeconds: number): WireResponse {
  return {
    status: 200,
    headers: {
      "Content-Type": "text/plain",
      "Accept-Ranges": "none",
      Server: "EC2ws",
      "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": String(ttlSeconds),
    },
    body: Buffer.from(text),
  };
}

function failure(status: number, headers: Readonly<Record<string, string>> = {}): WireResponse {
  const title = `${status} - ${REASONS[status] ?? ""}`;
  return {
    status,
    headers: { "Content-Type": "text/html", Server: "EC2ws", ...headers },
    body: Buffer.from(
      `<?xml version="1.0" encoding="iso-8859-1"?>\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n  <title>${title}</title>\n </head>\n <body>\n  <h1>${title}</h1>\n </body>\n</html>\n`,
    ),
  };
}
