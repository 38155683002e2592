/**
 * Actions on buckets and keys, as AWS lists them, and what whoever administers or audits them needs.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
 * @module
 */
const named = (service: string, names: string): readonly string[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => `${service}:${name}`);

export const BUCKET_ACTIONS: readonly string[] = named(
  "s3",
  `CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration
  DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl
  GetBucketCORS GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification
  GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
  GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
  GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
  GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
  ListTagsForResource PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS
  PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
  PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite
  PutEncryptionConfiguration PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
  PutMetricsConfiguration PutReplicationConfiguration TagResource UntagResource
  UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration
  UpdateBucketMetadataJournalTableConfiguration`,
);

export const KEY_ACTIONS: readonly string[] = named(
  "kms",
  `CancelKeyDeletion CreateAlias CreateGrant Decrypt DeleteAlias DeleteImportedKeyMaterial DeriveSharedSecret DescribeKey
  DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair
  GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GetKeyLastUsage GetKeyPolicy
  GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListGrants ListKeyPolicies ListKeyRotations
  ListResourceTags PutKeyPolicy ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand
  ScheduleKeyDeletion Sign SynchronizeMultiRegionKey TagResource UntagResource UpdateAlias UpdateKeyDescription
  UpdatePrimaryRegion Verify VerifyMac`,
);

/** What undoes a mistake in what protects a bucket, and shows what there is. */
export const BUCKET_MANAGEMENT: readonly string[] = named(
  "s3",
  `GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus GetBucketVersioning PutBucketVersioning
  GetBucketPublicAccessBlock PutBucketPublicAccessBlock GetBucketOwnershipControls PutBucketOwnershipControls
  GetEncryptionConfiguration PutEncryptionConfiguration GetReplicationConfiguration PutReplicationConfiguration
  GetLifecycleConfiguration PutLifecycleConfiguration`,
);

/** What an auditor asks of a bucket, and may: nothing of it changes or reads anything. */
export const BUCKET_LOOKS: readonly string[] = named(
  "s3",
  `GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketOwnershipControls GetBucketVersioning
  GetEncryptionConfiguration`,
);

/** The same of a key. */
export const KEY_LOOKS: readonly string[] = named(
  "kms",
  "DescribeKey GetKeyPolicy ListGrants GetKeyRotationStatus",
);

/** Nothing of it opens what the key seals. */
export const KEY_MANAGEMENT: readonly string[] = named(
  "kms",
  `DescribeKey GetKeyPolicy PutKeyPolicy ListKeyPolicies GetKeyRotationStatus EnableKeyRotation DisableKeyRotation
  EnableKey DisableKey UpdateKeyDescription ListGrants RevokeGrant ListResourceTags TagResource UntagResource
  ScheduleKeyDeletion CancelKeyDeletion`,
);

/**
 * On objects, beside those that levels give; the last stands for what is not invented yet.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export const FURTHER_OBJECT_ACTIONS: readonly string[] = [
  "s3:AbortMultipartUpload",
  "s3:BypassGovernanceRetention",
  "s3:DeleteObjectTagging",
  "s3:DeleteObjectVersion",
  "s3:DeleteObjectVersionTagging",
  "s3:GetObjectAcl",
  "s3:GetObjectAttributes",
  "s3:GetObjectLegalHold",
  "s3:GetObjectRetention",
  "s3:GetObjectTagging",
  "s3:GetObjectTorrent",
  "s3:GetObjectVersionAcl",
  "s3:GetObjectVersionAttributes",
  "s3:GetObjectVersionForReplication",
  "s3:GetObjectVersionTagging",
  "s3:GetObjectVersionTorrent",
  "s3:InitiateReplication",
  "s3:ListMultipartUploadParts",
  "s3:ObjectOwnerOverrideToBucketOwner",
  "s3:PutObjectAcl",
  "s3:PutObjectLegalHold",
  "s3:PutObjectRetention",
  "s3:PutObjectTagging",
  "s3:PutObjectVersionAcl",
  "s3:PutObjectVersionTagging",
  "s3:ReplicateDelete",
  "s3:ReplicateObject",
  "s3:ReplicateTags",
  "s3:RestoreObject",
  "s3:UpdateObjectEncryption",
  "s3:UnknownToday",
];
