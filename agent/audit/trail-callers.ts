/**
 * Whom an event of CloudTrail is of when it has no ARN: a service of AWS, or another account, of which no more is told.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 * @module
 */
import type { Caller } from "../policy/caller.ts";
import { isRecord } from "../policy/issues.ts";

type Json = Readonly<Record<string, unknown>>;

/** An event as it is with an ARN, and who it is of. */
export interface NamedEvent {
  readonly record: Json;
  readonly caller: Caller;
}

/** Undefined for an event of a user, role or session, and for one of nobody that a policy could name. */
export function namedEvent(record: Json): NamedEvent | undefined {
  const { userIdentity: who } = record;
  if (!isRecord(who) || who["arn"] !== undefined) return undefined;
  const { type, accountId, invokedBy } = who;
  const isOfService = type === "AWSService" && typeof invokedBy === "string";
  const account = isOfService ? "000000000000" : accountId;
  if (!isOfService && type !== "AWSAccount") return undefined;
  if (typeof account !== "string" || !/^\d{12}$/.test(account)) return undefined;
  const arn = `arn:${partitionOf(record["awsRegion"])}:iam::${account}:root`;
  // who calls for itself does not call through another service
  const { invokedBy: _, ...rest } = who;
  const identity = isOfService ? rest : who;
  return {
    record: { ...record, userIdentity: { ...identity, arn } },
    caller: isOfService ? { kind: "service", name: invokedBy } : { kind: "root", arn, account },
  };
}

function partitionOf(region: unknown): string {
  const text = String(region);
  if (text.startsWith("cn-")) return "aws-cn";
  return text.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
