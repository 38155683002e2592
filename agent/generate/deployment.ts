/**
 * All documents of a map, and where in the map each of their statements comes from.
 * @module
 */
import { PosternError } from "../core/errors.ts";
import type { KmsKeyArn } from "../core/names.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import type { Deployment } from "../policy/deployment.ts";
import { type BucketPolicy, bucketPolicy } from "./bucket-policy.ts";
import { byBucket, type DraftedDocument, type Origin, type Sources } from "./draft.ts";
import { endpointPolicy } from "./endpoints.ts";
import { bucketPath, endpointPath, folderOf, keyPath, policyPath } from "./files.ts";
import { identity } from "./identities.ts";
import { keyPolicy } from "./key-policies.ts";
import { labelsOf } from "./labels.ts";
import { inOrder } from "./order.ts";
import type { Packing } from "./pack.ts";
import { PLAIN } from "./pack-form.ts";
import { adviceOf, type Plan, planOf } from "./pack-further.ts";
import { keysAt, type Place, placesOf } from "./place.ts";
import { bucketSettings } from "./settings.ts";
import { LAST_STAGE, type Stage } from "./stage.ts";
import { readTemplates, type Templates } from "./templates.ts";

/** Why a statement is there. */
export interface Provenance {
  /** The file of the document, as `deploymentFiles` names it. */
  readonly file: string;
  readonly sid: string;
  /** What `lineOf` of the map takes. */
  readonly from: readonly MapPath[];
}

export interface Generated {
  readonly stage: Stage;
  readonly deployment: Deployment;
  /** Of the policies that would not fit in their plain form. */
  readonly packing: readonly Packing[];
  /** In the order of the documents and of their statements. */
  readonly provenance: readonly Provenance[];
}

/** @throws {PosternError} TooLarge when a document does not fit, NotFound without the templates */
export function generateDeployment(map: AccessMap): Deployment {
  return generate(map, readTemplates()).deployment;
}

export interface GenerateOptions {
  readonly stage?: Stage | undefined;
  readonly sizes?: Sources["sizes"] | undefined;
}

/**
 * @param options without them: the last stage, in sizes that AWS takes
 * @throws {PosternError} TooLarge when a document does not fit
 */
export function generate(
  given: AccessMap,
  templates: Templates,
  options: GenerateOptions = {},
): Generated {
  const sources = sourcesOf(given, templates, options);
  return built(sources, () => adviceOn(sources));
}

/** In which further buckets the groups of a map fit, of which a bucket policy is too large. */
function adviceOn(sources: Sources): string {
  const { map } = sources;
  const accepting: AccessMap = { ...map, accepted: [...map.accepted, "fewer-layers"] };
  const plan = (some: AccessMap): Plan | undefined =>
    planOf(some, (one) => obstacleTo(() => bucketPolicies({ ...sources, map: one })) === undefined);
  return adviceOf(plan(map), plan(accepting), (some) =>
    obstacleTo(() => built({ ...sources, map: some }, () => "")),
  );
}

/** What of it does not fit. */
function obstacleTo(build: () => unknown): PosternError | undefined {
  try {
    build();
    return undefined;
  } catch (error) {
    if (error instanceof PosternError && error.code === "TooLarge") return error;
    throw error;
  }
}

type DraftedBucket = BucketPolicy & { readonly place: Place };

/** Of all buckets; `advise` is asked where one fits in no form. */
export function bucketPolicies(
  sources: Sources,
  advise: () => string = () => "",
): readonly DraftedBucket[] {
  return byBucket(sources).flatMap((one) =>
    placesOf(one.map).map((place) => ({ place, ...bucketPolicy(one, place, advise) })),
  );
}

function built(sources: Sources, advise: () => string): Generated {
  const { map } = sources;
  const buckets = bucketPolicies(sources, advise);
  const keys = keysIn(sources).map((arn) => ({ arn, drafted: keyPolicy(sources, arn) }));
  const identities = map.principals.flatMap((principal) => identity(sources, principal) ?? []);
  const endpoints = endpointsAt(sources);
  const deployment: Deployment = {
    account: map.account,
    partition: map.partition,
    buckets: buckets.map(({ place: { target }, drafted }) => ({
      name: target.bucket,
      region: target.region,
      policy: drafted.origins.length === 0 ? undefined : drafted.document,
      settings: bucketSettings(target),
    })),
    keys: keys.map(({ arn, drafted }) => ({ arn, policy: drafted.document, grants: [] })),
    identities: identities.map(({ documents }) => documents),
    endpoints: endpoints.map(({ documents }) => documents),
  };
  return {
    stage: sources.stage,
    deployment,
    packing: buckets.flatMap(({ packing }) => packing ?? []),
    provenance: [
      ...buckets.flatMap(({ place, drafted }) => told(bucketPath(place.target.bucket), drafted)),
      ...keys.flatMap(({ arn, drafted }) => told(keyPath(arn), drafted)),
      ...identities.flatMap(({ documents, attached }) =>
        attached.flatMap(({ policy, origins }) =>
          told(policyPath(folderOf(documents, map.account), policy), { origins }),
        ),
      ),
      ...endpoints.flatMap(({ documents, drafted }) => told(endpointPath(documents.id), drafted)),
    ],
  };
}

/** Each once: buckets of a region may have keys in common. */
export function keysIn(sources: Sources): readonly KmsKeyArn[] {
  return [...new Set(byBucket(sources).flatMap(({ map }) => placesOf(map).flatMap(keysAt)))];
}

/** What documents are made of, the map with everything in order. */
export function sourcesOf(
  given: AccessMap,
  templates: Templates,
  { stage = LAST_STAGE, sizes = "as AWS takes" }: GenerateOptions = {},
): Sources {
  const map = inOrder(given);
  const labels = {
    groups: labelsOf(map.groups.map(({ name }) => name)),
    principals: labelsOf(map.principals.map(({ name }) => name)),
  };
  return { map, templates, stage, sizes, form: PLAIN, labels };
}

function endpointsAt(sources: Sources): readonly {
  readonly documents: Deployment["endpoints"][number];
  readonly drafted: DraftedDocument;
}[] {
  // what an endpoint's policy does not name, it denies to all that use the endpoint
  if (sources.stage < 2) return [];
  const places = byBucket(sources).flatMap(({ map }) => placesOf(map));
  const all = places.flatMap(({ target: { endpoints, region } }) =>
    endpoints.map((endpoint) => [endpoint.id, { endpoint, region }] as const),
  );
  return [...new Map(all).values()].flatMap(({ endpoint, region }) => {
    const drafted = endpointPolicy(sources, endpoint);
    if (drafted === undefined) return [];
    const { id, service, type } = endpoint;
    const documents = { id, service, type, region, policy: drafted.document };
    return [{ documents, drafted }];
  });
}

function told(
  file: string,
  { origins }: { readonly origins: readonly Origin[] },
): readonly Provenance[] {
  return origins.map(({ sid, from }) => ({ file, sid, from }));
}
