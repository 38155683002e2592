/**
 * What `aws iam get-account-authorization-details` prints: all roles, users and policies of an account at once.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
 * @module
 */
import * as v from "valibot";
import type { PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { parseJson } from "../policy/json.ts";

/** A document: an object, or its JSON in a string, which may be URL-encoded. */
export const policyText: v.GenericSchema<unknown, PolicyJson> = v.pipe(
  v.unknown(),
  v.rawTransform(({ dataset, addIssue, NEVER }): PolicyJson => {
    try {
      const { value } = dataset;
      const found = typeof value === "string" ? parseJson(decoded(value), "the document") : value;
      if (isRecord(found)) return found;
    } catch {
      // told below
    }
    addIssue({ message: "expected a policy document as JSON, got something else" });
    return NEVER;
  }),
);

/** JSON begins with "{", which URL encoding writes as "%7B". @throws {URIError} when it is not encoded as a URL is */
function decoded(text: string): string {
  return text.trimStart().startsWith("%") ? decodeURIComponent(text.replaceAll("+", "%20")) : text;
}

const text = v.string();
const inline = v.optional(v.array(v.object({ PolicyName: text, PolicyDocument: policyText })), []);
const attached = v.optional(v.array(v.object({ PolicyArn: text })), []);
const boundary = v.optional(v.object({ PermissionsBoundaryArn: text }));

export interface AccountDetails {
  readonly RoleDetailList: readonly (Own & {
    readonly AssumeRolePolicyDocument: PolicyJson;
    readonly RolePolicyList: readonly Inline[];
    readonly InstanceProfileList: readonly unknown[];
  })[];
  readonly UserDetailList: readonly (Own & {
    readonly UserPolicyList: readonly Inline[];
    readonly GroupList: readonly string[];
  })[];
  readonly GroupDetailList: readonly {
    readonly GroupName: string;
    readonly GroupPolicyList: readonly Inline[];
    readonly AttachedManagedPolicies: readonly Reference[];
  }[];
  readonly Policies: readonly {
    readonly Arn: string;
    readonly PolicyVersionList: readonly {
      readonly Document: PolicyJson;
      readonly IsDefaultVersion: boolean;
    }[];
  }[];
}

interface Inline {
  readonly PolicyName: string;
  readonly PolicyDocument: PolicyJson;
}

interface Reference {
  readonly PolicyArn: string;
}

interface Own {
  readonly Arn: string;
  readonly AttachedManagedPolicies: readonly Reference[];
  readonly PermissionsBoundary?: { readonly PermissionsBoundaryArn: string } | undefined;
}

const own = { Arn: text, AttachedManagedPolicies: attached, PermissionsBoundary: boundary };

export const accountDetails: v.GenericSchema<unknown, AccountDetails> = v.object({
  RoleDetailList: v.array(
    v.object({
      ...own,
      AssumeRolePolicyDocument: policyText,
      RolePolicyList: inline,
      InstanceProfileList: v.optional(v.array(v.unknown()), []),
    }),
  ),
  UserDetailList: v.optional(
    v.array(v.object({ ...own, UserPolicyList: inline, GroupList: v.optional(v.array(text), []) })),
    [],
  ),
  GroupDetailList: v.optional(
    v.array(
      v.object({ GroupName: text, GroupPolicyList: inline, AttachedManagedPolicies: attached }),
    ),
    [],
  ),
  Policies: v.optional(
    v.array(
      v.object({
        Arn: text,
        PolicyVersionList: v.array(
          v.object({ Document: policyText, IsDefaultVersion: v.boolean() }),
        ),
      }),
    ),
    [],
  ),
});
