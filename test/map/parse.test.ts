import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import type { AccessMap, Principal } from "../../agent/map/access-map.ts";
import { mapsByBucket } from "../../agent/map/buckets.ts";
import { parseMap } from "../../agent/map/parse.ts";
import {
  ACME,
  KEEP,
  REPLICA,
  replaced,
  ROWS,
  withAuditor,
  withFurther,
} from "../support/access-maps.ts";

const text = ACME;

function named(map: AccessMap, name: string): Principal {
  const found = map.principals.find((one) => one.name === name);
  assert.ok(found !== undefined, `no principal ${name}`);
  return found;
}

function arnOf(map: AccessMap, name: string): string {
  const principal = named(map, name);
  return principal.kind === "sso" ? principal.arnPattern : principal.arn;
}

/** The faults that `change` makes of the map, with its file's name left out. */
function faults(change: (text: string) => string): readonly string[] {
  try {
    parseMap(change(text), "map.yaml");
  } catch (error) {
    assert.ok(error instanceof PosternError && error.code === "ConfigInvalid", String(error));
    return error.issues.map((issue) => issue.replace(/^map\.yaml:/, ""));
  }
  return [];
}

describe("an access map", () => {
  const map = parseMap(text, "map.yaml");

  const arns: readonly (readonly [name: string, arn: string])[] = [
    ["web", "arn:aws:iam::111122223333:role/postern/web"],
    ["legacy", "arn:aws:iam::111122223333:role/app/legacy"],
    ["ci", "arn:aws:iam::111122223333:role/postern/ci"],
    ["alice", "arn:aws:iam::111122223333:user/people/alice"],
    ["partner", "arn:aws:iam::444455556666:role/partner"],
    ["old-database", "arn:aws:iam::111122223333:role/old-database"],
    [
      "ops",
      "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_SecretsOps_????????????????",
    ],
  ];
  for (const [name, arn] of arns)
    it(`knows the ARN of ${name}`, () => {
      assert.equal(arnOf(map, name), arn);
    });

  it("has no region in the path of a permission set of us-east-1", () => {
    const home = parseMap(text.replace(", region: eu-west-1", ""), "map.yaml");
    assert.match(arnOf(home, "ops"), /:role\/aws-reserved\/sso\.amazonaws\.com\/AWSReservedSSO_/);
  });

  it("has the auditors that it names, and none where it names none", () => {
    assert.deepEqual(parseMap(withAuditor(text), "map.yaml").auditors, ["drift"]);
    assert.deepEqual(map.auditors, []);
  });

  it("gives hosts of the same needs one role, whatever their order", () => {
    const roles = new Map(map.hosts.map(({ name, principal }) => [name, principal]));
    assert.equal(roles.get("frontend"), roles.get("frontend-2"));
    assert.equal(new Set(roles.values()).size, 3);
    assert.match(String(roles.get("frontend")), /^host\+tls\+web\+[0-9a-f]{8}$/);
    assert.equal(named(map, String(roles.get("database"))).kind, "ec2");
  });

  it("keeps the name of a host's role when another host comes", () => {
    const more = text.replace("hosts:\n", "hosts:\n  first: { groups: [api] }\n");
    const roleOf = (one: AccessMap): unknown =>
      one.hosts.find(({ name }) => name === "frontend")?.principal;
    const grown = parseMap(more, "map.yaml");
    assert.equal(roleOf(grown), roleOf(map));
    assert.equal(grown.hosts.find(({ name }) => name === "first")?.principal, "host+api");
  });

  it("makes the roles of hosts readers of their groups", () => {
    const readers = new Map(map.groups.map((group) => [group.name as string, group.readers]));
    const frontend = map.hosts[0]?.principal;
    assert.ok(frontend !== undefined);
    assert.ok(readers.get("web")?.includes(frontend) === true);
    assert.ok(readers.get("tls")?.includes(frontend) === true);
    assert.ok(readers.get("db")?.includes(frontend) === false);
  });

  it("lets an expectation name a host, which means its role", () => {
    assert.deepEqual(map.expectations[2], {
      text: "frontend may read tls/site.key",
      principal: map.hosts[0]?.principal,
      allowed: true,
      verb: "read",
      pattern: "tls/site.key",
      line: text.split("\n").indexOf("  - frontend may read tls/site.key") + 1,
    });
    const past = map.expectations[4];
    assert.deepEqual([past?.verb, past?.allowed], ["read old versions of", false]);
  });

  it("knows every key that something is or was sealed under", () => {
    assert.deepEqual(
      [...map.home.keys.keys()].map((key) => key.at(-1)),
      ["1", "2", "3"],
    );
  });

  it("encrypts by the bucket's default where a group does not say", () => {
    const keyed = parseMap(ACME.replace("{ type: s3 }", "{ type: kms, key: web }"), "map.yaml");
    const kinds = (one: AccessMap): unknown =>
      one.groups.map(({ name, sse }) => [name, sse.type, sse.header]);
    assert.deepEqual(kinds(map), [
      ["web", "kms", "required"],
      ["tls", "s3", "default"],
      ["db", "s3", "default"],
      ["api", "s3", "default"],
    ]);
    assert.deepEqual(kinds(keyed), [
      ["web", "kms", "required"],
      ["tls", "kms", "default"],
      ["db", "kms", "default"],
      ["api", "kms", "default"],
    ]);
  });

  it("says where a thing stands, and where its parent does when it is only implied", () => {
    const line = (start: string): number =>
      text.split("\n").findIndex((one) => one.startsWith(start)) + 1;
    assert.equal(map.lineOf(["groups", "tls"]), line("  tls:"));
    assert.equal(map.lineOf(["groups", "tls", "sse"]), line("  tls:"));
    assert.equal(map.lineOf(["principals", "legacy", "role"]), line("  legacy:"));
  });
});

describe("a replica", () => {
  it("has the key of its region for each of home's, and a role by which S3 fills it", () => {
    const map = parseMap(text + REPLICA, "map.yaml");
    assert.equal(map.replicas[0]?.keys.size, 3);
    assert.equal(map.replication, "replication");
    assert.equal(arnOf(map, "replication"), "arn:aws:iam::111122223333:role/postern/replication");
  });
});

describe("a further bucket", () => {
  const map = parseMap(withFurther(text), "map.yaml");

  it("has the groups that say so, and the home bucket has the others", () => {
    const [home, further] = mapsByBucket(map);
    const names = (one: AccessMap | undefined): unknown => one?.groups.map(({ name }) => name);
    assert.deepEqual(names(home), ["web", "tls", "db"]);
    assert.deepEqual(names(further), ["api"]);
    assert.equal(further?.home.bucket, "acme-secrets-2");
    assert.deepEqual(further.principals, map.principals);
  });

  it("has the region, the endpoints and the keys of its groups, and statements kept for it", () => {
    const [home, further] = mapsByBucket(map);
    assert.equal(further?.home.region, "us-east-1");
    assert.deepEqual(further.home.endpoints, map.home.endpoints);
    assert.deepEqual(
      [...further.home.keys.keys()],
      map.groups.flatMap(({ name, seal }) =>
        (name as string) === "api" && seal.mode !== "none" ? [seal.key] : [],
      ),
    );
    assert.deepEqual(
      [home, further].map((one) => one?.keep.bucket.length),
      [0, 1],
    );
    assert.equal(map.lineOf(further.home.path), map.lineOf(["further_buckets", "acme-secrets-2"]));
  });

  it("has replicas of its own, and without any nobody replicates it", () => {
    const replicated = parseMap(withFurther(text) + REPLICA, "map.yaml");
    const replicationOf = (one: AccessMap): unknown =>
      mapsByBucket(one).map(({ replicas, replication }) => [replicas.length, replication]);
    assert.deepEqual(replicationOf(replicated), [
      [1, "replication"],
      [0, undefined],
    ]);
    const other = replaced("- region:", "- of: acme-secrets-2\n    region:")(REPLICA);
    assert.deepEqual(replicationOf(parseMap(withFurther(text) + other, "map.yaml")), [
      [0, undefined],
      [1, "replication"],
    ]);
  });
});

describe("what is kept", () => {
  it("is nothing unless a map says so", () => {
    const { keep } = parseMap(text, "map.yaml");
    assert.deepEqual([keep.bucket.length, keep.keys.size, keep.roles.size], [0, 0, 0]);
  });

  it("comes through word for word", () => {
    const { keep } = parseMap(text + KEEP, "map.yaml");
    assert.deepEqual(keep.bucket, [
      {
        Sid: "Inventory",
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: "arn:aws:s3:::acme-secrets/inventory/*",
        Condition: { StringEquals: { "aws:SourceAccount": "111122223333" } },
      },
    ]);
    assert.deepEqual(
      [...keep.keys.keys()],
      ["arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222"],
    );
    assert.deepEqual(
      [...keep.roles],
      [["legacy", [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }]]],
    );
  });
});

describe("a map refuses", () => {
  it("nothing of a sound one", () => {
    assert.deepEqual(
      faults((whole) => whole),
      [],
    );
  });
  for (const [why, change, expected] of ROWS)
    it(why, () => {
      const found = faults(change);
      assert.ok(
        found.some((fault) => expected.test(fault)),
        found.join("\n") || "nothing was refused",
      );
    });
  it("everything at once", () => {
    const found = faults((whole) =>
      replaced(
        "[web, legacy, partner]",
        "[wep]",
      )(replaced("{ groups: [web, tls]", "{ groups: [x]")(whole)),
    );
    assert.equal(found.length, 2, found.join("\n"));
  });
});
