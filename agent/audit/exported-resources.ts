/**
 * Outputs of `aws s3api`, `aws kms` and `aws ec2`.
 * @see https://docs.aws.amazon.com/cli/latest/reference/s3api/get-bucket-policy.html (the policy is JSON in a string)
 * @module
 */
import * as v from "valibot";
import type { BucketSettings } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import { policyText } from "./exported-account.ts";
import { type Known, known, type Output } from "./exported-output.ts";

const text = v.string();

/** `aws iam get-policy` has an object under the same name. */
const managed = known(
  ["Policy"],
  v.object({ Policy: v.object({ Arn: text }) }),
  ({ Policy: policy }) => ({ kind: "managed policy", arn: policy.Arn }),
);

/** Of a bucket or a key; of a key it says by which of its names it was asked for. */
const attachedPolicy = known(
  ["Policy"],
  v.object({ Policy: policyText, PolicyName: v.optional(text) }),
  ({ Policy: document, PolicyName: name }) => ({
    kind: "resource policy",
    document,
    ofKey: name !== undefined,
  }),
);

export const resourceOutputs: readonly Known[] = [
  {
    members: ["Policy"],
    read: (value, file) =>
      isRecord(value) && isRecord(value["Policy"])
        ? managed.read(value, file)
        : attachedPolicy.read(value, file),
  },
  known(
    ["PublicAccessBlockConfiguration"],
    v.object({
      PublicAccessBlockConfiguration: v.object({
        BlockPublicAcls: v.boolean(),
        IgnorePublicAcls: v.boolean(),
        BlockPublicPolicy: v.boolean(),
        RestrictPublicBuckets: v.boolean(),
      }),
    }),
    ({ PublicAccessBlockConfiguration: four }) =>
      settings({ publicAccessBlocked: Object.values(four).every(Boolean) }),
  ),
  known(
    ["OwnershipControls"],
    v.object({
      OwnershipControls: v.object({
        Rules: v.tuple([
          v.object({
            ObjectOwnership: v.picklist([
              "BucketOwnerEnforced",
              "BucketOwnerPreferred",
              "ObjectWriter",
            ]),
          }),
        ]),
      }),
    }),
    ({
      OwnershipControls: {
        Rules: [rule],
      },
    }) => settings({ ownership: rule.ObjectOwnership }),
  ),
  known(
    ["Status"],
    v.object({ Status: v.picklist(["Enabled", "Suspended"]) }),
    ({ Status: versioning }) => settings({ versioning }),
  ),
  known(
    ["ServerSideEncryptionConfiguration"],
    v.object({
      ServerSideEncryptionConfiguration: v.object({
        Rules: v.tuple([
          v.object({
            ApplyServerSideEncryptionByDefault: v.object({
              SSEAlgorithm: v.picklist(["AES256", "aws:kms", "aws:kms:dsse"]),
              KMSMasterKeyID: v.optional(text),
            }),
            BucketKeyEnabled: v.optional(v.boolean(), false),
          }),
        ]),
      }),
    }),
    ({
      ServerSideEncryptionConfiguration: {
        Rules: [rule],
      },
    }) => {
      const { SSEAlgorithm: algorithm, KMSMasterKeyID: key } =
        rule.ApplyServerSideEncryptionByDefault;
      return settings({ encryption: { algorithm, key, bucketKey: rule.BucketKeyEnabled } });
    },
  ),
  known(
    ["LocationConstraint"],
    v.object({ LocationConstraint: v.nullable(text) }),
    // null and EU are what the first two regions are called here
    ({ LocationConstraint: region }) => ({
      kind: "bucket settings",
      settings: {},
      region: region === null ? "us-east-1" : region === "EU" ? "eu-west-1" : region,
    }),
  ),
  known(["KeyMetadata"], v.object({ KeyMetadata: v.object({ Arn: text }) }), (shape) => {
    return { kind: "key", arn: shape.KeyMetadata.Arn };
  }),
  known(["Grants"], v.object({ Grants: v.array(v.unknown()) }), ({ Grants: grants }) => {
    return { kind: "grants", grants };
  }),
  known(
    ["VpcEndpoints"],
    v.object({
      VpcEndpoints: v.array(
        v.object({
          VpcEndpointId: text,
          ServiceName: text,
          VpcEndpointType: text,
          PolicyDocument: policyText,
        }),
      ),
    }),
    ({ VpcEndpoints: list }) => ({
      kind: "endpoints",
      endpoints: list.map((one) => ({
        id: one.VpcEndpointId,
        serviceName: one.ServiceName,
        type: one.VpcEndpointType,
        policy: one.PolicyDocument,
      })),
    }),
  ),
];

function settings(given: Partial<BucketSettings>): Output {
  return { kind: "bucket settings", settings: given };
}
