import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adopt } from "../../agent/audit/adopt.ts";
import type { Deployment, IdentityDocuments, PolicyJson } from "../../agent/policy/deployment.ts";

const A = "111122223333";
const NAME = "acme-b1";
const bucket = `arn:aws:s3:::${NAME}`;
const roleOf = (name: string): string => `arn:aws:iam::${A}:role/${name}`;
const documentOf = (...statements: readonly object[]): PolicyJson => {
  return { Version: "2012-10-17", Statement: statements };
};
const allow = (actions: readonly string[], ...resources: readonly string[]) => {
  return { Effect: "Allow", Action: actions, Resource: resources };
};
const denyUnless = (condition: object, more: object = {}) => {
  return {
    Sid: "Guard",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucket, `${bucket}/*`],
    Condition: condition,
    ...more,
  };
};

function role(name: string, ...statements: readonly object[]): IdentityDocuments {
  return {
    kind: "role",
    arn: roleOf(name),
    trust: documentOf({
      Effect: "Allow",
      Principal: { Service: "ec2.amazonaws.com" },
      Action: "sts:AssumeRole",
    }),
    maxSessionSeconds: undefined,
    hasInstanceProfile: true,
    policies: [{ name: "p", form: "inline", document: documentOf(...statements) }],
    foreignPolicies: [],
    boundary: undefined,
  };
}

const READ = allow(["s3:GetObject"], `${bucket}/web/*`);
const IDENTITIES = [
  role("web", READ),
  role("admin", allow(["s3:*"], bucket, `${bucket}/*`)),
  role("ci", allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], `${bucket}/web/*`)),
];

function deploymentOf(
  policy: PolicyJson | undefined,
  identities: readonly IdentityDocuments[] = IDENTITIES,
): Deployment {
  return {
    account: A,
    partition: "aws",
    buckets: [
      {
        name: NAME,
        region: "us-east-1",
        policy,
        settings: {
          publicAccessBlocked: true,
          ownership: "BucketOwnerEnforced",
          versioning: "Enabled",
          encryption: undefined,
        },
      },
    ],
    keys: [],
    identities,
    endpoints: [],
  };
}

const SERVICES = { BoolIfExists: { "aws:PrincipalIsAWSService": "false" } };
const VPCE = { StringNotEquals: { "aws:SourceVpce": "vpce-0123456789abcdef0" } };

describe("of a bucket whose policy asks how requests come", () => {
  const GUARDS: readonly (readonly [why: string, statement: object, said: RegExp])[] = [
    [
      "the organisation",
      denyUnless({ StringNotEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } }),
      /org: o-a1b2c3d4e5/,
    ],
    [
      "the organisation, but of services",
      denyUnless({ StringNotEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" }, ...SERVICES }),
      /org: o-a1b2c3d4e5/,
    ],
    [
      "no presigned URL",
      denyUnless({
        StringNotEquals: { "s3:authType": "REST-HEADER" },
        Null: { "s3:authType": "false" },
      }),
      /presigned: deny/,
    ],
    [
      "no presigned URL, in other words",
      denyUnless({ StringEquals: { "s3:authType": "REST-QUERY-STRING" } }),
      /presigned: deny/,
    ],
    [
      "an endpoint, but of services",
      denyUnless({ ...VPCE, ...SERVICES }),
      /"admin": .*"network":\{"vpce"/,
    ],
    [
      "an endpoint of one role",
      denyUnless({ ...VPCE, ArnLike: { "aws:PrincipalArn": roleOf("web") } }),
      /"ci": \{[^{]*\} #[^\n]*\n {2}"web": .*"network":\{"vpce"/,
    ],
  ];
  for (const [why, statement, said] of GUARDS)
    it(`${why}: the map asks for it`, () => {
      const { map, text, lost } = adopt(deploymentOf(documentOf(statement)), undefined);
      assert.match(text, said);
      assert.deepEqual([map.keep.bucket, lost], [[], []]);
      assert.deepEqual([map.groups[0]?.readers, map.deployers], [["web"], ["admin"]]);
    });

  const UNKNOWN: readonly (readonly [why: string, statement: object, key: string])[] = [
    [
      "a VPC",
      denyUnless({ StringNotEquals: { "aws:SourceVpc": "vpc-0123456789abcdef0" } }),
      "aws:SourceVpc",
    ],
    [
      "a VPC, if at all",
      denyUnless({ StringNotEqualsIfExists: { "aws:SourceVpc": "vpc-0123456789abcdef0" } }),
      "aws:SourceVpc",
    ],
    [
      "IDs of roles",
      denyUnless({ StringNotLike: { "aws:userid": ["AROAEXAMPLE:*"] } }),
      "aws:userid",
    ],
    [
      "one of several organisations",
      denyUnless({ StringNotEquals: { "aws:PrincipalOrgID": ["o-a1b2c3d4e5", "o-b1b2c3d4e5"] } }),
      "aws:PrincipalOrgID",
    ],
    [
      "an endpoint, of some objects",
      denyUnless(VPCE, { Resource: `${bucket}/web/secret/*` }),
      "aws:SourceVpce",
    ],
    [
      "an address, to remove",
      denyUnless(
        { NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } },
        { Action: "s3:DeleteObject" },
      ),
      "aws:SourceIp",
    ],
    [
      "that it be signed for later",
      denyUnless({ StringEquals: { "s3:authType": "REST-HEADER" } }),
      "s3:authType",
    ],
  ];
  for (const [why, statement, key] of UNKNOWN)
    it(`${why}: it is kept, told of, and asked as if it were met`, () => {
      const { map, lost, remarks } = adopt(deploymentOf(documentOf(statement)), undefined);
      assert.deepEqual(map.keep.bucket, [statement]);
      const told = remarks.filter((one) => one.includes('"Guard" denies on conditions'));
      assert.equal(told.length, 1);
      assert.ok(told[0]?.includes(`(${key})`) && told[0].endsWith("and kept"));
      const [web] = map.groups;
      assert.deepEqual(web?.readers, ["web"]);
      assert.deepEqual(web?.publishers, [
        { principal: "admin", level: "restore" },
        { principal: "ci", level: "edit" },
      ]);
      assert.deepEqual([map.deployers, lost], [["admin"], []]);
      assert.ok(map.principals.every(({ network }) => network.kind === "any"));
    });

  it("and lets in by that: the map lets in, and says without what", () => {
    const office = {
      Sid: "Office",
      Effect: "Allow",
      Principal: { AWS: roleOf("office") },
      Action: "s3:GetObject",
      Resource: `${bucket}/web/*`,
      Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } },
    };
    const { map, remarks } = adopt(deploymentOf(documentOf(office)), undefined);
    assert.deepEqual(map.groups[0]?.readers, ["office", "web"]);
    assert.ok(
      remarks.some((one) => one.includes('"Office" allows on') && one.includes("not kept")),
    );
  });
});

describe("of what a bucket's documents say", () => {
  it("a denial of everybody is told loudly, and nobody is said to lose nothing", () => {
    const closed = denyUnless({ ArnNotLike: { "aws:PrincipalArn": roleOf("gone") } });
    const { isSeen, remarks, map } = adopt(deploymentOf(documentOf(closed)), undefined);
    assert.equal(isSeen, false);
    assert.match(remarks[0] ?? "", /^NOBODY was seen to read or put anything/);
    assert.deepEqual(map.deployers, ["admin"]);
    assert.ok(remarks.some((one) => one.includes("whose own policies would let them")));
  });

  it("what an endpoint alone denies hosts is theirs, and told", () => {
    const endpoint: Deployment["endpoints"][number] = {
      id: "vpce-0123456789abcdef0",
      service: "s3",
      type: "gateway",
      region: "us-east-1",
      policy: documentOf({ ...allow(["s3:*"], "arn:aws:s3:::other/*"), Principal: "*" }),
    };
    const one = { ...deploymentOf(undefined), endpoints: [endpoint] };
    const { map, lost, remarks } = adopt(one, undefined);
    assert.deepEqual([map.groups[0]?.readers, lost], [["web"], []]);
    assert.ok(remarks.some((told) => told.startsWith("policies of endpoints deny hosts")));
  });

  it("a key whose policy is not exported is told of, as nobody can be seen to read under it", () => {
    const key = `arn:aws:kms:us-east-1:${A}:key/11111111-1111-1111-1111-111111111111`;
    const { buckets, ...rest } = deploymentOf(undefined);
    const encryption = { algorithm: "aws:kms", key, bucketKey: false } as const;
    const encrypted = buckets.map((one) => {
      return { ...one, settings: { ...one.settings, encryption } };
    });
    const { isSeen, remarks } = adopt({ ...rest, buckets: encrypted }, undefined);
    assert.equal(isSeen, false);
    assert.ok(remarks.some((one) => one.startsWith(`the policy of ${key} is not in the export`)));
  });

  it("without TLS in it, TLS is new, and is said to be", () => {
    const insecure = denyUnless({ Bool: { "aws:SecureTransport": "false" } });
    for (const policy of [undefined, documentOf(insecure)]) {
      const { text, remarks } = adopt(deploymentOf(policy), undefined);
      assert.match(text, /tls: "1.2" # new/);
      assert.ok(remarks.some((one) => one.startsWith("tls is new")));
    }
  });

  it("single objects are among what is lost, outside a group and in one, and patterns of them", () => {
    const single = [
      role(
        "one",
        allow(["s3:GetObject"], `${bucket}/pack.bundle`, `${bucket}/web/a`, `${bucket}/tls/*.key`),
      ),
    ];
    const { lost, remarks } = adopt(deploymentOf(undefined, [...IDENTITIES, ...single]), undefined);
    assert.deepEqual(
      lost.filter((one) => one.startsWith("one")),
      ["one: read pack.bundle", "one: read web/a", "one: read tls/x.key"],
    );
    assert.ok(remarks.some((one) => one.startsWith('"pack.bundle" is named by policies')));
  });

  it("administration of the whole bucket names no object, and reading of the whole says by whom", () => {
    const about = (identities: readonly IdentityDocuments[]) =>
      adopt(deploymentOf(undefined, identities), undefined).remarks.filter((one) =>
        /"\*"|every object/.test(one),
      );
    assert.deepEqual(about(IDENTITIES), []);
    const all = role("all", allow(["s3:GetObject"], `${bucket}/*`));
    assert.deepEqual(about([...IDENTITIES, all]), [
      `every object is allowed by policy p of ${roleOf("all")}: what lies in no group is closed by the map`,
    ]);
  });

  const IMDS = {
    Effect: "Deny",
    Action: "*",
    Resource: "*",
    Condition: { NumericLessThan: { "ec2:RoleDelivery": "2.0" } },
  };
  it("hosts' own guards are the map's where all hosts that use it have them", () => {
    const has = (...names: readonly string[]): boolean => {
      const identities = IDENTITIES.map((one) => {
        const { policies } = one;
        const guard = { name: "guard", form: "inline", document: documentOf(IMDS) } as const;
        return names.some((name) => roleOf(name) === one.arn)
          ? { ...one, policies: [...policies, guard] }
          : one;
      });
      return adopt(deploymentOf(undefined, identities), undefined).map.guards.imdsV2;
    };
    assert.deepEqual([has(), has("web"), has("web", "ci", "admin")], [false, false, true]);
  });
});
