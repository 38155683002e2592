/**
 * Condition keys that only some actions of S3, KMS and STS carry, keys of several values, and those that are known.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * @module
 */

const ACL =
  "s3:PutObject s3:PutObjectAcl s3:PutObjectVersionAcl s3:PutBucketAcl s3:CreateBucket s3:CreateAccessPoint";
const ENCRYPT = "s3:PutObject s3:ReplicateObject s3:UpdateObjectEncryption";
const LIST = "s3:ListBucket s3:ListBucketVersions";
const CONTEXT =
  "kms:CreateGrant kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyPair kms:GenerateDataKeyPairWithoutPlaintext kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo kms:RetireGrant";

/**
 * By key, or by the beginning of a key that ends in "/" or ":", in lower case: the actions that carry it, in AWS's
 * spelling. BypassGovernanceRetention is asked along with the action that it serves, and carries what that one does.
 */
const CARRIED: Readonly<Record<string, string>> = {
  "s3:prefix": LIST,
  "s3:delimiter": LIST,
  "s3:max-keys": LIST,
  "s3:versionid":
    "s3:DeleteObjectVersion s3:DeleteObjectVersionAnnotation s3:DeleteObjectVersionTagging s3:GetObjectVersion s3:GetObjectVersionAcl s3:GetObjectVersionAnnotation s3:GetObjectVersionAttributes s3:GetObjectVersionTagging s3:GetObjectVersionTorrent s3:ListObjectVersionAnnotations s3:PutObjectVersionAcl s3:PutObjectVersionAnnotation s3:PutObjectVersionTagging",
  "s3:if-match": "s3:PutObject s3:DeleteObject",
  "s3:if-none-match": "s3:PutObject",
  "s3:objectcreationoperation": "s3:PutObject",
  "s3:x-amz-acl": ACL,
  "s3:x-amz-grant-full-control": ACL,
  "s3:x-amz-grant-read": ACL,
  "s3:x-amz-grant-write": ACL,
  "s3:x-amz-copy-source": "s3:PutObject",
  "s3:x-amz-storage-class": "s3:PutObject s3:PutObjectAcl s3:PutObjectVersionAcl",
  "s3:x-amz-server-side-encryption": ENCRYPT,
  "s3:x-amz-server-side-encryption-aws-kms-key-id": ENCRYPT,
  "s3:x-amz-server-side-encryption-customer-algorithm": "s3:PutObject s3:ReplicateObject",
  "s3:requestobjecttag/": "s3:PutObject s3:PutObjectTagging s3:PutObjectVersionTagging",
  "s3:requestobjecttagkeys": "s3:PutObject s3:PutObjectTagging s3:PutObjectVersionTagging",
  "kms:encryptioncontext:": CONTEXT,
  "kms:encryptioncontextkeys": CONTEXT,
  "kms:encryptionalgorithm": CONTEXT.replace("kms:CreateGrant ", "").replace(
    " kms:RetireGrant",
    "",
  ),
  "kms:grantisforawsresource": "kms:CreateGrant kms:ListGrants kms:RevokeGrant",
  "kms:grantoperations": "kms:CreateGrant",
  "kms:granteeprincipal": "kms:CreateGrant",
  "kms:bypasspolicylockoutsafetycheck": "kms:CreateKey kms:PutKeyPolicy",
  "kms:schedulekeydeletionpendingwindowindays": "kms:ScheduleKeyDeletion",
  "sts:externalid": "sts:AssumeRole",
  "sts:rolesessionname": "sts:AssumeRole sts:AssumeRoleWithSAML sts:AssumeRoleWithWebIdentity",
  "sts:transitivetagkeys":
    "sts:AssumeRole sts:AssumeRoleWithSAML sts:AssumeRoleWithWebIdentity sts:TagSession",
};

/** The actions that carry the key; undefined where every action may, as far as is known. */
export function carriersOf(lowerKey: string): readonly string[] | undefined {
  const beginning = Object.keys(CARRIED).find(
    (one) => one === lowerKey || (/[/:]$/.test(one) && lowerKey.startsWith(one)),
  );
  return beginning === undefined ? undefined : CARRIED[beginning]?.split(" ");
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html */
const SEVERAL_VALUES: ReadonlySet<string> = new Set([
  "aws:principalorgpaths",
  "aws:principalservicenameslist",
  "aws:vpceorgpaths",
  "aws:resourceorgpaths",
  "aws:sourceorgpaths",
  "aws:calledvia",
  "aws:tagkeys",
  "kms:encryptioncontextkeys",
  "kms:grantoperations",
  "kms:resourcealiases",
  "s3:requestobjecttagkeys",
  "s3:inventoryaccessibleoptionalfields",
  "sts:transitivetagkeys",
  "sts:identitytokenaudience",
  "sts:requestcontextproviders",
]);

/** Whether the key is known to have one value; of keys of other services nothing is known. */
export function hasOneValue(lowerKey: string): boolean {
  return isKnownKey(lowerKey) === true && !SEVERAL_VALUES.has(lowerKey);
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const KEYS: Readonly<Record<string, readonly string[]>> = {
  aws: words(`
  assumedroot calledvia calledviaawsmcp calledviafirst calledvialast chatbotsourcearn currenttime
  ec2instancesourceprivateipv4 ec2instancesourcevpc epochtime federatedprovider ismcpserviceaction multifactorauthage
  multifactorauthpresent principalaccount principalarn principalisawsservice principalorgid principalorgpaths
  principalservicename principalservicenameslist principaltag/ principaltype referer requestedregion requesttag/
  resourceaccount resourceorgid resourceorgpaths resourcetag/ securetransport sourceaccount sourcearn sourceidentity
  sourceip sourceorgid sourceorgpaths sourceowner sourcevpc sourcevpcarn sourcevpce tagkeys tokenissuetime useragent
  userid username viaawsmcpservice viaawsservice vpceaccount vpceorgid vpceorgpaths vpcsourceip
  `),
  s3: words(`
  accessgrantsinstancearn accessgrantscope accessgrantslocationscope accesspointnetworkorigin accesspointtag/
  annotation-prefix authtype buckettag/ dataaccesspointaccount dataaccesspointarn delimiter deliverysourcearn
  destinationregion existingjoboperation existingjobpriority existingobjecttag/ if-match if-none-match
  inventoryaccessibleoptionalfields isreplicationpauserequest jobsuspendedcause locationconstraint logtype
  max-annotation-results max-keys object-lock-event-hold object-lock-event-hold-duration-days object-lock-legal-hold
  object-lock-mode object-lock-remaining-retention-days object-lock-retain-until-date objectcreationoperation prefix
  requestjoboperation requestjobpriority requestobjecttag/ requestobjecttagkeys resourceaccount
  resourcearnbeingauthorized signatureage signatureversion tlsversion versionid x-amz-acl x-amz-bucket-namespace
  x-amz-content-sha256 x-amz-copy-source x-amz-grant-full-control x-amz-grant-read x-amz-grant-read-acp
  x-amz-grant-write x-amz-grant-write-acp x-amz-metadata-directive x-amz-object-annotation-directive
  x-amz-object-if-match x-amz-object-ownership x-amz-server-side-encryption
  x-amz-server-side-encryption-aws-kms-key-id x-amz-server-side-encryption-customer-algorithm x-amz-storage-class
  x-amz-website-redirect-location
  `),
  kms: words(`
  bypasspolicylockoutsafetycheck calleraccount customermasterkeyspec customermasterkeyusage datakeypairspec
  encryptionalgorithm encryptioncontext: encryptioncontextkeys expirationmodel grantconstraintsourcearn
  grantconstrainttype granteeprincipal granteeserviceprincipal grantisforawsresource grantoperations
  keyagreementalgorithm keyorigin keyspec keyusage macalgorithm messagetype multiregion multiregionkeytype
  primaryregion recipientattestation: reencryptonsamekey replicaregion requestalias resourcealiases retiringprincipal
  retiringserviceprincipal rotationperiodindays schedulekeydeletionpendingwindowindays signingalgorithm
  trailingdayswithoutkeyusage validto viaservice wrappingalgorithm wrappingkeyspec
  `),
  // those of its resources too, so that a misspelt one of its credentials is told
  ec2: words(`
  acceptervpc add/group add/userid allocationid associatepublicipaddress attribute attribute/
  authenticationtype authorizedservice authorizeduser autoplacement availabilityzone availabilityzoneid
  bootmodeoverride capacityreservationfleet clientrootcertificatechainarn cloudwatchloggrouparn
  cloudwatchlogstreamarn commitmentduration cpuoptionsamdsevsnp createaction createdate
  destinationcapacityreservationid dhcpoptionsid directoryarn domain dpdtimeoutseconds ebsoptimized
  elasticgputype encrypted enddate enddatetype ephemeralstorage fisactionid fistargetarns gatewaytype
  hostrecovery ikeversions imageid imagetype insidetunnelcidr insidetunnelipv6cidr instanceautorecovery
  instancebandwidthweighting instancecount instanceid instancemarkettype instancematchcriteria
  instancemetadatatags instanceplatform instanceprofile instancetype internetgatewayid
  interruptiblecapacityreservationid interruptiontype ipamprefixlistresolvertargetid ipv4ipampoolid
  ipv6ipampoolid isinterruptible islaunchtemplateresource keypairname keypairtype kmskeyid launchtemplate
  location managedresourceoperator metadatahttpendpoint metadatahttpputresponsehoplimit metadatahttptokens
  networkaclid networkinterfaceid newinstanceprofile outpostarn owner parentsnapshot parentvolume permission
  phase1dhgroup phase1encryptionalgorithms phase1integrityalgorithms phase1lifetimeseconds phase2dhgroup
  phase2encryptionalgorithms phase2integrityalgorithms phase2lifetimeseconds placementgroup
  placementgroupname placementgroupstrategy productcode public publicipaddress quantity region
  rekeyfuzzpercentage rekeymargintimeseconds remove/group remove/userid replaywindowsizepackets requestervpc
  reservedinstancesofferingtype resourcetag/ roledelivery rootdevicetype routetableid routingtype
  samlproviderarn securitygroupid servercertificatearn snapshotcooloffperiod snapshotid snapshotlockduration
  snapshottime sourceavailabilityzone sourcecapacityreservationid sourceinstancearn sourceoutpostarn subnet
  subnetid targetinstancecount tenancy transitgatewayattachmentid transitgatewayconnectpeerid
  transitgatewayid transitgatewaymeteringpolicyid transitgatewaymulticastdomainid
  transitgatewaypolicytableid transitgatewayroutetableannouncementid transitgatewayroutetableid volumeid
  volumeinitializationrate volumeiops volumesize volumethroughput volumetype vpc vpcemultiregion
  vpceprivatednspreference vpceprivatednsspecifieddomains vpceservicename vpceserviceowner
  vpceserviceprivatednsname vpceserviceregion vpcesupportedregion vpcid vpcpeeringconnectionid
  `),
  sts: words(`
  awsservicename durationseconds externalid identitytokenaudience requestcontext/ requestcontextproviders
  roleauthorizedbyidp rolesessionname signingalgorithm sourceidentity taskpolicyarn transitivetagkeys
  `),
};

/** Undefined for a key of a service whose keys are not listed here. */
export function isKnownKey(lowerKey: string): boolean | undefined {
  const [, service = "", name = ""] = /^([^:]+):(.+)$/.exec(lowerKey) ?? [];
  const known = KEYS[service];
  if (known === undefined) return undefined;
  return known.some((one) => one === name || (/[/:]$/.test(one) && name.startsWith(one)));
}

/** The known keys of the service, for a hint. */
export function keysOf(service: string): readonly string[] {
  return (KEYS[service] ?? []).map((name) => `${service}:${name}`);
}
