/**
 * The policies of VPC endpoints: through them only the map's buckets and keys are reached, by the account's or the
 * organisation's credentials, so that nobody in the VPC carries secrets to a bucket of somebody else.
 *
 * A principal there is "*" and a condition says whom it means: an account as principal is its root user alone.
 * @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies-vpc-endpoint.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { Endpoint } from "../map/access-map.ts";
import { AUDIT_RIGHTS, BUCKET_CHECK_RIGHTS, rightsOfLevel } from "../policy/rights.ts";
import {
  byBucket,
  type Draft,
  draft,
  documentOf,
  type DraftedDocument,
  type Sources,
} from "./draft.ts";
import type { Values } from "./fill.ts";
import { sorted } from "./order.ts";
import { keysAt, type Place, placesOf } from "./place.ts";

/** White space counts. @see https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html */
const MAX_CHARACTERS = 20_480;

/** Undefined where there is nothing to reach: an endpoint of KMS without any key. @throws {PosternError} TooLarge */
export function endpointPolicy(sources: Sources, endpoint: Endpoint): DraftedDocument | undefined {
  const drafts = endpoint.service === "s3" ? toS3(sources, endpoint) : toKms(sources, endpoint);
  if (drafts.length === 0) return undefined;
  const drafted = documentOf(drafts);
  const size = JSON.stringify(drafted.document).length;
  if (size <= MAX_CHARACTERS) return drafted;
  throw new PosternError(
    "TooLarge",
    `policy of endpoint ${quote(endpoint.id)}: expected at most ${MAX_CHARACTERS} characters, got ${size}`,
  );
}

/** What is reached through the endpoint: several buckets of a region have the same. */
interface Reached {
  readonly sources: Sources;
  readonly place: Place;
}

function reachedBy(sources: Sources, { id }: Endpoint): readonly Reached[] {
  return byBucket(sources).flatMap((one) =>
    placesOf(one.map)
      .filter(({ target }) => target.endpoints.some((endpoint) => endpoint.id === id))
      .map((place) => ({ sources: one, place })),
  );
}

function toS3(sources: Sources, endpoint: Endpoint): readonly Draft[] {
  const { map } = sources;
  const reached = reachedBy(sources, endpoint);
  const from = [["endpoints", endpoint.id]];
  const region = reached[0]?.place.target.region ?? map.home.region;
  return [
    ...reached.map(({ sources: one, place }) => {
      const actions = s3Actions(one, place);
      const values = { ...callers(one), bucket: place.bucket, actions, account: map.account };
      return draft(one, "endpoint/use-bucket", values, from);
    }),
    ...(endpoint.includeAwsOwned
      ? [
          draft(sources, "endpoint/aws-owned-buckets", { partition: map.partition, region }, [
            ["endpoints", endpoint.id, "include_aws_owned"],
          ]),
        ]
      : []),
  ];
}

const READING = ["s3:GetObject", "s3:ListBucket"];
const PAST = ["s3:GetObjectVersion", "s3:ListBucketVersions"];

/** What hosts do, and auditors; at home also who comes when all is locked, and publishers, some of whom run in the VPC. */
function s3Actions(sources: Sources, place: Place): readonly string[] {
  const { auditors } = sources.map;
  const used = usingActions(sources, place);
  return auditors.length === 0 ? used : sorted([...used, ...AUDIT_RIGHTS.bucket]);
}

function usingActions({ map }: Sources, { isHome }: Place): readonly string[] {
  if (!isHome) return READING;
  const publishes = map.groups.some(({ publishers }) => publishers.length > 0);
  const published = rightsOfLevel("restore").filter((right) => right.startsWith("s3:"));
  return sorted(publishes ? [...published, ...BUCKET_CHECK_RIGHTS] : [...READING, ...PAST]);
}

function toKms(sources: Sources, endpoint: Endpoint): readonly Draft[] {
  const { map } = sources;
  const keyArns = sorted(reachedBy(sources, endpoint).flatMap(({ place }) => keysAt(place)));
  if (keyArns.length === 0) return [];
  const seals = map.groups.some(({ publishers }) => publishers.length > 0);
  const actions = sorted([
    "kms:Decrypt",
    ...(seals ? ["kms:Encrypt", "kms:GenerateDataKey"] : []),
    ...(map.doctor ? ["kms:DescribeKey"] : []),
    ...(map.auditors.length === 0 ? [] : AUDIT_RIGHTS.key),
  ]);
  const values = { ...callers(sources), actions, keyArns };
  return [draft(sources, "endpoint/use-keys", values, [["endpoints", endpoint.id]])];
}

/** The organisation, or without one the account and those of its partners. */
function callers({ map }: Sources): Values {
  const { org } = map.guards;
  if (org !== undefined) return { org, accounts: undefined };
  const foreign = map.principals.flatMap((one) => (one.kind === "foreign" ? [one.account] : []));
  return { org: undefined, accounts: sorted([map.account, ...foreign]) };
}
