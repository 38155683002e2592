/**
 * Faults as `postern sandbox --fault` is told them.
 *
 *     [SERVICE[.OPERATION]=]KIND[:AMOUNT][*TIMES]
 *     s3=503        imds=hang*2        s3.GetObject=truncate:10        kms=latency:200ms
 *
 * @module
 */
import { encodeDuration, parseDuration } from "../config/units.ts";
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import type { Fault, FaultRule } from "../sandbox/faults.ts";

/** Without an amount. */
const PLAIN = [
  "throttle",
  "500",
  "503",
  "expired-credentials",
  "conflict",
  "reset",
  "lost",
  "hang",
  "garbage",
  "bitflip",
] as const;
const LASTING = ["latency", "clock-skew"] as const;
const KINDS: readonly string[] = [...PLAIN, ...LASTING, "truncate"];
/** Every kind as it is written, an amount beside those that take one. */
export const FAULT_FORMS: readonly string[] = [
  ...PLAIN,
  "latency:200ms",
  "clock-skew:-20m",
  "truncate:10",
];
const SERVICES = ["s3", "kms", "imds"] as const;

/** @throws {PosternError} Usage */
export function parseFault(text: string): FaultRule {
  const match =
    /^(?:([a-z0-9]+)(?:\.([A-Za-z0-9]+))?=)?([a-z0-9-]+)(?::([^*]+))?(?:\*(\d{1,6}))?$/.exec(text);
  if (match === null)
    throw invalid(text, "expected [SERVICE[.OPERATION]=]KIND[:AMOUNT][*TIMES], such as s3=503*2");
  const [, service, operation, kind = "", amount, times] = match;
  const known = SERVICES.find((name) => name === service);
  if (service !== undefined && known === undefined)
    throw invalid(text, `expected one of ${SERVICES.join(", ")} before "=", got ${quote(service)}`);
  return {
    ...faultOf(text, kind, amount),
    ...(known === undefined ? {} : { service: known }),
    ...(operation === undefined ? {} : { operation }),
    ...(times === undefined ? {} : { times: Number(times) }),
  };
}

function faultOf(text: string, kind: string, amount: string | undefined): Fault {
  const plain = PLAIN.find((name) => name === kind);
  if (plain !== undefined) {
    if (amount === undefined) return { kind: plain };
    throw invalid(text, `expected nothing after ${kind}, got ${quote(amount)}`);
  }
  const lasting = LASTING.find((name) => name === kind);
  if (lasting !== undefined) return { kind: lasting, ms: parseShift(text, kind, amount) };
  if (kind === "truncate") {
    if (amount !== undefined && /^\d{1,9}$/.test(amount)) return { kind, bytes: Number(amount) };
    throw invalid(text, "expected a number of bytes, such as truncate:10");
  }
  const near = nearestWord(kind, KINDS);
  throw invalid(text, `expected one of ${KINDS.join(", ")}`, near && `did you mean "${near}"?`);
}

/** "200ms", or "-20m" for a clock that is behind. */
function parseShift(text: string, kind: string, amount: string | undefined): number {
  const behind = kind === "clock-skew" && amount?.startsWith("-") === true;
  try {
    const ms = parseDuration((behind ? amount?.slice(1) : amount) ?? "");
    return behind ? -ms : ms;
  } catch (cause) {
    if (!(cause instanceof PosternError)) throw cause;
    throw invalid(text, `expected a duration, such as ${kind}:${encodeDuration(200)}`);
  }
}

function invalid(text: string, expected: string, hint?: string): PosternError {
  return new PosternError(
    "Usage",
    `invalid fault ${quote(text)}: ${expected}`,
    hint === undefined ? {} : { hint },
  );
}
