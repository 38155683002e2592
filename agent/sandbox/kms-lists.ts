/**
 * The operations of KMS that list keys and aliases, a page at a time.
 * @see AWS KMS API Reference, "ListKeys" and "ListAliases"
 * @module
 */
import * as v from "valibot";
import type { Alias } from "./keys.ts";
import { authorise, type Call, done, fault, missing, type Outcome } from "./kms-access.ts";
import { integer, keyId, operation, type Operation } from "./kms-input.ts";

const marker = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1024)));

/** By their names in `X-Amz-Target`. */
export const LIST_OPERATIONS: Readonly<Record<string, Operation>> = {
  ListKeys: operation(
    v.object({ Limit: v.optional(integer(1, 1000), 100), Marker: marker }),
    (input, call) => {
      const entries = call.keys
        .list(call.region)
        .map(({ id, arn }) => ({ KeyId: id, KeyArn: arn }));
      return (
        authorise(call, "kms:ListKeys", "*") ??
        page("Keys", entries, ({ KeyId }) => KeyId, input.Limit, input.Marker)
      );
    },
  ),
  ListAliases: operation(
    v.object({ KeyId: v.optional(keyId), Limit: v.optional(integer(1, 100), 50), Marker: marker }),
    listAliases,
  ),
};

function listAliases(
  input: {
    readonly KeyId?: string | undefined;
    readonly Limit: number;
    readonly Marker?: string | undefined;
  },
  call: Call,
): Outcome {
  const refusal = authorise(call, "kms:ListAliases", "*");
  if (refusal !== undefined) return refusal;
  const found = input.KeyId === undefined ? undefined : call.keys.find(call.region, input.KeyId);
  if (found !== undefined && found.kind !== "key") return missing(found, input.KeyId ?? "");
  const entries = call.keys
    .aliases(call.region)
    .filter(({ keyId }) => found === undefined || keyId === found.key.id)
    .map(aliasEntry);
  return page("Aliases", entries, ({ AliasName }) => AliasName, input.Limit, input.Marker);
}

function aliasEntry(alias: Alias): {
  readonly AliasName: string;
  readonly AliasArn: string;
  readonly TargetKeyId: string;
  readonly CreationDate: number;
  readonly LastUpdatedDate: number;
} {
  return {
    AliasName: alias.name,
    AliasArn: alias.arn,
    TargetKeyId: alias.keyId,
    CreationDate: alias.createdAt / 1000,
    LastUpdatedDate: alias.updatedAt / 1000,
  };
}

/** One page of a list; the marker names the last entry of the page before. */
function page<Entry>(
  member: string,
  entries: readonly Entry[],
  nameOf: (entry: Entry) => string,
  limit: number,
  marker: string | undefined,
): Outcome {
  const last = marker === undefined ? undefined : Buffer.from(marker, "base64url").toString();
  const at = entries.findIndex((entry) => nameOf(entry) === last);
  if (marker !== undefined && at === -1) return fault("InvalidMarkerException");
  const rest = entries.slice(at + 1);
  const shown = rest.slice(0, limit);
  const end = shown.at(-1);
  const truncated = rest.length > limit && end !== undefined;
  const next = truncated ? { NextMarker: Buffer.from(nameOf(end)).toString("base64url") } : {};
  return done({ [member]: shown, Truncated: truncated, ...next });
}
