import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { adopt } from "../../agent/audit/adopt.ts";
import { ownerOf } from "../../agent/audit/adopt-account.ts";
import { readExport } from "../../agent/audit/exported.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import type { AccessMap } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { exportOf } from "../support/exports.ts";

const [, PAGE = ""] =
  /```yaml\n(version: 1\n.*?)```/s.exec(readFileSync("docs/policy.md", "utf8")) ?? [];

const PEOPLE = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::111122223333:root" },
      Action: "sts:AssumeRole",
    },
  ],
};

/** What the documents of a map are adopted as. */
function roundTrip(text: string) {
  const generated = generateDeployment(parseMap(text, "map.yaml"));
  // who may assume a role that exists already no map says
  const identities = generated.identities.map((one) => ({ ...one, trust: one.trust ?? PEOPLE }));
  const files = exportOf({ ...generated, identities }, "account");
  const unowned = { account: "", partition: "", region: "us-east-1" };
  const { deployment } = readExport(files, unowned);
  return adopt({ ...deployment, ...ownerOf(deployment) }, undefined);
}

function rightsIn({ groups }: AccessMap) {
  return groups
    .map(({ name, readers, publishers, sse }) => {
      return { name, sse, readers: [...readers].toSorted(), publishers: [...publishers] };
    })
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

describe("documents that a map made are adopted", () => {
  const ROWS: readonly (readonly [why: string, text: string])[] = [
    ["as the map of the page", PAGE],
    [
      "with other guards",
      PAGE.replace("s3+kms", 'all\n  tls: "1.3"\n  presigned: allow\n  imds_v2: false'),
    ],
    ["without an organisation", PAGE.replace(/ {2}org: .*\n/, "")],
    [
      "with addresses",
      PAGE.replace("vpce: [vpce-0123456789abcdef0]", "cidr: [203.0.113.0/24]").replace(
        / {2}stolen_credentials: .*\n/,
        "",
      ),
    ],
  ];
  for (const [why, text] of ROWS) {
    const before = parseMap(text, "map.yaml");
    const { map, lost, gained, isSeen, remarks } = roundTrip(text);

    it(`${why}: with the same readers and publishers`, () => {
      assert.ok(isSeen);
      assert.deepEqual(rightsIn(map), rightsIn(before));
    });

    it(`${why}: with the same guards and networks`, () => {
      assert.deepEqual(map.guards, before.guards);
      for (const { name, network } of before.principals)
        assert.deepEqual(map.principals.find((one) => one.name === name)?.network, network);
    });

    it(`${why}: with the same deployers, and who breaks the glass`, () => {
      assert.deepEqual([map.deployers, map.breakGlass], [before.deployers, before.breakGlass]);
    });

    it(`${why}: with nothing to keep, and nobody who loses or gains`, () => {
      assert.deepEqual([map.keep.bucket, [...map.keep.keys], lost, gained], [[], [], [], []]);
      assert.deepEqual(
        remarks.filter((one) => /no group|every object|is new|guess/.test(one)),
        [],
      );
    });
  }
});
