/**
 * The operations of KMS that make, describe, name and retire keys.
 * @see AWS KMS API Reference
 * @module
 */
import * as v from "valibot";
import type { Key, Keys } from "./keys.ts";
import {
  admit,
  admitById,
  authorise,
  authoriseKey,
  type Call,
  done,
  fault,
  type KmsFault,
  missing,
  type Outcome,
} from "./kms-access.ts";
import { integer, keyId, operation, type Operation } from "./kms-input.ts";
import { policyText, readKeyPolicy } from "./kms-policies.ts";

const DAY_MS = 86_400_000;

const aliasName = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(256),
  v.regex(/^[a-zA-Z0-9:/_-]+$/),
);

/** By their names in `X-Amz-Target`. */
export const ADMIN_OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateKey: operation(
    v.object({
      Description: v.optional(v.pipe(v.string(), v.maxLength(8192)), ""),
      KeyUsage: v.optional(v.string(), "ENCRYPT_DECRYPT"),
      KeySpec: v.optional(v.string()),
      CustomerMasterKeySpec: v.optional(v.string(), "SYMMETRIC_DEFAULT"),
      Origin: v.optional(v.string(), "AWS_KMS"),
      MultiRegion: v.optional(v.boolean(), false),
      Policy: v.optional(policyText),
      BypassPolicyLockoutSafetyCheck: v.optional(v.boolean(), false),
    }),
    (input, call) => {
      const spec = input.KeySpec ?? input.CustomerMasterKeySpec;
      const kind = `${spec} ${input.KeyUsage} ${input.Origin}`;
      if (kind !== "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT AWS_KMS")
        return fault(
          "UnsupportedOperationException",
          "The sandbox has symmetric encryption keys only.",
        );
      const refusal = authorise(call, "kms:CreateKey", "*", {
        "kms:KeySpec": [spec],
        "kms:KeyUsage": [input.KeyUsage],
        "kms:KeyOrigin": [input.Origin],
        "kms:MultiRegion": [String(input.MultiRegion)],
        "kms:BypassPolicyLockoutSafetyCheck": [String(input.BypassPolicyLockoutSafetyCheck)],
      });
      if (refusal !== undefined) return refusal;
      const { Description: description, MultiRegion: multiRegion } = input;
      const key = call.keys.create({ region: call.region, description, multiRegion });
      if (input.Policy !== undefined) {
        const bypass = input.BypassPolicyLockoutSafetyCheck;
        const policy = readKeyPolicy(call, key, input.Policy, bypass);
        if (policy.kind === "fault") {
          call.keys.forget(key);
          return policy;
        }
        call.keys.attach(key, policy.attached);
      }
      return done({ KeyMetadata: metadataOf(key, call) });
    },
  ),
  DescribeKey: operation(v.object({ KeyId: keyId }), (input, call) => {
    const admitted = admit(call, input.KeyId, { action: "kms:DescribeKey", state: "any" });
    return admitted.kind === "fault"
      ? admitted
      : done({ KeyMetadata: metadataOf(admitted.key, call) });
  }),
  EnableKey: operation(v.object({ KeyId: keyId }), (input, call) => {
    const admitted = admitById(call, input.KeyId, { action: "kms:EnableKey", state: "known" });
    if (admitted.kind === "fault") return admitted;
    call.keys.transition(admitted.key, "Enabled");
    return done();
  }),
  DisableKey: operation(v.object({ KeyId: keyId }), (input, call) => {
    const admitted = admitById(call, input.KeyId, { action: "kms:DisableKey", state: "known" });
    if (admitted.kind === "fault") return admitted;
    call.keys.transition(admitted.key, "Disabled");
    return done();
  }),
  ScheduleKeyDeletion: operation(
    v.object({ KeyId: keyId, PendingWindowInDays: v.optional(integer(7, 30), 30) }),
    (input, call) => {
      const use = { action: "kms:ScheduleKeyDeletion", state: "known" } as const;
      const admitted = admitById(call, input.KeyId, use);
      if (admitted.kind === "fault") return admitted;
      const deletionAt = call.now + input.PendingWindowInDays * DAY_MS;
      const key = call.keys.transition(admitted.key, "PendingDeletion", deletionAt);
      return done({
        KeyId: key.arn,
        DeletionDate: deletionAt / 1000,
        KeyState: key.state,
        PendingWindowInDays: input.PendingWindowInDays,
      });
    },
  ),
  CancelKeyDeletion: operation(v.object({ KeyId: keyId }), (input, call) => {
    const admitted = admitById(call, input.KeyId, {
      action: "kms:CancelKeyDeletion",
      state: "any",
    });
    if (admitted.kind === "fault") return admitted;
    const { key } = admitted;
    if (key.state !== "PendingDeletion")
      return fault("KMSInvalidStateException", `${key.arn} is not pending deletion.`);
    // it comes back disabled: whoever wanted it gone may have had a reason
    call.keys.transition(key, "Disabled");
    return done({ KeyId: key.arn });
  }),
  CreateAlias: operation(v.object({ AliasName: aliasName, TargetKeyId: keyId }), createAlias),
  UpdateAlias: operation(v.object({ AliasName: aliasName, TargetKeyId: keyId }), updateAlias),
  DeleteAlias: operation(v.object({ AliasName: aliasName }), (input, call) => {
    const refusal = refuseName(input.AliasName);
    if (refusal !== undefined) return refusal;
    const found = call.keys.find(call.region, input.AliasName);
    if (found.kind !== "key") return missing(found, input.AliasName);
    const denied = authoriseAlias(call, "kms:DeleteAlias", input.AliasName, found.key);
    if (denied !== undefined) return denied;
    call.keys.removeAlias(call.region, input.AliasName);
    return done();
  }),
};

function createAlias(
  input: { readonly AliasName: string; readonly TargetKeyId: string },
  call: Call,
): Outcome {
  const { AliasName: name } = input;
  const refusal = refuseName(name);
  if (refusal !== undefined) return refusal;
  const admitted = admitById(call, input.TargetKeyId, {
    action: "kms:CreateAlias",
    state: "known",
  });
  if (admitted.kind === "fault") return admitted;
  const denied = authoriseAlias(call, "kms:CreateAlias", name);
  if (denied !== undefined) return denied;
  const taken = call.keys.alias(call.region, name);
  if (taken !== undefined)
    return fault("AlreadyExistsException", `An alias with the name ${taken.arn} already exists`);
  call.keys.setAlias(admitted.key, name);
  return done();
}

function updateAlias(
  input: { readonly AliasName: string; readonly TargetKeyId: string },
  call: Call,
): Outcome {
  const { AliasName: name } = input;
  const refusal = refuseName(name);
  if (refusal !== undefined) return refusal;
  const found = call.keys.find(call.region, name);
  if (found.kind !== "key") return missing(found, name);
  const action = "kms:UpdateAlias";
  const admitted = admitById(call, input.TargetKeyId, { action, state: "known" });
  if (admitted.kind === "fault") return admitted;
  const denied = authoriseAlias(call, action, name, found.key);
  if (denied !== undefined) return denied;
  call.keys.setAlias(admitted.key, name);
  return done();
}

/** An alias needs the right on itself, and where it moves also on the key. */
function authoriseAlias(call: Call, action: string, name: string, key?: Key): KmsFault | undefined {
  const arn = `arn:aws:kms:${call.region}:${call.account}:${name}`;
  return authorise(call, action, arn) ?? (key && authoriseKey(call, key, { action }));
}

function refuseName(name: string): KmsFault | undefined {
  if (!name.startsWith("alias/"))
    return fault(
      "ValidationException",
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  return name.startsWith("alias/aws/") ? fault("NotAuthorizedException") : undefined;
}

function metadataOf(
  key: Key,
  { account, keys }: { readonly account: string; readonly keys: Keys },
): unknown {
  return {
    AWSAccountId: account,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: key.createdAt / 1000,
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: key.state,
    ...(key.deletionAt === undefined ? {} : { DeletionDate: key.deletionAt / 1000 }),
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    CustomerMasterKeySpec: "SYMMETRIC_DEFAULT",
    KeySpec: "SYMMETRIC_DEFAULT",
    EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    MultiRegion: key.primaryRegion !== undefined,
    ...(key.primaryRegion === undefined
      ? {}
      : { MultiRegionConfiguration: multiRegionOf(key, key.primaryRegion, keys) }),
  };
}

function multiRegionOf(key: Key, primaryRegion: string, keys: Keys): unknown {
  const places = keys.relatives(key).map(({ arn, region }) => ({ Arn: arn, Region: region }));
  return {
    MultiRegionKeyType: key.region === primaryRegion ? "PRIMARY" : "REPLICA",
    PrimaryKey: places.find(({ Region }) => Region === primaryRegion),
    ReplicaKeys: places.filter(({ Region }) => Region !== primaryRegion),
  };
}
