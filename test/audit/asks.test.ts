import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askOf, decide, exampleKey, type Ask } from "../../agent/audit/asks.ts";
import { holdsKey } from "../../agent/map/reach.ts";
import type { Group, Principal, Verb } from "../../agent/map/access-map.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import type { Deployment, IdentityDocuments } from "../../agent/policy/deployment.ts";
import { ACME, REPLICA, replaced } from "../support/access-maps.ts";

const map = parseMap(ACME + REPLICA, "map.yaml");
const both = parseMap(
  replaced(
    "network: { cidr: [203.0.113.0/24] }",
    "network: { vpce: [vpce-0123456789abcdef0], cidr: [203.0.113.0/24] }",
  )(ACME),
  "map.yaml",
);
const [west] = map.replicas;
assert.ok(west !== undefined);

function principalOf(name: string): Principal {
  const found = map.principals.find((one) => one.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

function groupOf(name: string): Group {
  const found = map.groups.find((one) => one.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

function ask(who: string, verb: Verb, group: string, target = map.home): Ask {
  const found = groupOf(group);
  const key = verb === "list" ? exampleKey(found).replace("example", "") : exampleKey(found);
  return askOf(map, target, { principal: principalOf(who), verb, key, group: found });
}

/** "ACTION on RESOURCE", and of each key that is asked for its values. */
function told({ steps }: Ask, ...keys: readonly string[]): readonly string[] {
  return steps.map(({ by, request }) => {
    const values = keys.map((key) => request.context.get(key.toLowerCase())?.join("+") ?? "-");
    const resource = request.resource?.text.replace(/.*:(key\/\d)[-\d]+$/, "$1");
    return [by, request.action, resource, ...values].join(" ");
  });
}

const OPS = `arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_SecretsOps_${"0".repeat(16)}`;

describe("what a verb asks of AWS", () => {
  const rows: readonly (readonly [
    ask: Ask,
    keys: readonly string[],
    expected: readonly string[],
  ])[] = [
    [
      ask("web", "read", "web"),
      ["kms:EncryptionContext:aws:s3:arn", "aws:SourceVpce", "kms:ViaService"],
      [
        "principal s3:GetObject arn:aws:s3:::acme-secrets/web/example - vpce-0123456789abcdef0 -",
        "s3 kms:Decrypt key/1 arn:aws:s3:::acme-secrets/web/example - s3.us-east-1.amazonaws.com",
      ],
    ],
    [
      ask("ci", "put", "web"),
      ["s3:x-amz-server-side-encryption", "s3:authType"],
      [
        "principal s3:PutObject arn:aws:s3:::acme-secrets/web/example aws:kms REST-HEADER",
        "s3 kms:GenerateDataKey key/1 - -",
      ],
    ],
    [
      ask("ci", "put", "tls"),
      ["s3:x-amz-server-side-encryption"],
      ["principal s3:PutObject arn:aws:s3:::acme-secrets/tls/site.crt -"],
    ],
    [
      ask("web", "list", "web"),
      ["s3:prefix"],
      ["principal s3:ListBucket arn:aws:s3:::acme-secrets web/"],
    ],
    [
      ask("web", "read", "api"),
      ["kms:EncryptionContextKeys", "kms:EncryptionContext:postern:key", "aws:SourceVpce"],
      [
        "principal s3:GetObject arn:aws:s3:::acme-secrets/api/example - - vpce-0123456789abcdef0",
        "principal kms:Decrypt key/2 app+postern:group+postern:bucket+postern:key api/example vpce-0fedcba9876543210",
      ],
    ],
    [
      ask("ci", "put", "api"),
      [],
      [
        "principal s3:PutObject arn:aws:s3:::acme-secrets/api/example",
        "principal kms:Encrypt key/2",
      ],
    ],
    [
      ask("alice", "put", "db"),
      ["kms:EncryptionContextKeys", "aws:SourceIp"],
      [
        "principal s3:PutObject arn:aws:s3:::acme-secrets/db.bundle - 203.0.113.0",
        "principal kms:GenerateDataKey key/2 postern:group+postern:bucket+postern:revision 203.0.113.0",
      ],
    ],
    [
      ask("ops", "read old versions of", "web"),
      ["s3:versionid", "aws:PrincipalArn"],
      [
        `principal s3:GetObjectVersion arn:aws:s3:::acme-secrets/web/example 1 ${OPS}`,
        `s3 kms:Decrypt key/1 - ${OPS}`,
      ],
    ],
    [
      // its one endpoint is of S3: KMS it reaches from an address
      askOf(both, both.home, {
        principal: both.principals.find(({ name }) => name === "alice") ?? assert.fail(),
        verb: "put",
        key: "db.bundle",
        group: groupOf("db"),
      }),
      ["aws:SourceVpce", "aws:SourceIp"],
      [
        "principal s3:PutObject arn:aws:s3:::acme-secrets/db.bundle vpce-0123456789abcdef0 -",
        "principal kms:GenerateDataKey key/2 - 203.0.113.0",
      ],
    ],
    [
      ask("ops", "remove", "db"),
      [],
      ["principal s3:DeleteObject arn:aws:s3:::acme-secrets/db.bundle"],
    ],
    [
      ask("web", "read", "web", west),
      ["kms:ViaService", "aws:SourceVpce"],
      [
        "principal s3:GetObject arn:aws:s3:::acme-secrets-west/web/example - vpce-0aaaaaaaaaaaaaaaa",
        "s3 kms:Decrypt key/4 s3.us-west-2.amazonaws.com -",
      ],
    ],
    [
      ask("web", "read", "api", west),
      ["kms:EncryptionContext:postern:bucket"],
      [
        "principal s3:GetObject arn:aws:s3:::acme-secrets-west/api/example -",
        "principal kms:Decrypt key/5 acme-secrets",
      ],
    ],
  ];
  for (const [one, keys, expected] of rows)
    it(`${one.principal.name}: ${one.verb} ${one.key}`, () => {
      assert.deepEqual(told(one, ...keys), expected);
    });

  it("names the bucket and not the object to KMS under a Bucket Key", () => {
    const keyed = parseMap(
      replaced("bucket: acme-secrets\n", "bucket: acme-secrets\nbucket_key: true\n")(ACME),
      "map.yaml",
    );
    const [, kms] = askOf(keyed, keyed.home, {
      principal: principalOf("web"),
      verb: "read",
      key: "web/example",
      group: groupOf("web"),
    }).steps;
    assert.deepEqual(kms?.request.context.get("kms:encryptioncontext:aws:s3:arn"), [
      "arn:aws:s3:::acme-secrets",
    ]);
  });

  it("is asked by instances with credentials of IMDSv2, from the network that they say", () => {
    const { request } = ask("legacy", "read", "web").steps[0] ?? assert.fail();
    assert.deepEqual(request.context.get("ec2:roledelivery"), ["2.0"]);
    assert.deepEqual(
      request.context.get("aws:ec2instancesourcevpc"),
      request.context.get("aws:sourcevpc"),
    );
    const other = ask("tasks", "read", "tls").steps[0] ?? assert.fail();
    assert.equal(other.request.context.has("ec2:roledelivery"), false);
  });
});

describe("a group's keys", () => {
  const rows: readonly (readonly [group: string, key: string, holds: boolean])[] = [
    ["web", "web/x", true],
    ["web", "web/x/y", true],
    ["web", "web/", false],
    ["web", "web", false],
    ["web", "web-admin/x", false],
    ["tls", "tls/site.key", true],
    ["tls", "tls/site.keys", false],
    ["db", "db.bundle", true],
    ["db", "db.bundle/x", false],
  ];
  for (const [name, key, holds] of rows)
    it(`${key} is ${holds ? "" : "not "}of ${name}`, () => {
      assert.equal(holdsKey(groupOf(name), key), holds);
    });
});

const allow = (Action: string): object => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource: "*" }],
});

function deployment(actions: readonly string[], keyPolicy: object): Deployment {
  const web: IdentityDocuments = {
    kind: "role",
    arn: "arn:aws:iam::111122223333:role/postern/web",
    trust: undefined,
    maxSessionSeconds: undefined,
    hasInstanceProfile: true,
    policies: actions.map((action) => ({
      name: action,
      form: "inline" as const,
      document: allow(action) as Readonly<Record<string, unknown>>,
    })),
    foreignPolicies: [],
    boundary: undefined,
  };
  return {
    account: "111122223333",
    partition: "aws",
    buckets: [],
    keys: [...map.home.keys.keys()].map((arn) => ({
      arn,
      policy: keyPolicy as Readonly<Record<string, unknown>>,
      grants: [],
    })),
    identities: [web],
    endpoints: [],
  };
}

describe("a verb is allowed when each of its steps is", () => {
  const account = { AWS: "arn:aws:iam::111122223333:root" };
  const open = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: account, Action: "kms:*", Resource: "*" }],
  };
  const shut = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Principal: "*", Action: "kms:Decrypt", Resource: "*" }],
  };
  const rows: readonly (readonly [why: string, Deployment, readonly string[]])[] = [
    ["both", deployment(["s3:GetObject", "kms:Decrypt"], open), ["allow", "allow"]],
    ["not without the key", deployment(["s3:GetObject", "kms:Decrypt"], shut), ["allow", "deny"]],
    ["not without the object", deployment(["kms:Decrypt"], open), ["deny", "allow"]],
    ["and neither", deployment([], open), ["deny", "deny"]],
  ];
  for (const [why, documents, expected] of rows)
    it(why, () => {
      const decided = decide(ask("web", "read", "web"), bindingsOf(documents));
      assert.deepEqual(
        decided.verdicts.map(({ decision }) => decision),
        expected,
      );
      assert.equal(
        decided.allowed,
        expected.every((one) => one === "allow"),
      );
    });
});
