import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differencesOf, type Matrix, matrixOf } from "../../agent/audit/matrix.ts";
import { differenceName, signsOf } from "../../agent/audit/matrix-words.ts";
import { VERBS, type Verb } from "../../agent/map/access-map.ts";
import { bucketsOf } from "../../agent/map/buckets.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { ACME, REPLICA, replaced, withAuditor } from "../support/access-maps.ts";
import {
  allow,
  documentOf,
  identityOf,
  SMALL,
  smallDeployment,
  smallMap,
} from "../support/audited.ts";

const small = matrixOf(smallMap, smallDeployment);

function rowOf(matrix: Matrix, title: string): Matrix["rows"][number] {
  return matrix.rows.find(({ actor }) => actor.title === title) ?? assert.fail(title);
}

function cellOf(
  matrix: Matrix,
  title: string,
  group: string,
): Matrix["rows"][number]["cells"][number] {
  return rowOf(matrix, title).cells.find((one) => one.group.name === group) ?? assert.fail(group);
}

/** Of each verb: "allow", or what holds it. */
function told(matrix: Matrix, title: string, group: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    cellOf(matrix, title, group).decisions.map(({ verb, allowed, heldBy }) => [
      verb,
      allowed ? "allow" : heldBy.join(" "),
    ]),
  );
}

const verbs = (...words: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(VERBS.map((verb, at) => [verb, words[at] ?? ""]));

describe("a cell says what is allowed, and which layers stop the rest alone", () => {
  const rows: readonly (readonly [title: string, group: string, ...string[]])[] = [
    [
      "web",
      "web",
      "allow",
      "allow",
      "identity bucket key endpoint",
      "identity bucket endpoint",
      "identity bucket endpoint",
    ],
    [
      "web",
      "plain",
      "allow",
      "identity",
      "identity bucket endpoint",
      "identity endpoint",
      "identity bucket endpoint",
    ],
    ["ci", "web", "allow", "allow", "allow", "allow", "identity bucket"],
    ["ci", "plain", "allow", "identity", "allow", "identity", "identity bucket"],
    [
      "infra",
      "web",
      "identity bucket key",
      "identity bucket",
      "identity bucket key",
      "identity bucket",
      "identity bucket key",
    ],
    ["emergency", "web", "allow", "allow", "identity bucket key", "identity bucket", "allow"],
    ["other role, *:*", "web", "bucket key", "bucket", "bucket key", "bucket", "bucket key"],
    ["other role, *:*", "plain", "bucket", "bucket", "bucket", "bucket", "bucket"],
    ["foreign role, *:*", "web", "bucket key", "bucket", "bucket key", "bucket", "bucket key"],
    ["anonymous", "web", "bucket key", "bucket", "bucket key", "bucket", "bucket key"],
  ];
  for (const [title, group, ...expected] of rows)
    it(`${title}: ${group}`, () => {
      assert.deepEqual(told(small, title, group), verbs(...expected));
    });
});

describe("rows", () => {
  it("are the principals of the map in its order, then who is of no map", () => {
    assert.deepEqual(
      small.rows.map(({ actor }) => [actor.title, ...actor.duties].join(" ")),
      [
        "web",
        "ci",
        "infra deployer",
        "emergency break-glass",
        "other role, *:*",
        "foreign role, *:*",
        "anonymous",
      ],
    );
  });

  it("name the hosts that run as it", () => {
    const map = parseMap(ACME, "map.yaml");
    const matrix = matrixOf(map, { ...smallDeployment, endpoints: [] });
    const [host] = map.hosts;
    assert.deepEqual(rowOf(matrix, host?.principal ?? "").actor.hosts, ["frontend", "frontend-2"]);
  });

  it("say who may change bucket policy, keys and roles", () => {
    assert.deepEqual(
      small.rows.map(({ actor, control }) => [actor.title, ...control]),
      [
        ["web"],
        ["ci"],
        ["infra", "bucket", "keys"],
        ["emergency", "keys"],
        ["other role, *:*", "roles"],
        ["foreign role, *:*"],
        ["anonymous"],
      ],
    );
  });
});

const withIdentity = (
  name: string,
  ...statements: Parameters<typeof identityOf>[1][]
): Deployment => ({
  ...smallDeployment,
  identities: [
    ...smallDeployment.identities.filter(({ arn }) => !arn.endsWith(`/${name}`)),
    identityOf(name, ...statements),
  ],
});

const withBucketPolicy = (policy: Deployment["buckets"][number]["policy"]): Deployment => ({
  ...smallDeployment,
  buckets: smallDeployment.buckets.map((bucket) => ({ ...bucket, policy })),
});

describe("what differs from the map", () => {
  const openToAll = documentOf(
    allow(["s3:GetObject"], "arn:aws:s3:::acme-secrets/plain/*", { Principal: "*" }),
  );
  const rows: readonly (readonly [why: string, Deployment, readonly string[]])[] = [
    ["is nothing, where the documents do what it says", smallDeployment, []],
    [
      "is what its own policies lack",
      withIdentity("web", allow(["s3:GetObject"], "*")),
      ["web may not list web, though the map says so"],
    ],
    [
      "is what its own policies allow too much, where the bucket's does not stop it",
      withIdentity("ci", allow(["s3:*", "kms:*"], "*")),
      [
        "ci may list plain, which the map does not say",
        "ci may remove plain, which the map does not say",
      ],
    ],
    [
      "is a key that does not open",
      { ...smallDeployment, keys: [] },
      [
        "web may not read web, though the map says so",
        "ci may not read web, though the map says so",
        "ci may not put web, though the map says so",
        "emergency may not read web, though the map says so",
        "emergency may not read old versions of web, though the map says so",
      ],
    ],
    [
      "is a bucket that is open to strangers",
      withBucketPolicy(openToAll),
      [
        "infra may read plain, which the map does not say",
        ...["read", "list", "put", "remove", "read old versions of"].map(
          (verb) => `other role, *:* may ${verb} plain, which the map does not say`,
        ),
        "other role, *:* may list web, which the map does not say",
        "other role, *:* may remove web, which the map does not say",
        "foreign role, *:* may read plain, which the map does not say",
        "anonymous may read plain, which the map does not say",
      ],
    ],
  ];
  for (const [why, deployment, expected] of rows)
    it(why, () => {
      const found = differencesOf(matrixOf(smallMap, deployment)).map(differenceName);
      assert.deepEqual(found.toSorted(), expected.toSorted());
    });

  it("is told in the cell by a capital or a digit, and behind it", () => {
    const more = withIdentity("ci", allow(["s3:*", "kms:*"], "*"));
    assert.equal(signsOf(cellOf(matrixOf(smallMap, more), "ci", "plain")), "rLpD1!");
    const less = withIdentity("web", allow(["s3:GetObject", "kms:Decrypt"], "*"));
    assert.equal(signsOf(cellOf(matrixOf(smallMap, less), "web", "web")), "r1433!");
  });
});

describe("strangers", () => {
  const told = (map: Matrix["map"], condition: object): readonly string[] => {
    const open = allow(["s3:GetObject"], "arn:aws:s3:::acme-secrets/plain/*", {
      Principal: "*",
      Condition: condition,
    });
    const { rows } = matrixOf(map, withBucketPolicy(documentOf(open)));
    return rows.flatMap(({ actor, cells }) =>
      actor.isStranger && cells[1]?.decisions[0]?.allowed === true ? [actor.title] : [],
    );
  };
  const inOrg = parseMap(`${SMALL}guards: { org: o-a1b2c3d4e5 }\n`, "map.yaml");
  const rows: readonly (readonly [why: string, condition: object, readonly string[]])[] = [
    [
      "of another account are of no organisation of the map's",
      { StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
      ["other role, *:*"],
    ],
    [
      "without a signature have no ARN",
      { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/*" } },
      ["other role, *:*", "foreign role, *:*"],
    ],
    [
      "without a signature have no way of signing",
      { StringEquals: { "s3:authType": "REST-HEADER" } },
      ["other role, *:*", "foreign role, *:*"],
    ],
  ];
  for (const [why, condition, expected] of rows)
    it(why, () => {
      // the first may do what its own policies say, in a bucket that denies nothing
      assert.deepEqual(told(inOrg, condition), [...new Set(["other role, *:*", ...expected])]);
    });

  it("are not who has their name in the map", () => {
    const named = replaced(
      "readers: [web], publishers: { ci: write }",
      "readers: [stranger]",
    )(replaced("  infra:", "  stranger: { kind: existing, role: stranger }\n  infra:")(SMALL));
    const { rows } = matrixOf(parseMap(named, "map.yaml"), smallDeployment);
    const expecting = rows.filter(({ cells }) => cells[1]?.decisions[0]?.expected);
    assert.deepEqual(
      expecting.map(({ actor }) => actor.title),
      ["stranger", "emergency"],
    );
  });
});

describe("an auditor", () => {
  it("is told of as one, to whom no group is open", () => {
    const matrix = matrixOf(parseMap(withAuditor(ACME), "map.yaml"), smallDeployment);
    const { actor, cells } = rowOf(matrix, "drift");
    assert.deepEqual(actor.duties, ["auditor"]);
    assert.deepEqual(
      cells.flatMap(({ decisions }) => decisions.filter(({ expected }) => expected)),
      [],
    );
  });
});

describe("the map says of a publisher", () => {
  const rows: readonly (readonly [level: string, group: string, ...Verb[]])[] = [
    ["write", "web", "put"],
    ["edit", "web", "read", "list", "put", "remove"],
    ["restore", "web", "read", "list", "put", "remove", "read old versions of"],
    ["write", "plain", "read", "put"],
    ["edit", "plain", "read", "list", "put", "remove"],
  ];
  for (const [level, group, ...expected] of rows)
    it(`${level} of ${group}: ${expected.join(", ")}`, () => {
      const text = SMALL.replaceAll(/publishers: \{ ci: \w+ \}/g, `publishers: { ci: ${level} }`);
      const matrix = matrixOf(parseMap(text, "map.yaml"), smallDeployment);
      assert.deepEqual(
        cellOf(matrix, "ci", group).decisions.flatMap((one) => (one.expected ? [one.verb] : [])),
        expected,
      );
    });
});

const BOTH_REGIONS = `version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
keys: { web: "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111" }
endpoints: { vpce-0123456789abcdef0: { service: s3 } }
principals:
  web: { kind: ec2, network: { vpce: [vpce-0123456789abcdef0, vpce-0aaaaaaaaaaaaaaa1] } }
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::111122223333:user/alice"] }
groups:
  web: { prefix: web/, seal: { mode: kms, key: web }, readers: [web] }
replicas:
  - region: eu-west-1
    bucket: acme-secrets-eu
    keys: { web: "arn:aws:kms:eu-west-1:111122223333:key/33333333-3333-3333-3333-333333333333" }
    endpoints:
      vpce-0aaaaaaaaaaaaaaa1: { service: s3, type: interface }
      vpce-0bbbbbbbbbbbbbbb2: { service: kms, type: interface }
deployers: [infra]
break_glass: [emergency]
`;

describe("a network of endpoints in two regions", () => {
  it("asks KMS of each region by that region's own, or by none", () => {
    const map = parseMap(BOTH_REGIONS, "both.yaml");
    assert.deepEqual(differencesOf(matrixOf(map, generateDeployment(map))), []);
  });
});

describe("a replica", () => {
  const map = parseMap(ACME + REPLICA, "map.yaml");
  const west = bucketsOf(map).filter(({ target }) => target === map.replicas[0]);
  const open: Deployment = {
    ...smallDeployment,
    buckets: [],
    keys: [],
    identities: [],
    endpoints: [],
  };
  it("is published to by nobody, and read by who reads at home", () => {
    const matrix = matrixOf(map, open, west);
    const expected = (title: string): readonly Verb[] =>
      cellOf(matrix, title, "web").decisions.flatMap(({ verb, expected }) =>
        expected ? [verb] : [],
      );
    assert.deepEqual(expected("ci"), []);
    assert.deepEqual(expected("web"), ["read", "list"]);
    assert.deepEqual(expected("emergency"), ["read", "list", "read old versions of"]);
  });
});
