import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Explanation, explain } from "../../agent/audit/explain.ts";
import { encodeExplanation, explanationJson } from "../../agent/audit/explain-words.ts";
import { isMeant } from "../../agent/audit/meant.ts";
import { PosternError } from "../../agent/core/errors.ts";
import type { Verb } from "../../agent/map/access-map.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { ACME } from "../support/access-maps.ts";

const map = parseMap(ACME, "access.yaml");
const BUCKET = "arn:aws:s3:::acme-secrets";
const WEB = "arn:aws:iam::111122223333:role/postern/web";

const documentOf = (...Statement: readonly object[]): PolicyJson => ({
  Version: "2012-10-17",
  Statement,
});

/** The role of web alone has a policy, and the bucket the denials that are given. */
function deploymentOf(own: readonly object[], denials: readonly object[] = []): Deployment {
  return {
    account: map.account,
    partition: map.partition,
    buckets: [
      {
        name: "acme-secrets",
        region: "us-east-1",
        policy: denials.length === 0 ? undefined : documentOf(...denials),
        settings: {
          publicAccessBlocked: true,
          ownership: undefined,
          versioning: undefined,
          encryption: undefined,
        },
      },
    ],
    keys: [...map.home.keys.keys()].map((arn) => ({
      arn,
      policy: documentOf({
        Sid: "Web",
        Effect: "Allow",
        Principal: { AWS: WEB },
        Action: "kms:Decrypt",
        Resource: "*",
      }),
      grants: [],
    })),
    identities: [
      {
        kind: "role",
        arn: WEB,
        trust: undefined,
        maxSessionSeconds: undefined,
        hasInstanceProfile: true,
        policies:
          own.length === 0
            ? []
            : [{ name: "reader", form: "inline", document: documentOf(...own) }],
        foreignPolicies: [],
        boundary: undefined,
      },
    ],
    endpoints: [],
  };
}

const readWeb = {
  Sid: "ReadWeb",
  Effect: "Allow",
  Action: "s3:GetObject",
  Resource: `${BUCKET}/web/*`,
};
const notTls = {
  Sid: "DenyInsecure",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [BUCKET, `${BUCKET}/*`],
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};
const onlyDb = {
  Sid: "ClosedWorld",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: `${BUCKET}/web/*`,
  Condition: { ArnNotEquals: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/postern/db" } },
};
const byDb = {
  ...notTls,
  Sid: "DenyOfDb",
  Condition: {
    ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/postern/db" },
    StringNotEquals: { "aws:SourceVpce": "vpce-1" },
  },
};

function ask(deployment: Deployment, who: string, verb: Verb, key: string): Explanation {
  return explain(map, bindingsOf(deployment), { who, verb, key });
}

const lineOf = (): number => 7;
const words = (one: Explanation): string => encodeExplanation(map, one, lineOf).join("\n");

describe("an explanation of what is allowed", () => {
  const found = ask(deploymentOf([readWeb], [notTls, byDb]), "web", "read", "web/db_password");

  it("names each step, who makes it, the statement and the line of the map", () => {
    const text = words(found);
    assert.match(text, /^web may read web\/db_password\.\n/);
    assert.match(
      text,
      /1\. s3:GetObject on arn:aws:s3:::acme-secrets\/web\/db_password, asked by web\n {3}allowed by statement ReadWeb of policy reader of role postern\/web \(access\.yaml:7\)/,
    );
    assert.match(
      text,
      /2\. kms:Decrypt on .*, asked by S3 for web\n {3}allowed by statement Web of the policy of key 1111/,
    );
  });

  it("names what it rests on, and no guard of somebody else's", () => {
    assert.match(
      words(found),
      /statement DenyInsecure of the policy of bucket acme-secrets .* would deny it if aws:SecureTransport is false/,
    );
    assert.doesNotMatch(words(found), /DenyOfDb/);
  });

  it("says when the map does not mean it", () => {
    const db = { ...readWeb, Sid: "ReadAll", Resource: `${BUCKET}/*` };
    const surprise = ask(deploymentOf([db]), "web", "read", "tls/site.key");
    assert.equal(surprise.meant, false);
    assert.match(words(surprise), /^web may read tls\/site\.key, and the map does not say so\./);
  });
});

describe("an explanation of what is denied", () => {
  it("names the statement that denies", () => {
    const text = words(ask(deploymentOf([readWeb], [onlyDb]), "web", "read", "web/x"));
    assert.match(text, /^web may not read web\/x\.\n/);
    assert.match(text, /denied by statement ClosedWorld of the policy of bucket acme-secrets/);
  });

  it("names the statement that came nearest, and what it misses", () => {
    const text = words(ask(deploymentOf([readWeb]), "web", "read", "tls/site.key"));
    assert.match(
      text,
      /not allowed: no statement of the caller's own policies allows it\n {3}- statement ReadWeb of .* does not: it is about another resource/,
    );
  });

  const remedies: readonly (readonly [
    who: string,
    verb: Verb,
    key: string,
    edit: RegExp,
    place: string | undefined,
  ])[] = [
    ["web", "read", "tls/site.key", /^add web to readers of group tls$/, "readers: [tasks]"],
    ["web", "read", "web/x", /^the map allows it and these documents do not/, "  web:\n    prefix"],
    [
      "web",
      "put",
      "web/x",
      /^add "web: write" to publishers of group web$/,
      "publishers: { ci: edit, ops: restore }",
    ],
    [
      "web",
      "remove",
      "web/x",
      /^add "web: edit" to publishers of group web$/,
      "publishers: { ci: edit, ops: restore }",
    ],
    [
      "ci",
      "read old versions of",
      "web/x",
      /^give ci the level restore instead of edit in publishers of group web$/,
      "publishers: { ci: edit, ops: restore }",
    ],
    ["web", "read", "nowhere/x", /^no group of the map has "nowhere\/x"/, "groups:\n"],
    [
      "tasks",
      "list",
      "tls/",
      /^nothing need change: group tls has a list of names, and who reads it asks for each by its name and never lists$/,
      "  tls:\n    prefix",
    ],
    [
      "web",
      "list",
      "db.bundle",
      /^nothing need change: group db is one object, and who reads it asks for it by its key and never lists$/,
      "  db:\n    bundle",
    ],
    ["web", "list", "", /^nobody lists more than a group at once: .*, such as web\/$/, "groups:\n"],
    ["frontend", "read", "db.bundle", /^add db to groups of host frontend$/, undefined],
  ];
  for (const [who, verb, key, edit, place] of remedies)
    it(`says what would let ${who} ${verb} ${key}, and where`, () => {
      const { remedy } = ask(deploymentOf([]), who, verb, key);
      assert.match(remedy?.edit ?? "", edit);
      if (place === undefined) return;
      assert.equal(remedy?.line, ACME.slice(0, ACME.indexOf(place)).split("\n").length);
    });

  it("knows principals by their ARN, and suggests the name that was meant", () => {
    assert.equal(ask(deploymentOf([]), WEB, "read", "web/x").decided.ask.principal.name, "web");
    assert.throws(
      () => ask(deploymentOf([]), "wep", "read", "web/x"),
      (error: unknown) =>
        error instanceof PosternError &&
        error.code === "NotFound" &&
        error.message === '"wep" is no principal or host of access.yaml; did you mean "web"?',
    );
  });
});

describe("what the map means", () => {
  const rows: readonly (readonly [who: string, verb: Verb, group: string, meant: boolean])[] = [
    ["web", "read", "web", true],
    ["web", "list", "web", true],
    ["web", "put", "web", false],
    ["tasks", "read", "tls", true],
    ["tasks", "list", "tls", false],
    ["ci", "put", "tls", true],
    ["ci", "remove", "tls", false],
    ["ci", "remove", "web", true],
    ["ci", "read", "web", true],
    ["ci", "read old versions of", "web", false],
    ["ops", "read old versions of", "web", true],
    ["alice", "list", "db", false],
    ["partner", "read", "db", false],
  ];
  for (const [who, verb, name, meant] of rows)
    it(`${who} may ${meant ? "" : "not "}${verb} ${name}`, () => {
      const group = map.groups.find((one) => one.name === name) ?? assert.fail();
      const principal = map.principals.find((one) => one.name === who) ?? assert.fail();
      assert.equal(isMeant(group, principal, verb), meant);
    });
});

describe("an explanation of break-glass and of no name", () => {
  const bindings = bindingsOf(generateDeployment(map));
  const rows: readonly (readonly [who: string, verb: Verb, key: string, first: string])[] = [
    ["emergency", "read", "web/x", "emergency may read web/x."],
    ["emergency", "list", "web/", "emergency may list web/."],
    ["emergency", "put", "web/x", "emergency may not put web/x."],
    ["web", "list", "", "web may not list the whole bucket."],
  ];
  for (const [who, verb, key, first] of rows)
    it(`says: ${first}`, () => {
      const found = explain(map, bindings, { who, verb, key });
      assert.equal(encodeExplanation(map, found, () => undefined)[0], first);
    });
});

describe("an explanation for a script", () => {
  it("has every step, statement, guard and remedy", () => {
    const found = ask(deploymentOf([readWeb], [notTls]), "web", "read", "web/x");
    const json = JSON.parse(JSON.stringify(explanationJson(map, found, lineOf))) as {
      readonly allowed: boolean;
      readonly group: string;
      readonly steps: readonly {
        readonly guards: readonly { readonly sid: string }[];
        readonly statements: readonly { readonly line: number }[];
      }[];
      readonly remedy: unknown;
    };
    assert.deepEqual(
      [json.allowed, json.group, json.steps.length, json.remedy],
      [true, "web", 2, null],
    );
    assert.deepEqual(
      json.steps[0]?.guards.map(({ sid }) => sid),
      ["DenyInsecure"],
    );
    assert.equal(json.steps[0]?.statements[0]?.line, 7);
  });
});
