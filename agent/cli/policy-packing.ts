/** What `policy generate` says of sizes: what was done so that documents fit, and what room is left. @module */
import type { LostLayer } from "../audit/packing.ts";
import type { Generated } from "../generate/deployment.ts";
import type { Forecast } from "../generate/pack-forecast.ts";
import type { Templates } from "../generate/templates.ts";
import type { AccessMap } from "../map/access-map.ts";

/**
 * Judges what was packed, and tells of it; nothing where all documents are in their plain form.
 * @throws {PosternError} Internal when it would decide otherwise than the plain documents
 */
export async function packingLines(
  map: AccessMap,
  { deployment, packing, stage }: Generated,
  templates: Templates,
): Promise<readonly string[]> {
  if (packing.length === 0) return [];
  const [{ generate }, { judgePacking, lostLayers }] = await Promise.all([
    import("../generate/deployment.ts"),
    import("../audit/packing.ts"),
  ]);
  const plain = generate(map, templates, { stage, sizes: "any" });
  const count = judgePacking(map, plain.deployment, deployment);
  const steps = packing.flatMap((one) => [
    `${one.file}: ${one.from} bytes would not fit, ${one.to} do. It`,
    ...one.steps.map((step) => `- ${step}`),
    ...lostLayers(map, one).map(lostLine),
  ]);
  return [...steps, `${count} requests are decided as by the plain documents`];
}

function lostLine({ group, verb, principals, left }: LostLayer): string {
  return `- no longer denies alone to ${verb} ${group}, to ${principals.length}: left are ${left.join(" and ")} (${principals.join(", ")})`;
}

/** One line. */
export async function forecastLine(map: AccessMap, templates: Templates): Promise<string> {
  const { forecastOf, ENOUGH } = await import("../generate/pack-forecast.ts");
  const { bucket, keys, fullest }: Forecast = forecastOf(map, templates);
  const number = (count: number): string => (count === ENOUGH ? `${count} or more` : String(count));
  return `room for ${[
    `${number(bucket)} more groups like these in the bucket policy`,
    ...(keys === undefined ? [] : [`${number(keys)} in the key policies`]),
    ...(fullest === undefined
      ? []
      : [`${number(fullest.groups)} in the policies of ${fullest.name}`]),
  ].join(", ")}`;
}
