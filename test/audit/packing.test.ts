import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgePacking, lostLayers } from "../../agent/audit/packing.ts";
import { generate, type Generated } from "../../agent/generate/deployment.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import type { AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { ACME, replaced, withAuditor } from "../support/access-maps.ts";
import { furtherMap, realisticMap, withEverything } from "../support/deployments.ts";
import { largeMap } from "../support/large-maps.ts";

const templates = readTemplates();
const plainOf = (map: AccessMap): Generated => generate(map, templates, { sizes: "any" });

/** The shortest that packs at all, found by taking ever more away. */
function tightest(map: AccessMap): Generated {
  let best: Generated | undefined;
  const whole = Math.max(
    ...plainOf(map).deployment.buckets.map(({ policy }) => JSON.stringify(policy).length),
  );
  for (let sizes = whole; sizes > 0; sizes -= 250)
    try {
      best = generate(map, templates, { sizes });
    } catch {
      break;
    }
  assert.ok(best !== undefined);
  return best;
}

/** As if every role of the map could do everything by its own policies. */
function everybody(deployment: Deployment): Deployment {
  return deployment.identities.reduce((all, { arn }) => withEverything(all, arn), deployment);
}

const maps: readonly (readonly [string, AccessMap, steps: number])[] = [
  ["of every kind, with a replica", realisticMap, 3],
  ["of groups in several buckets", furtherMap, 3],
  ["without a replica", parseMap(ACME, "acme.yaml"), 3],
  [
    "with roles of one name in two accounts",
    parseMap(replaced("444455556666:role/partner", "444455556666:role/web")(ACME), "acme.yaml"),
    3,
  ],
  ["with an auditor", parseMap(withAuditor(ACME), "acme.yaml"), 3],
  ["of groups under SSE-KMS", largeMap({ roles: 10, groups: 5, protection: "sse-kms" }), 3],
];

describe("packed documents", () => {
  for (const [what, map, steps] of maps) {
    const packed = tightest(map);

    it(`are packed all the way: a map ${what}`, () => {
      assert.equal(Math.max(...packed.packing.map((one) => one.steps.length)), steps);
    });

    it(`decide as the plain ones: a map ${what}`, () => {
      const { deployment } = plainOf(map);
      assert.ok(judgePacking(map, deployment, packed.deployment) > 200);
    });

    it(`decide so also for roles whose own policies allow everything: a map ${what}`, () => {
      const [plain, short] = [plainOf(map), packed].map((one) => everybody(one.deployment));
      assert.ok(plain !== undefined && short !== undefined);
      assert.ok(judgePacking(map, plain, short) > 200);
    });
  }

  it("decide alike also where denies are left out, as the roles' policies are exact", () => {
    const map = largeMap({ roles: 10, groups: 5, accepts: true });
    const packed = tightest(map);
    assert.ok((packed.packing[0]?.unlisted.length ?? 0) > 0);
    assert.ok(judgePacking(map, plainOf(map).deployment, packed.deployment) > 200);
  });

  it("decide alike where denies are left out of a map of every kind", () => {
    const replicated: AccessMap = { ...realisticMap, accepted: ["fewer-layers"] };
    for (const map of [replicated, { ...replicated, replicas: [], replication: undefined }]) {
      const packed = tightest(map);
      assert.ok((packed.packing[0]?.unread.length ?? 0) > 0);
      assert.equal((packed.packing[0]?.unlisted.length ?? 0) > 0, map.replicas.length === 0);
      assert.ok(judgePacking(map, plainOf(map).deployment, packed.deployment) > 200);
    }
  });

  it("are refused when a role would get at another group", () => {
    const { deployment } = plainOf(realisticMap);
    const other = withEverything(deployment, "arn:aws:iam::111122223333:role/infra");
    const [bucket, ...more] = other.buckets;
    assert.ok(bucket !== undefined);
    const open = { ...other, buckets: [{ ...bucket, policy: undefined }, ...more] };
    assert.throws(
      () => judgePacking(realisticMap, deployment, open),
      /packing changes what is decided: \w+ may read "\w+\/example" was \w+, is/,
    );
  });
});

describe("a layer that is lost", () => {
  const map = largeMap({ roles: 100, groups: 50, accepts: true });
  const { packing, deployment } = generate(map, templates);
  const lost = packing.flatMap((one) => lostLayers(map, one));

  it("is told by group and verb, with those to whom it is closed and what is left", () => {
    const [read] = lost;
    assert.deepEqual([read?.group, read?.verb], ["app-000", "read"]);
    assert.deepEqual(read?.left, ["the key's policy", "their own policies"]);
    assert.ok(!read.principals.some((name) => ["ci", "emergency", "role-000"].includes(name)));
    const outsider = { ...map, groups: map.groups.slice(0, 5) };
    const [fewer] = packing.flatMap((one) => lostLayers(outsider, one));
    assert.ok(fewer !== undefined && fewer.principals.length < read.principals.length / 2);
    assert.ok(read.principals.includes("role-001" as never));
  });

  it("leaves what a role reads to the key, whatever its own policies allow", () => {
    const role = "arn:aws:iam::111122223333:role/postern/role-001";
    const everything = withEverything(deployment, role);
    assert.throws(
      () => judgePacking(map, deployment, everything),
      /role-001 may list "app-000\/" was denied/,
    );
  });
});
