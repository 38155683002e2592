/**
 * The operations of KMS on key policies.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html
 * @module
 */
import * as v from "valibot";
import { type AttachedPolicy, readAttached } from "./attached.ts";
import type { Key } from "./keys.ts";
import { admitById, authoriseKey, type Call, done, fault, type KmsFault } from "./kms-access.ts";
import { keyId, operation, type Operation } from "./kms-input.ts";

/** The only name that there is. */
const NAME = "default";
/** In bytes; AWS names no other limit. */
const MAX_POLICY_BYTES = 32_768;

const policyName = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(128)), NAME);

/** What CreateKey and PutKeyPolicy take. */
export const policyText: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(131_072),
);

/** By their names in `X-Amz-Target`. */
export const POLICY_OPERATIONS: Readonly<Record<string, Operation>> = {
  GetKeyPolicy: operation(v.object({ KeyId: keyId, PolicyName: policyName }), (input, call) => {
    const admitted = admitById(call, input.KeyId, { action: "kms:GetKeyPolicy", state: "any" });
    if (admitted.kind === "fault") return admitted;
    if (input.PolicyName !== NAME) return NO_SUCH_POLICY;
    return done({ Policy: call.keys.attached(admitted.key).text, PolicyName: NAME });
  }),
  PutKeyPolicy: operation(
    v.object({
      KeyId: keyId,
      PolicyName: policyName,
      Policy: policyText,
      BypassPolicyLockoutSafetyCheck: v.optional(v.boolean(), false),
    }),
    (input, call) => {
      const bypass = input.BypassPolicyLockoutSafetyCheck;
      const admitted = admitById(call, input.KeyId, {
        action: "kms:PutKeyPolicy",
        state: "any",
        conditions: { "kms:BypassPolicyLockoutSafetyCheck": [String(bypass)] },
      });
      if (admitted.kind === "fault") return admitted;
      if (input.PolicyName !== NAME) return NO_SUCH_POLICY;
      const { key } = admitted;
      const policy = readKeyPolicy(call, key, input.Policy, bypass);
      if (policy.kind === "fault") return policy;
      call.keys.attach(key, policy.attached);
      return done();
    },
  ),
  ListKeyPolicies: operation(v.object({ KeyId: keyId }), (input, call) => {
    const admitted = admitById(call, input.KeyId, { action: "kms:ListKeyPolicies", state: "any" });
    return admitted.kind === "fault" ? admitted : done({ PolicyNames: [NAME], Truncated: false });
  }),
};

const NO_SUCH_POLICY: KmsFault = fault("NotFoundException", "No such policy exists");

/**
 * Reads what is to become the key's policy. The caller must be able to change it again, unless it says that it knows.
 */
export function readKeyPolicy(
  call: Call,
  key: Key,
  text: string,
  bypass: boolean,
): { readonly kind: "policy"; readonly attached: AttachedPolicy } | KmsFault {
  const code = "MalformedPolicyDocumentException";
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES)
    return fault("LimitExceededException", "The key policy exceeds the size limit.");
  const attached = readAttached(text, key.arn);
  if (attached === undefined) return fault(code, "Policy contains a statement that is not valid.");
  const { grants } = call.keys.attached(key);
  const use = {
    action: "kms:PutKeyPolicy",
    attached: { policy: attached.policy, grants },
  };
  return !bypass && authoriseKey(call, key, use) !== undefined
    ? fault(code, "The new key policy will not allow you to update the key policy in the future.")
    : { kind: "policy", attached };
}
