/**
 * The actions of S3, KMS and STS, by what they are about, as the Service Authorization Reference lists them.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
 * @module
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const OBJECT_ACTIONS = words(`
  AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectAnnotation DeleteObjectTagging
  DeleteObjectVersion DeleteObjectVersionAnnotation DeleteObjectVersionTagging GetObject GetObjectAcl
  GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging
  GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAnnotation
  GetObjectVersionAnnotationForReplication GetObjectVersionAttributes GetObjectVersionForReplication
  GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts
  ListObjectAnnotations ListObjectVersionAnnotations ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl
  PutObjectAnnotation PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl
  PutObjectVersionAnnotation PutObjectVersionTagging ReplicateDelete ReplicateObject
  ReplicateObjectAnnotation ReplicateTags RestoreObject UpdateObjectEncryption
`);

const BUCKET_ACTIONS = words(`
  AllowVendedLogDeliveryForResource CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket
  DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
  GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
  GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration
  GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock
  GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration
  GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
  GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads
  ListBucketVersions PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac
  PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification PutBucketObjectLockConfiguration
  PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketRequestPayment
  PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
  PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
  PutMetricsConfiguration PutReplicationConfiguration UpdateBucketMetadataAnnotationTableConfiguration
  UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
`);

/** About access points, grants, jobs and the account. */
const OTHER_S3_ACTIONS = words(`
  AssociateAccessGrantsIdentityCenter CreateAccessGrant CreateAccessGrantsInstance
  CreateAccessGrantsLocation CreateAccessPoint CreateAccessPointForObjectLambda CreateJob
  CreateMultiRegionAccessPoint CreateStorageLensGroup DeleteAccessGrant DeleteAccessGrantsInstance
  DeleteAccessGrantsInstanceResourcePolicy DeleteAccessGrantsLocation DeleteAccessPoint
  DeleteAccessPointForObjectLambda DeleteAccessPointPolicy DeleteAccessPointPolicyForObjectLambda
  DeleteJobTagging DeleteMultiRegionAccessPoint DeleteStorageLensConfiguration
  DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeJob
  DescribeMultiRegionAccessPointOperation DissociateAccessGrantsIdentityCenter GetAccessGrant
  GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix GetAccessGrantsInstanceResourcePolicy
  GetAccessGrantsLocation GetAccessPoint GetAccessPointConfigurationForObjectLambda
  GetAccessPointForObjectLambda GetAccessPointPolicy GetAccessPointPolicyForObjectLambda
  GetAccessPointPolicyStatus GetAccessPointPolicyStatusForObjectLambda GetAccountPublicAccessBlock
  GetDataAccess GetJobTagging GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy
  GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes GetStorageLensConfiguration
  GetStorageLensConfigurationTagging GetStorageLensDashboard GetStorageLensGroup ListAccessGrants
  ListAccessGrantsInstances ListAccessGrantsLocations ListAccessPoints ListAccessPointsForObjectLambda
  ListAllMyBuckets ListCallerAccessGrants ListJobs ListMultiRegionAccessPoints ListStorageLensConfigurations
  ListStorageLensGroups ListTagsForResource PutAccessGrantsInstanceResourcePolicy
  PutAccessPointConfigurationForObjectLambda PutAccessPointPolicy PutAccessPointPolicyForObjectLambda
  PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutJobTagging PutMultiRegionAccessPointPolicy
  PutStorageLensConfiguration PutStorageLensConfigurationTagging SubmitMultiRegionAccessPointRoutes
  TagResource UntagResource UpdateAccessGrantsLocation UpdateJobPriority UpdateJobStatus
  UpdateStorageLensGroup
`);

const KEY_ACTIONS = words(`
  CancelKeyDeletion CreateAlias CreateGrant Decrypt DeleteAlias DeleteImportedKeyMaterial DeriveSharedSecret
  DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey
  GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac
  GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial
  ListGrants ListKeyPolicies ListKeyRotations ListResourceTags PutKeyPolicy ReEncryptFrom ReEncryptTo
  ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion Sign SynchronizeMultiRegionKey
  TagResource UntagResource UpdateAlias UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac
`);

const OTHER_KMS_ACTIONS = words(`
  ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores
  DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys ListRetirableGrants UpdateCustomKeyStore
`);

const STS_ACTIONS = words(`
  AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage
  GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetServiceBearerToken
  GetSessionToken GetWebIdentityToken SetContext SetSourceIdentity TagGetWebIdentityToken TagSession
`);

/** What an action is about; of other services nothing is known. */
export type About = "object" | "bucket" | "key" | "other";

const TABLE: ReadonlyMap<string, readonly [name: string, about: About]> = new Map(
  (
    [
      ["s3", "object", OBJECT_ACTIONS],
      ["s3", "bucket", BUCKET_ACTIONS],
      ["s3", "other", OTHER_S3_ACTIONS],
      ["kms", "key", KEY_ACTIONS],
      ["kms", "other", OTHER_KMS_ACTIONS],
      ["sts", "other", STS_ACTIONS],
    ] as const
  ).flatMap(([service, about, names]) =>
    names.map(
      (name) => [`${service}:${name}`.toLowerCase(), [`${service}:${name}`, about]] as const,
    ),
  ),
);

/** "s3:GetObject", "kms:Decrypt": every action that is known, as AWS writes it. */
export const KNOWN_ACTIONS: readonly string[] = [...TABLE.values()].map(([name]) => name);

/** @param action in any case */
export function aboutOf(action: string): About | undefined {
  return TABLE.get(action.toLowerCase())?.[1];
}

/** The known actions that a pattern such as "s3:Get*" covers, in the order of the tables. */
export function actionsLike(pattern: string): readonly string[] {
  const escaped = pattern.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const form = new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  return [...TABLE].filter(([lower]) => form.test(lower)).map(([, [name]]) => name);
}
