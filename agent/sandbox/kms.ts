/**
 * The sandbox's KMS: AWS JSON 1.1 over HTTP, symmetric keys only.
 *
 * One endpoint stands for KMS in every region that it serves, since clients are given a single address: the
 * region is the one that the request is signed for. Keys of a region are unknown in the others, as in AWS.
 * @see Smithy "AWS JSON 1.1 protocol"; AWS KMS API Reference, "Common Errors"
 * @module
 */
import type { Attached } from "./authorise.ts";
import { createKeys, type Key, type Keys } from "./keys.ts";
import type { ContextKeys } from "./request-context.ts";
import {
  fault,
  keyConditions,
  nameOf,
  type Call,
  type KmsFault,
  type Outcome,
} from "./kms-access.ts";
import { ADMIN_OPERATIONS } from "./kms-admin.ts";
import { CRYPTO_OPERATIONS } from "./kms-crypto.ts";
import { LIST_OPERATIONS } from "./kms-lists.ts";
import { POLICY_OPERATIONS } from "./kms-policies.ts";
import { parseSealed } from "./ciphertext.ts";
import {
  headerOf,
  type Asked,
  type Refusal,
  type Service,
  type ServiceContext,
  type WireRequest,
  type WireResponse,
} from "./service.ts";
import { verifySignature } from "./signature.ts";
import type { Operation } from "./kms-input.ts";

export interface Kms {
  readonly service: Service;
  readonly keys: Keys;
  /** A key of the sandbox's own region, by id, ARN or alias. */
  describe(
    reference: string,
  ): (Key & { readonly attached: Attached; readonly conditions: ContextKeys }) | undefined;
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries({
    ...ADMIN_OPERATIONS,
    ...LIST_OPERATIONS,
    ...POLICY_OPERATIONS,
    ...CRYPTO_OPERATIONS,
  }),
);

/** Statuses other than 400, which nearly every error of KMS has. */
const STATUS: Readonly<Record<string, number>> = {
  KMSInternalException: 500,
  DependencyTimeoutException: 503,
};

const REFUSALS: Readonly<Record<Refusal, KmsFault>> = {
  throttle: fault(
    "ThrottlingException",
    "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
  ),
  internal: fault("KMSInternalException"),
  unavailable: fault(
    "DependencyTimeoutException",
    "The system timed out while trying to fulfill the request.",
  ),
  "expired-credentials": fault(
    "ExpiredTokenException",
    "The security token included in the request is expired",
  ),
};

/** @param otherRegions served beside the sandbox's own, for replicas of multi-Region keys */
export function createKms(context: ServiceContext, otherRegions: readonly string[] = []): Kms {
  const keys = createKeys(context);
  const regions = [context.region, ...otherRegions];
  return {
    keys,
    describe(reference) {
      const found = keys.find(context.region, reference);
      if (found.kind !== "key") return undefined;
      const { key } = found;
      return { ...key, attached: keys.attached(key), conditions: keyConditions(keys, key) };
    },
    service: {
      name: "kms",
      asked: readAsked,
      refuse: (refusal, _request, { requestId }) => encodeFault(REFUSALS[refusal], requestId),
      answer(request, { now, requestId }) {
        const region = regions.find((served) => served === signedRegion(request)) ?? context.region;
        const verdict = verifySignature(request, {
          lookup: (accessKeyId) => context.credentials.lookup(accessKeyId),
          now,
          region,
          service: "kms",
        });
        if (verdict.kind === "anonymous") return { response: encodeFault(UNSIGNED, requestId) };
        if (verdict.kind === "refused")
          return { response: encodeFault(fault(verdict.code, verdict.message), requestId) };
        const { principal } = verdict;
        const { account, chance } = context;
        const authoriser = context.authoriser();
        const { remote } = request;
        const place = { region, account, network: context.network ?? {}, remote };
        const call = { principal, authoriser, keys, chance, now, ...place };
        const outcome = perform(request, call);
        const denial = outcome.kind === "fault" ? outcome.denial : undefined;
        return {
          response: encodeOutcome(outcome, requestId),
          denial,
          principal: nameOf(principal),
        };
      },
    },
  };
}

const UNSIGNED: KmsFault = fault(
  "MissingAuthenticationTokenException",
  "Missing Authentication Token",
);

function perform(request: WireRequest, call: Call): Outcome {
  const operation = OPERATIONS.get(readTarget(request));
  if (operation === undefined || request.method !== "POST")
    return fault("UnknownOperationException");
  const body = parseJson(request.body);
  return body === undefined ? fault("SerializationException") : operation(body, call);
}

/** The operation's name, or "" when the header is missing or another service's. */
function readTarget(request: WireRequest): string {
  const target = headerOf(request, "x-amz-target") ?? "";
  return target.startsWith("TrentService.") ? target.slice("TrentService.".length) : "";
}

function readAsked(request: WireRequest): Asked {
  const body = parseJson(request.body) ?? {};
  const sealed = textOf(body["CiphertextBlob"]);
  const key =
    textOf(body["KeyId"]) ??
    textOf(body["SourceKeyId"]) ??
    (sealed === undefined ? undefined : parseSealed(Buffer.from(sealed, "base64"))?.keyId);
  return { operation: readTarget(request), key: key ?? "" };
}

/** The body's members, or undefined when it is not a JSON object. */
function parseJson(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    // to AWS a member that is null was not sent
    return isRecord(value)
      ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
      : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The region of the credential scope, unverified. */
function signedRegion(request: WireRequest): string | undefined {
  const authorization = headerOf(request, "authorization") ?? "";
  return /Credential=[^,]*\/\d{8}\/([a-z0-9-]+)\/kms\/aws4_request/.exec(authorization)?.[1];
}

function encodeOutcome(outcome: Outcome, requestId: string): WireResponse {
  return outcome.kind === "fault"
    ? encodeFault(outcome, requestId)
    : encode(200, outcome.body, requestId);
}

function encodeFault({ code, message }: KmsFault, requestId: string): WireResponse {
  // AWS writes "Message" in the errors of its front (authentication, access), "message" in those of KMS
  const spelling = FRONT_FAULTS.has(code) ? "Message" : "message";
  const words = message === undefined ? {} : { [spelling]: message };
  return encode(STATUS[code] ?? 400, { __type: code, ...words }, requestId);
}

const FRONT_FAULTS: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "UnrecognizedClientException",
]);

function encode(status: number, body: unknown, requestId: string): WireResponse {
  return {
    status,
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "x-amzn-RequestId": requestId,
      "Cache-Control": "no-cache, no-store, must-revalidate, private",
    },
    body: Buffer.from(JSON.stringify(body)),
  };
}
