/** Which line of the map a statement of its documents comes from. @module */
import type { Generated } from "../generate/deployment.ts";
import { bucketPath, endpointPath, folderOf, keyPath, policyPath } from "../generate/files.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { StatementPlace } from "../policy/verdict.ts";

/** Undefined for what was not made from the map. */
export type LineOfStatement = (place: StatementPlace) => number | undefined;

/** @returns by the names that `bindingsOf` gives documents */
export function provenanceOf(
  map: AccessMap,
  { deployment, provenance }: Generated,
): LineOfStatement {
  const files = new Map<string, string>([
    ...deployment.buckets.map(({ name }) => [name, bucketPath(name)] as const),
    ...deployment.keys.map(({ arn }) => [arn, keyPath(arn)] as const),
    ...deployment.endpoints.map(({ id }) => [id, endpointPath(id)] as const),
    ...deployment.identities.flatMap((one) =>
      one.policies.map(
        (policy) =>
          [
            `${one.arn} ${policy.name}`,
            policyPath(folderOf(one, deployment.account), policy),
          ] as const,
      ),
    ),
  ]);
  const lines = new Map<string, number>();
  for (const { file, sid, from } of provenance) {
    const [path] = from;
    if (path !== undefined) lines.set(`${file} ${sid}`, map.lineOf(path));
  }
  return ({ policy, sid }) => lines.get(`${files.get(policy) ?? ""} ${sid ?? ""}`);
}
