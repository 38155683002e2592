/**
 * How long it takes to prove the documents of a map of 100 roles and 50 groups: in processor time, so that others at work
 * on the machine do not count.
 * @module
 */
import { generate } from "../agent/generate/deployment.ts";
import { readTemplates } from "../agent/generate/templates.ts";
import { parseMap } from "../agent/map/parse.ts";
import { proveMap } from "../agent/prove/prove.ts";
import { holds } from "../agent/prove/report.ts";
import { type Bench, median, type Tell, type Verdict } from "./measure.ts";
import { benchMap } from "./prove-map.ts";

const ROUNDS = 3;
/** Seconds. */
const AIM = 5;

export const bench: Bench = {
  name: "prove",
  method: "the documents of 100 roles and 50 groups, not packed, by processor time",
  run: measureProof,
};

function measureProof(tell: Tell): Promise<readonly Verdict[]> {
  const map = parseMap(benchMap(), "bench.yaml");
  // 36 KB of bucket policy: what S3 would not take is proved all the same
  const { deployment } = generate(map, readTemplates(), { sizes: "any" });
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.cpuUsage();
    const report = proveMap(map, deployment);
    const { user, system } = process.cpuUsage(start);
    if (!holds(report)) throw new Error("the documents of the map do not hold");
    seconds.push((user + system) / 1e6);
    tell(`${report.results.length} obligations, ${report.decisions} decisions`);
  }
  return Promise.resolve([
    { what: "seconds of a first proof", ratio: seconds[0] ?? Number.NaN, atMost: AIM },
    { what: "seconds, the median", ratio: median(seconds), atMost: AIM },
  ]);
}
