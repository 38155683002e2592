/**
 * All documents of a map, and where in the map each of their statements comes from.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import type { Deployment } from "../policy/deployment.ts";
import { bucketPolicy } from "./bucket-policy.ts";
import type { DraftedDocument, Origin, Sources } from "./draft.ts";
import { endpointPolicy } from "./endpoints.ts";
import { bucketPath, endpointPath, folderOf, keyPath, policyPath } from "./files.ts";
import { identity } from "./identities.ts";
import { keyPolicy } from "./key-policies.ts";
import { labelsOf } from "./labels.ts";
import { inOrder } from "./order.ts";
import { keysAt, type Place, placesOf } from "./place.ts";
import { bucketSettings } from "./settings.ts";
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
  readonly deployment: Deployment;
  /** In the order of the documents and of their statements. */
  readonly provenance: readonly Provenance[];
}

/** @throws {PosternError} TooLarge when a document does not fit, NotFound without the templates */
export function generateDeployment(map: AccessMap): Deployment {
  return generate(map, readTemplates()).deployment;
}

/** @throws {PosternError} TooLarge when a document does not fit */
export function generate(given: AccessMap, templates: Templates): Generated {
  const map = inOrder(given);
  const sources: Sources = {
    map,
    templates,
    labels: {
      groups: labelsOf(map.groups.map(({ name }) => name)),
      principals: labelsOf(map.principals.map(({ name }) => name)),
    },
  };
  const places = placesOf(map);
  const buckets = places.map((place) => ({ place, drafted: bucketPolicy(sources, place) }));
  const keys = places.flatMap((place) =>
    keysAt(place).map((arn) => ({ arn, drafted: keyPolicy(sources, place, arn) })),
  );
  const identities = map.principals.flatMap((principal) => identity(sources, principal) ?? []);
  const endpoints = places.flatMap((place) => endpointsAt(sources, place));
  const deployment: Deployment = {
    account: map.account,
    partition: map.partition,
    buckets: buckets.map(({ place: { target }, drafted }) => ({
      name: target.bucket,
      region: target.region,
      policy: drafted.document,
      settings: bucketSettings(target),
    })),
    keys: keys.map(({ arn, drafted }) => ({ arn, policy: drafted.document, grants: [] })),
    identities: identities.map(({ documents }) => documents),
    endpoints: endpoints.map(({ documents }) => documents),
  };
  return {
    deployment,
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

function endpointsAt(
  sources: Sources,
  place: Place,
): readonly {
  readonly documents: Deployment["endpoints"][number];
  readonly drafted: DraftedDocument;
}[] {
  const { target } = place;
  return target.endpoints.flatMap((endpoint) => {
    const drafted = endpointPolicy(sources, place, endpoint);
    if (drafted === undefined) return [];
    const { id, service, type } = endpoint;
    const documents = { id, service, type, region: target.region, policy: drafted.document };
    return [{ documents, drafted }];
  });
}

function told(
  file: string,
  { origins }: { readonly origins: readonly Origin[] },
): readonly Provenance[] {
  return origins.map(({ sid, from }) => ({ file, sid, from }));
}
