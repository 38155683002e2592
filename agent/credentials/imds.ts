/**
 * IMDSv2: who this instance is, and its role's credentials. There is no v1 code path.
 *
 * Not by the SDK's provider, which knows credentials alone: one token serves all questions here, and who the
 * instance is comes while the credentials are on their way.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 * @module
 */
import http from "node:http";
import { readBody } from "../aws/body.ts";
import type { Budget } from "../aws/budget.ts";
import type { RequestCounter } from "../aws/requests.ts";
import { retry } from "../aws/retry.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { errnoOf, PosternError } from "../core/errors.ts";
import { type AccountId, parseAccountId, parseRegion, quote, type Region } from "../core/names.ts";

export interface Imds {
  /**
   * The instance identity document, asked for once.
   * @throws {PosternError} Unavailable when IMDS does not answer as it should
   */
  identity(signal?: AbortSignal): Promise<InstanceIdentity>;
  /**
   * The name of the instance's role, now.
   * @throws {PosternError} Credentials when it has none, Unavailable when IMDS does not answer as it should
   */
  role(signal?: AbortSignal): Promise<string>;
  /**
   * What the role's credentials are now. They may have expired: IMDS itself may have none newer.
   * @throws {PosternError} as `role`
   */
  credentials(signal?: AbortSignal): Promise<RoleCredentials>;
  /** Resolves when no question waits for a token: it came, or did not, or none was asked for. Asks nothing. */
  untilToken(): Promise<void>;
}

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface InstanceIdentity {
  readonly account: AccountId;
  readonly region: Region;
  readonly instance: string;
}

export interface ImdsOptions {
  /** Undefined: the link-local address. */
  readonly endpoint: URL | undefined;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly requests: RequestCounter;
  readonly budget: Budget;
  /** Ends every question, beside the signal of its own. */
  readonly signal?: AbortSignal | undefined;
}

const ENDPOINT = "http://169.254.169.254";
// the longest that IMDS grants, as every SDK asks
const TOKEN_TTL_SECONDS = 21_600;
// of a link-local service; the SDKs' own default
const TIMEOUT_MS = 1000;
const POLICY = { attempts: 3, baseMs: 100, capMs: 1000 };
// the identity document is about 500 bytes
const MAX_BYTES = 16 * 1024;

const DOCUMENT = "/latest/dynamic/instance-identity/document";
const ROLE = "/latest/meta-data/iam/security-credentials/";

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Question {
  readonly method: "GET" | "PUT";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Keeps one session token for as long as it lives, and asks with its own agent: no proxy, no redirect.
 *
 * @throws {PosternError} ConfigInvalid for an endpoint that is not http, as IMDS is
 */
export function createImds(options: ImdsOptions): Imds {
  const send = createSender(options);
  const token = createTokenCache(send, options.clock);
  // an answer that cannot be read is asked for again, as one that did not come
  const get = <T>(
    path: string,
    parse: (answer: Answer) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> =>
    retry(async () => parse(await getOnce(path, token, send)), POLICY, {
      clock: options.clock,
      chance: options.chance,
      signal: signal ?? options.signal,
      onRetry: () => options.requests.retried(),
    });
  let identity: Promise<InstanceIdentity> | undefined;
  return {
    identity: (signal) => {
      identity ??= get(DOCUMENT, parseIdentity, signal).catch((error: unknown) => {
        identity = undefined;
        throw error;
      });
      return identity;
    },
    role: (signal) => get(ROLE, parseRole, signal),
    credentials: async (signal) => {
      const role = await get(ROLE, parseRole, signal);
      return get(`${ROLE}${role}`, parseCredentials, signal);
    },
    untilToken: () => token.settled(),
  };
}

interface TokenCache {
  get(): Promise<string>;
  /** Resolves when the one that was asked for last came, or did not. */
  settled(): Promise<void>;
  forget(): void;
}

function createTokenCache(send: (question: Question) => Promise<Answer>, clock: Clock): TokenCache {
  let held: { readonly token: Promise<string>; readonly until: number } | undefined;
  return {
    get: () => {
      if (held === undefined || clock.monotonic() >= held.until) {
        const token = fetchToken(send);
        // renewed with a minute to spare: the request that carries it takes a while
        held = { token, until: clock.monotonic() + (TOKEN_TTL_SECONDS - 60) * 1000 };
        token.catch(() => {
          held = undefined;
        });
      }
      return held.token;
    },
    settled: async () => {
      await held?.token.catch(() => undefined);
    },
    forget: () => {
      held = undefined;
    },
  };
}

async function fetchToken(send: (question: Question) => Promise<Answer>): Promise<string> {
  const { status, text } = await send({
    method: "PUT",
    path: "/latest/api/token",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_TTL_SECONDS) },
  });
  if (status === 200 && /^[\x21-\x7e]+$/.test(text)) return text;
  throw unanswered(`HTTP ${status} to the request for a token`);
}

// 401 means that the token died early, with the instance's stop or IMDS's restart: a new one, once
async function getOnce(
  path: string,
  token: TokenCache,
  send: (question: Question) => Promise<Answer>,
): Promise<Answer> {
  const ask = async (): Promise<Answer> =>
    send({ method: "GET", path, headers: { "x-aws-ec2-metadata-token": await token.get() } });
  let answer = await ask();
  if (answer.status === 401) {
    token.forget();
    answer = await ask();
  }
  if (answer.status === 200 || answer.status === 404) return answer;
  throw unanswered(`HTTP ${answer.status}`);
}

function createSender(options: ImdsOptions): (question: Question) => Promise<Answer> {
  const base = options.endpoint ?? new URL(ENDPOINT);
  if (base.protocol !== "http:")
    throw new PosternError(
      "ConfigInvalid",
      `invalid IMDS endpoint ${quote(base.origin)}: expected http`,
    );
  const agent = new http.Agent({ keepAlive: true });
  return async (question) => {
    options.budget.take();
    const { signal } = options;
    return options.requests.track("imds", () => send(base, agent, question, signal));
  };
}

function send(
  base: URL,
  agent: http.Agent,
  { method, path, headers }: Question,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      const why = errnoOf(error) ?? (error instanceof Error ? error.name : "unknown");
      reject(error instanceof PosternError ? error : unanswered(why, error));
    };
    const request = http.request(new URL(path, base), {
      method,
      headers,
      agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const cutOff = (): void => void request.destroy(new Error("stopped"));
    if (signal?.aborted === true) cutOff();
    signal?.addEventListener("abort", cutOff, { once: true });
    request.on("close", () => signal?.removeEventListener("abort", cutOff));
    request.on("error", fail);
    request.on("response", (response) => {
      readBody(response, undefined, MAX_BYTES)
        .then((read) => {
          if (read.kind !== "whole") throw unanswered("too long an answer");
          resolve({ status: response.statusCode ?? 0, text: read.bytes.toString("utf8").trim() });
        })
        .catch(fail);
    });
    request.end();
  });
}

function parseIdentity({ status, text }: Answer): InstanceIdentity {
  try {
    const document: unknown = status === 200 ? JSON.parse(text) : undefined;
    return {
      account: parseAccountId(textAt(document, "accountId")),
      region: parseRegion(textAt(document, "region")),
      instance: textAt(document, "instanceId"),
    };
  } catch (error) {
    throw unanswered("an identity document that cannot be read", error);
  }
}

function parseRole({ status, text }: Answer): string {
  const name = text.split("\n")[0] ?? "";
  if (status === 200 && /^[\w+=,.@-]{1,64}$/.test(name)) return name;
  throw new PosternError("Credentials", "this instance has no role", {
    hint: "attach an instance profile with a role to it",
  });
}

function parseCredentials({ status, text }: Answer): RoleCredentials {
  try {
    const document: unknown = status === 200 ? JSON.parse(text) : undefined;
    const expiration = new Date(textAt(document, "Expiration"));
    if (Number.isNaN(expiration.getTime())) throw new RangeError("expected a date");
    return {
      accessKeyId: textAt(document, "AccessKeyId"),
      secretAccessKey: textAt(document, "SecretAccessKey"),
      sessionToken: textAt(document, "Token"),
      expiration,
    };
  } catch {
    // no cause: a parser's error quotes what it read
    throw unanswered("role credentials that cannot be read");
  }
}

function textAt(value: unknown, name: string): string {
  const member: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof member === "string") return member;
  throw new TypeError(`expected ${quote(name)} to be text`);
}

function unanswered(why: string, cause?: unknown): PosternError {
  return new PosternError("Unavailable", `the instance metadata service: no answer (${why})`, {
    hint: "check that IMDSv2 is enabled, and its hop limit if this is a container",
    ...(cause === undefined ? {} : { cause }),
  });
}
