/**
 * What has to be asked of AWS to compare it with a map, beside its identities. Each question only reads.
 * @module
 */
import type { Question } from "../aws/question.ts";
import { quote, type Region } from "../core/names.ts";
import type { AccessMap, Target } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";

export interface Filed {
  /** Where the answer belongs in a folder of exports, without ".json". */
  readonly file: string;
  readonly question: Question;
}

/** Of buckets, keys and endpoints, in every region of the map. */
export function resourceQuestions(map: AccessMap): readonly Filed[] {
  const targets = targetsIn(map);
  const all = [
    ...targets.flatMap((target) => bucketQuestions(target, map)),
    ...targets.flatMap(({ region, keys }) =>
      [...keys.values()].flatMap((key) => keyQuestions(key, region)),
    ),
    ...targets.flatMap(({ region, endpoints }) =>
      endpoints.map(({ id }) => endpointQuestion(id, region)),
    ),
  ];
  // buckets of a region may have keys and endpoints in common
  return [...new Map(all.map((one) => [one.file, one])).values()];
}

/** Operations by the permission that each takes. @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
const OF_BUCKETS: readonly (readonly [operation: string, action: string])[] = [
  ["GetBucketPolicy", "s3:GetBucketPolicy"],
  ["GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"],
  ["GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"],
  ["GetBucketVersioning", "s3:GetBucketVersioning"],
  ["GetBucketEncryption", "s3:GetEncryptionConfiguration"],
];

function bucketQuestions(
  { bucket, region }: Target,
  { account, partition }: AccessMap,
): readonly Filed[] {
  return OF_BUCKETS.map(([operation, action]) => ({
    file: `buckets/${bucket}/${kebab(operation)}`,
    question: {
      service: "s3",
      operation,
      region,
      input: { Bucket: bucket, ExpectedBucketOwner: account },
      needs: { action, resource: `arn:${partition}:s3:::${bucket}` },
    },
  }));
}

function keyQuestions(arn: string, region: Region): readonly Filed[] {
  const ofKey = (operation: string, more: Readonly<Record<string, string>> = {}): Filed => ({
    file: `${keyFolder(arn, region)}/${kebab(operation)}`,
    question: {
      service: "kms",
      operation,
      region,
      input: { KeyId: arn, ...more },
      needs: { action: `kms:${operation}`, resource: arn },
    },
  });
  return [ofKey("GetKeyPolicy", { PolicyName: "default" }), ofKey("ListGrants")];
}

/** Where what is told of a key belongs. */
export function keyFolder(arn: string, region: Region): string {
  return `keys/${region}/${arn.split("/").at(-1) ?? quote(arn)}`;
}

function endpointQuestion(id: string, region: Region): Filed {
  return {
    file: `endpoints/${id}/describe-vpc-endpoints`,
    question: {
      service: "ec2",
      operation: "DescribeVpcEndpoints",
      region,
      input: { VpcEndpointIds: id },
      needs: { action: "ec2:DescribeVpcEndpoints", resource: "*" },
    },
  };
}

/** As the AWS CLI writes it: "GetBucketPolicy" is "get-bucket-policy". */
export function kebab(name: string): string {
  return name.replaceAll(/(?<!^)[A-Z]/g, "-$&").toLowerCase();
}
