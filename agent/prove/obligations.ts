/** All that must hold of a map's documents. @module */
import type { AccessMap } from "../map/access-map.ts";
import { mapsByBucket } from "../map/buckets.ts";
import { administrationObligations } from "./administration.ts";
import { auditorObligations } from "./auditor-obligations.ts";
import { endpointLimits } from "./endpoint-limits.ts";
import { endpointObligations } from "./endpoint-obligations.ts";
import { expectationObligations } from "./expectation-obligations.ts";
import { guardObligations } from "./guard-obligations.ts";
import { keyObligations } from "./key-obligations.ts";
import { listObligations } from "./list-obligations.ts";
import { managementObligations } from "./management-obligations.ts";
import type { Named } from "./named.ts";
import type { Obligation } from "./obligation.ts";
import { replicationObligations } from "./replication.ts";
import { strangerObligations } from "./stranger-obligations.ts";
import type { Stranger } from "./strangers.ts";
import { takeoverObligations } from "./takeover.ts";
import { trustObligations } from "./trust-obligations.ts";
import { type Subject, subjectsOf, useObligations } from "./use-obligations.ts";

/** @param hasDocuments whether the own policies of a principal with this ARN are among the documents */
export function obligationsOf(
  map: AccessMap,
  named: Named,
  strangers: readonly Stranger[],
  hasDocuments: (arn: string) => boolean,
): readonly Obligation[] {
  const subjects = subjectsOf(map, hasDocuments);
  const inEach = (
    of: (map: AccessMap, subjects: readonly Subject[]) => readonly Obligation[],
  ): readonly Obligation[] => mapsByBucket(map).flatMap((one) => inBucket(one, of(one, subjects)));
  return [
    ...inEach(useObligations),
    ...inEach(listObligations),
    ...keyObligations(map, subjects),
    ...inEach(administrationObligations),
    ...inEach(managementObligations),
    ...inEach(auditorObligations),
    ...inEach(guardObligations),
    ...inEach(replicationObligations),
    ...inEach((one) => strangerObligations(one, strangers)),
    ...takeoverObligations(map, subjects),
    ...trustObligations(map, named),
    ...endpointObligations(map),
    ...endpointLimits(map, named),
    ...inEach((one) => expectationObligations(map, one, subjects)),
  ];
}

function inBucket({ home }: AccessMap, own: readonly Obligation[]): readonly Obligation[] {
  return home.path.length === 0 ? own : own.map((one) => ({ ...one, bucket: home.bucket }));
}
