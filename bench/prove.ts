/**
 * How long it takes to prove the documents of a map of 100 roles and 50 groups: in processor time, so that others at work
 * on the machine do not count.
 * @module
 */
import { generate } from "../agent/generate/deployment.ts";
import { readTemplates } from "../agent/generate/templates.ts";
import type { AccessMap } from "../agent/map/access-map.ts";
import { parseMap } from "../agent/map/parse.ts";
import type { Deployment } from "../agent/policy/deployment.ts";
import { proveMap } from "../agent/prove/prove.ts";
import { holds } from "../agent/prove/report.ts";
import { type Bench, median, type Tell, type Verdict } from "./measure.ts";
import { benchMap } from "./prove-map.ts";

const ROUNDS = 5;
/** Seconds. */
const AIM = 5;

export const bench: Bench = {
  name: "prove",
  method: "the documents of 100 roles and 50 groups, packed and plain, by processor time",
  run: measureProofs,
};

function measureProofs(tell: Tell): Promise<readonly Verdict[]> {
  const packed = parseMap(`${benchMap()}accept: [fewer-layers]\n`, "bench.yaml");
  const { deployment, packing } = generate(packed, readTemplates());
  for (const { from, to, steps } of packing)
    tell(`bucket policy: ${from} bytes, packed ${to}: ${steps.join("; ")}`);
  const plain = parseMap(benchMap(), "bench.yaml");
  // 36 KB of bucket policy: what S3 would not take is proved all the same
  const unpacked = generate(plain, readTemplates(), { sizes: "any" }).deployment;
  return Promise.resolve([
    ...measureProof("packed", packed, deployment, tell),
    ...measureProof("plain", plain, unpacked, tell),
  ]);
}

function measureProof(
  name: string,
  map: AccessMap,
  deployment: Deployment,
  tell: Tell,
): readonly Verdict[] {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.cpuUsage();
    const report = proveMap(map, deployment);
    const { user, system } = process.cpuUsage(start);
    if (!holds(report)) throw new Error("the documents of the map do not hold");
    seconds.push((user + system) / 1e6);
    tell(`${name}: ${report.results.length} obligations, ${report.decisions} decisions`);
  }
  return [
    { what: `${name}: seconds of a first proof`, ratio: seconds[0] ?? Number.NaN },
    { what: `${name}: seconds, the median`, ratio: median(seconds), atMost: AIM },
  ];
}
