/**
 * Faults on request: rules that make the sandbox misbehave as networks and services do.
 * @module
 */
import type { Asked, ServiceName } from "./service.ts";

/**
 * - `throttle`, `500`, `503`, `expired-credentials`: the service's own error, in its own words.
 * - `conflict`: S3 says that another writer is in the way of a conditional write or delete, which would
 *   succeed otherwise; nothing else notices.
 * - `latency`: the answer comes `ms` later; adds up with other rules.
 * - `reset`: the connection is reset before any answer, and nothing is done.
 * - `lost`: what is asked for is done, and the connection is reset in place of the answer.
 * - `hang`: the request is read and never answered.
 * - `truncate`: the answer's headers are right, the connection ends after `bytes` of the body.
 * - `garbage`: status 200 with a body that is not the service's.
 * - `bitflip`: one bit of the body is wrong.
 * - `clock-skew`: the service's clock is `ms` ahead of the truth (behind when negative).
 */
export type Fault =
  | { readonly kind: "throttle" | "500" | "503" | "expired-credentials" }
  | { readonly kind: "conflict" | "reset" | "lost" | "hang" | "garbage" | "bitflip" }
  | { readonly kind: "latency" | "clock-skew"; readonly ms: number }
  | { readonly kind: "truncate"; readonly bytes: number };

/** Which requests a fault befalls; what is left out matches everything. */
export type FaultRule = Fault & {
  readonly service?: ServiceName;
  readonly operation?: string;
  readonly bucket?: string;
  /** A string must equal the key, a pattern must match somewhere in it. */
  readonly keyPattern?: RegExp | string;
  /** How often the rule acts before it is used up; default for ever. */
  readonly times?: number;
  /** Chance that a matching request is befallen, 0 to 1; default 1. */
  readonly probability?: number;
};

export interface Faults {
  /** Adds a rule, after those already there. Returns what takes it away again. */
  add(rule: FaultRule): () => void;
  clear(): void;
  /** The faults of one request: every latency and skew that matches, and the first of the others. */
  strike(service: ServiceName, asked: Asked): readonly Fault[];
}

/** @param seed makes `probability` come out the same in every run */
export function createFaults(seed = 1): Faults {
  const random = mulberry32(seed);
  let rules: { readonly rule: FaultRule; left: number }[] = [];
  return {
    add(rule) {
      const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY };
      rules.push(entry);
      return () => {
        rules = rules.filter((other) => other !== entry);
      };
    },
    clear() {
      rules = [];
    },
    strike(service, asked) {
      const struck: Fault[] = [];
      for (const entry of rules) {
        if (entry.left <= 0 || !matches(entry.rule, service, asked)) continue;
        if (!addsUp(entry.rule) && struck.some((fault) => !addsUp(fault))) continue;
        if (random() >= (entry.rule.probability ?? 1)) continue;
        entry.left -= 1;
        struck.push(entry.rule);
      }
      return struck;
    },
  };
}

function addsUp(fault: Fault): boolean {
  return fault.kind === "latency" || fault.kind === "clock-skew";
}

function matches(rule: FaultRule, service: ServiceName, asked: Asked): boolean {
  if (rule.service !== undefined && rule.service !== service) return false;
  if (rule.operation !== undefined && rule.operation !== asked.operation) return false;
  if (rule.bucket !== undefined && rule.bucket !== asked.bucket) return false;
  if (rule.keyPattern === undefined) return true;
  // search, unlike test, keeps no lastIndex between requests
  return typeof rule.keyPattern === "string"
    ? rule.keyPattern === asked.key
    : asked.key.search(rule.keyPattern) !== -1;
}

/** A small seeded generator, uniform in [0, 1). @see Tommy Ettinger's mulberry32, in the public domain */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
