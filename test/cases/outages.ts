/** Outages: the old files stay, and nobody takes them for a revocation. @module */
import { type FaultRow } from "../support/fault-host.ts";

const SICK = /^sick\//;
const s3 = { service: "s3", keyPattern: SICK } as const;
const list = { ...s3, operation: "ListObjectsV2" } as const;
const get = { ...s3, operation: "GetObject" } as const;
const kms = { service: "kms", operation: "Decrypt" } as const;
const imds = { service: "imds" } as const;
const IMPATIENT = { limits: { request_timeout: "150ms" } };
/** With these nothing but credentials is asked of IMDS. */
const KNOWN_HOME = { region: "us-east-1", bucket_owner: "111122223333" };

export const OUTAGES: readonly FaultRow[] = [
  {
    why: "LIST is throttled",
    happens: { ...list, kind: "throttle" },
    ends: [69, "Throttled", "stale"],
  },
  {
    why: "GET fails with 500",
    happens: { ...get, kind: "500" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "LIST fails with 503",
    happens: { ...list, kind: "503" },
    ends: [69, "Unavailable", "stale"],
  },
  { why: "GET is reset", happens: { ...get, kind: "reset" }, ends: [69, "Unavailable", "stale"] },
  {
    why: "LIST is cut short",
    happens: { ...list, kind: "truncate", bytes: 40 },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "GET is cut short",
    happens: { ...get, kind: "truncate", bytes: 3 },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "LIST hangs",
    config: IMPATIENT,
    happens: { ...list, kind: "hang" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "LIST is garbage",
    happens: { ...list, kind: "garbage" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "GET is garbage",
    happens: { ...get, kind: "garbage" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "a bit of a secret flips",
    happens: { ...get, kind: "bitflip" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "a bit of a bundle flips",
    layout: "bundle",
    mode: "envelope",
    happens: { service: "s3", keyPattern: "sick.bundle", kind: "bitflip" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "S3 says that the credentials expired",
    happens: { ...s3, kind: "expired-credentials" },
    ends: [69, "Credentials", "stale"],
  },
  {
    why: "this host's clock is wrong",
    happens: { ...s3, kind: "clock-skew", ms: 1_800_000 },
    ends: [69, "ClockSkew", "stale", /clock/],
  },
  {
    why: "KMS throttles",
    mode: "kms",
    happens: { ...kms, kind: "throttle" },
    ends: [69, "Throttled", "stale"],
  },
  {
    why: "KMS fails",
    mode: "envelope",
    happens: { ...kms, kind: "500" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "KMS resets",
    mode: "kms",
    happens: { ...kms, kind: "reset" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "KMS hangs",
    mode: "envelope",
    config: IMPATIENT,
    happens: { ...kms, kind: "hang" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "KMS answers garbage",
    mode: "kms",
    happens: { ...kms, kind: "garbage" },
    ends: [69, "Unavailable", "stale"],
  },
  {
    why: "KMS says that the credentials expired",
    mode: "kms",
    happens: { ...kms, kind: "expired-credentials" },
    ends: [69, "Credentials", "stale"],
  },
  {
    why: "this host's clock is wrong to KMS",
    mode: "envelope",
    happens: { ...kms, kind: "clock-skew", ms: -1_800_000 },
    ends: [69, "ClockSkew", "stale"],
  },
  {
    why: "IMDS is down and the config names no region",
    happens: { ...imds, kind: "reset" },
    ends: [69, "Unavailable", "stale", /metadata/],
    everyone: true,
  },
  {
    why: "IMDS is down and the config names region and owner",
    config: KNOWN_HOME,
    happens: { ...imds, kind: "reset" },
    ends: [69, "Credentials", "stale"],
    everyone: true,
  },
  {
    why: "IMDS fails",
    config: KNOWN_HOME,
    happens: { ...imds, kind: "500" },
    ends: [69, "Credentials", "stale"],
    everyone: true,
  },
  {
    why: "IMDS answers garbage",
    happens: { ...imds, kind: "garbage" },
    ends: [69, "Unavailable", "stale"],
    everyone: true,
  },
];
