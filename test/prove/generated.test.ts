import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { generate, generateDeployment } from "../../agent/generate/deployment.ts";
import { readTemplates } from "../../agent/generate/templates.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { proveMap } from "../../agent/prove/prove.ts";
import type { Result } from "../../agent/prove/proving.ts";
import { holds } from "../../agent/prove/report.ts";
import { ACME, replaced } from "../support/access-maps.ts";
import { largeMap } from "../support/large-maps.ts";
import { root } from "../support/root.ts";

const isOpen = ({ outcome }: Result): boolean => outcome.kind !== "proved";

const WITHOUT_KEYS = `version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
endpoints: { vpce-0123456789abcdef0: { service: s3 }, vpce-0fedcba9876543210: { service: kms } }
principals:
  web: { kind: ec2 }
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::111122223333:user/alice"] }
groups:
  web: { prefix: web/, readers: [web] }
deployers: [infra]
break_glass: [emergency]
`;

/** What is generated and what proves share the map alone. */
describe("the documents that a map makes", () => {
  for (const path of [
    "test/cases/map/realistic.yaml",
    "test/cases/map/further.yaml",
    "test/cases/access-map/acme.yaml",
  ])
    it(`of ${path} hold, every obligation of it`, () => {
      const map = parseMap(readFileSync(join(root, path), "utf8"), path);
      const { results, settings, gaps } = proveMap(map, generateDeployment(map));
      assert.ok(results.length > 1000, String(results.length));
      const open = results.filter(isOpen);
      assert.deepEqual(
        open.map(({ obligation }) => obligation.id),
        [],
      );
      assert.deepEqual([settings, gaps], [[], []]);
    });

  // by the ends of ARNs, and without the denies that roles and keys have too
  it("hold when they are packed, with nothing left out of the proof", () => {
    const map = largeMap({ roles: 60, groups: 40, accepts: true });
    const { deployment, packing } = generate(map, readTemplates());
    assert.ok(packing.some(({ steps }) => steps.length === 5));
    const report = proveMap(map, deployment);
    assert.deepEqual([holds(report), report.gaps], [true, []]);
  });

  it("hold where S3 and the client seal under one key", () => {
    const text = WITHOUT_KEYS.replace(
      "groups:",
      `keys: { all: "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111" }
groups:
  api: { prefix: api/, sse: { type: kms, key: all, header: required }, seal: { mode: kms, key: all }, readers: [web] }
  db: { prefix: db/, seal: { mode: envelope, key: all }, readers: [web] }`,
    );
    const map = parseMap(text, "shared.yaml");
    assert.deepEqual(proveMap(map, generateDeployment(map)).results.filter(isOpen), []);
  });

  it("do not hold where what must work has no way to be asked", () => {
    const map = parseMap(
      WITHOUT_KEYS.replace("kind: ec2", "kind: ec2, network: { vpce: [vpce-0fedcba9876543210] }"),
      "nowhere.yaml",
    );
    const open = proveMap(map, generateDeployment(map)).results.filter(isOpen);
    assert.ok(open.some(({ obligation }) => obligation.id === "web/open/web allowed: whole"));
  });

  it("hold where an endpoint of KMS has no key to let through", () => {
    const map = parseMap(WITHOUT_KEYS, "plain.yaml");
    assert.deepEqual(proveMap(map, generateDeployment(map)).results.filter(isOpen), []);
  });

  it("hold where a PUT must name what S3 would do by default", () => {
    const text = replaced(
      "only: [site.crt, site.key]",
      "only: [site.crt, site.key]\n    sse: { type: s3, header: required }",
    )(ACME);
    const map = parseMap(text, "acme.yaml");
    const { results } = proveMap(map, generateDeployment(map));
    assert.deepEqual(
      results.filter(isOpen).map((one) => one.obligation.id),
      [],
    );
  });
});
