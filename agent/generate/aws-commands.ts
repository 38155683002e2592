/**
 * The commands of AWS's own CLI that apply what no stack can.
 * @see https://docs.aws.amazon.com/cli/latest/reference/kms/put-key-policy.html
 * @see https://docs.aws.amazon.com/cli/latest/reference/s3api/put-bucket-encryption.html
 * @see https://docs.aws.amazon.com/cli/latest/reference/sso-admin/put-inline-policy-to-permission-set.html
 * @module
 */
import type {
  BucketDocuments,
  EndpointDocuments,
  IdentityDocuments,
  KeyDocuments,
} from "../policy/deployment.ts";
import { endpointPath, folderOf, keyPath, policyPath } from "./files.ts";
import { nameOf, POLICY_PATH } from "./holders.ts";

export function keyCommand({ arn }: KeyDocuments): string {
  return shell(
    ["aws", "kms", "put-key-policy", "--region", arn.split(":")[3] ?? "", "--key-id", arn],
    ["--policy-name", "default", "--policy", documentAt(keyPath(arn))],
  );
}

export function endpointCommand({ id, region }: EndpointDocuments): string {
  return shell(
    ["aws", "ec2", "modify-vpc-endpoint", "--region", region, "--vpc-endpoint-id", id],
    ["--policy-document", documentAt(endpointPath(id))],
  );
}

export function bucketCommands(
  { name, region, settings }: BucketDocuments,
  account: string,
): readonly string[] {
  const { publicAccessBlocked, ownership, versioning, encryption } = settings;
  const put = (what: string, option: string, value: string): string =>
    shell(
      ["aws", "s3api", what, "--region", region, "--bucket", name],
      ["--expected-bucket-owner", account, option, value],
    );
  const blocked = [
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
  ]
    .map((each) => `${each}=${publicAccessBlocked}`)
    .join(",");
  const controls = JSON.stringify({ Rules: [{ ObjectOwnership: ownership }] });
  return [
    ...(publicAccessBlocked === undefined
      ? []
      : [put("put-public-access-block", "--public-access-block-configuration", blocked)]),
    ...(ownership === undefined
      ? []
      : [put("put-bucket-ownership-controls", "--ownership-controls", controls)]),
    ...(versioning === undefined
      ? []
      : [put("put-bucket-versioning", "--versioning-configuration", `Status=${versioning}`)]),
    ...(encryption === undefined
      ? []
      : [
          put(
            "put-bucket-encryption",
            "--server-side-encryption-configuration",
            JSON.stringify({ Rules: [encryptionRule(encryption)] }),
          ),
        ]),
  ];
}

function encryptionRule({
  algorithm,
  key,
  bucketKey,
}: NonNullable<BucketDocuments["settings"]["encryption"]>): unknown {
  return {
    ApplyServerSideEncryptionByDefault: {
      SSEAlgorithm: algorithm,
      ...(key !== undefined && { KMSMasterKeyID: key }),
    },
    // without SSE-KMS by default it is for requests that ask for that themselves
    ...((algorithm === "aws:kms" || bucketKey) && { BucketKeyEnabled: bucketKey }),
  };
}

/** What is put becomes the roles' when the set is provisioned again. */
export function permissionSetCommands(set: IdentityDocuments, account: string): readonly string[] {
  const which = ["--instance-arn", "INSTANCE_ARN", "--permission-set-arn", `ARN_OF_${nameOf(set)}`];
  const attach = set.policies.map((policy) =>
    policy.form === "inline"
      ? shell(
          ["aws", "sso-admin", "put-inline-policy-to-permission-set", ...which],
          ["--inline-policy", documentAt(policyPath(folderOf(set, account), policy))],
        )
      : shell(
          ["aws", "sso-admin", "attach-customer-managed-policy-reference-to-permission-set"],
          [...which, "--customer-managed-policy-reference"],
          [`Name=${policy.name},Path=${POLICY_PATH}`],
        ),
  );
  const provision = ["aws", "sso-admin", "provision-permission-set", ...which];
  return [...attach, shell(provision, ["--target-type", "ALL_PROVISIONED_ACCOUNTS"])];
}

function documentAt(path: string): string {
  return `file://documents/${path}`;
}

function shell(...words: readonly (readonly string[])[]): string {
  return words
    .flat()
    .map((word) => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
