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
    ...lostLines(lostLayers(map, one)),
  ]);
  return [...steps, `${count} requests are decided as by the plain documents`];
}

/** A line for all groups that lost the same layer. */
function lostLines(lost: readonly LostLayer[]): readonly string[] {
  return (["read", "list"] as const).flatMap((verb) => {
    const same = lost.filter((one) => one.verb === verb);
    const [first] = same;
    if (first === undefined) return [];
    const groups = same.map(({ group, principals }) => `${group} (${principals.length})`);
    return [
      `- no longer denies by itself to ${verb} these groups, each to so many insiders without that right: ${groups.join(", ")}; what denies it still is ${first.left.join(" and ")}`,
    ];
  });
}

/** One line. */
export async function forecastLine(map: AccessMap, templates: Templates): Promise<string> {
  const { forecastOf, ENOUGH } = await import("../generate/pack-forecast.ts");
  const { buckets, keys, fullest }: Forecast = forecastOf(map, templates);
  const number = (count: number): string => (count === ENOUGH ? `${count} or more` : String(count));
  return `room for ${[
    ...buckets.map(({ name, groups }, at) => {
      const more = at === 0 ? "more groups like these in" : "in";
      const where = buckets.length === 1 ? "the bucket policy" : `the policy of bucket ${name}`;
      return `${number(groups)} ${more} ${where}`;
    }),
    ...(keys === undefined ? [] : [`${number(keys)} in the key policies`]),
    ...(fullest === undefined
      ? []
      : [`${number(fullest.groups)} in the policies of ${fullest.name}`]),
  ].join(", ")}`;
}
