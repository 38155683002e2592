/**
 * The arguments of the resources that a module uses, as version 6.62.0 of the provider has them, without what it keeps for
 * old configurations.
 * @see https://registry.terraform.io/providers/hashicorp/aws/6.62.0/docs
 * @module
 */

export interface Arguments {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** What every resource takes. @see https://developer.hashicorp.com/terraform/language/meta-arguments */
const META = ["count", "depends_on", "lifecycle"];

export const ARGUMENTS: Readonly<Record<string, Arguments>> = {
  aws_iam_role: taking(
    ["assume_role_policy"],
    [
      "description",
      "force_detach_policies",
      "max_session_duration",
      "name",
      "name_prefix",
      "path",
      "permissions_boundary",
      "tags",
    ],
  ),
  aws_iam_role_policy: taking(["policy", "role"], ["name", "name_prefix"]),
  aws_iam_role_policy_attachment: taking(["policy_arn", "role"]),
  aws_iam_user_policy: taking(["policy", "user"], ["name", "name_prefix"]),
  aws_iam_user_policy_attachment: taking(["policy_arn", "user"]),
  aws_iam_policy: taking(
    ["policy"],
    ["delay_after_policy_creation_in_ms", "description", "name", "name_prefix", "path", "tags"],
  ),
  aws_iam_instance_profile: taking([], ["name", "name_prefix", "path", "role", "tags"]),
  aws_kms_key_policy: taking(
    ["key_id", "policy"],
    ["bypass_policy_lockout_safety_check", "region"],
  ),
  aws_vpc_endpoint_policy: taking(["vpc_endpoint_id"], ["policy", "region", "timeouts"]),
  aws_s3_bucket_policy: taking(["bucket", "policy"], ["region"]),
  aws_s3_bucket_public_access_block: taking(
    ["bucket"],
    [
      "block_public_acls",
      "block_public_policy",
      "ignore_public_acls",
      "region",
      "restrict_public_buckets",
      "skip_destroy",
    ],
  ),
  aws_s3_bucket_ownership_controls: taking(["bucket", "rule"], ["region"]),
  aws_s3_bucket_versioning: taking(
    ["bucket", "versioning_configuration"],
    ["expected_bucket_owner", "mfa", "region"],
  ),
  aws_s3_bucket_server_side_encryption_configuration: taking(
    ["bucket", "rule"],
    ["expected_bucket_owner", "region"],
  ),
  aws_ssoadmin_permission_set_inline_policy: taking(
    ["inline_policy", "instance_arn", "permission_set_arn"],
    ["region", "timeouts"],
  ),
  aws_ssoadmin_customer_managed_policy_attachment: taking(
    ["customer_managed_policy_reference", "instance_arn", "permission_set_arn"],
    ["region", "timeouts"],
  ),
};

function taking(required: readonly string[], optional: readonly string[] = []): Arguments {
  return { required, optional: [...optional, ...META] };
}
