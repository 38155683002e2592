import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { EXPECTED_WORDS, LAYERS } from "../../agent/policy/expectation.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { policyTopics } from "../support/policy-cases.ts";
import { root } from "../support/root.ts";

const schema = JSON.parse(readFileSync(join(root, "docs/schemas/simulate-v1.json"), "utf8")) as {
  readonly $defs: {
    readonly word: { readonly enum: readonly string[] };
    readonly expect: {
      readonly anyOf: readonly [unknown, { properties: { layer: { enum: readonly string[] } } }];
    };
  };
};
// "oneOf" beside "properties" is how the one of several members is said
const conforms = new Ajv2020({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
}).compile(schema);

const sound = {
  principal: { arn: "arn:aws:iam::111122223333:user/ada" },
  action: "s3:GetObject",
  resource: { arn: "arn:aws:s3:::acme-secrets/web/db", account: "111122223333" },
};
const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
const withStatement = (changes: object): object => ({
  ...sound,
  policies: { identity: [{ Statement: { ...statement, ...changes } }] },
});

const REFUSED: readonly (readonly [why: string, value: unknown])[] = [
  ["a text", "x"],
  ["no principal", { ...sound, principal: undefined }],
  ["two principals", { ...sound, principal: { anonymous: true, service: "ec2.amazonaws.com" } }],
  ["a principal that is none", { ...sound, principal: { account: "111122223333" } }],
  ["anonymous false", { ...sound, principal: { anonymous: false } }],
  ["an ARN of another service", { ...sound, principal: { arn: sound.resource.arn } }],
  ["an action with a wildcard", { ...sound, action: "s3:Get*" }],
  ["no action", { ...sound, action: undefined }],
  ["no resource", { ...sound, resource: undefined }],
  ["a resource that is a text", { ...sound, resource: "*" }],
  ["an account of eleven digits", { ...sound, resource: { arn: "*", account: "11112222333" } }],
  ["an unknown member", { ...sound, polices: {} }],
  ["an unknown policy", { ...sound, policies: { identities: [] } }],
  ["an identity policy that is no list", { ...sound, policies: { identity: {} } }],
  ["an scp without levels", { ...sound, policies: { scp: [{ Statement: statement }] } }],
  ["a context key without a service", { ...sound, context: { username: "ada" } }],
  ["a context value that is an object", { ...sound, context: { "aws:username": {} } }],
  ["an unknown expectation", { ...sound, expect: "denied" }],
  ["an unknown layer", { ...sound, expect: { decision: "deny", layer: "bucket" } }],
  ["synthesize as a text", { ...sound, synthesize: "true" }],
  ["a grant without operations", { ...sound, grants: [{ GranteePrincipal: "x" }] }],
  ["a grant without a grantee", { ...sound, grants: [{ Operations: ["Decrypt"] }] }],
  ["an unknown version", { ...sound, policies: { identity: [{ Version: "1", Statement: [] }] } }],
  ["an effect in another case", withStatement({ Effect: "allow" })],
  ["two kinds of action", withStatement({ NotAction: "s3:*" })],
  ["two kinds of resource", withStatement({ NotResource: "*" })],
  ["an unknown element", withStatement({ Resources: "*" })],
  ["an unknown operator", withStatement({ Condition: { StringIs: { "aws:username": "a" } } })],
  [
    "an operator of no kind",
    withStatement({ Condition: { NullIfExists: { "aws:username": "a" } } }),
  ],
  ["no values", withStatement({ Condition: { StringLike: { "aws:username": [] } } })],
];

function parses(value: unknown): boolean {
  try {
    parseScenarios(value, "case");
    return true;
  } catch {
    return false;
  }
}

describe("docs/schemas/simulate-v1.json", () => {
  it("takes every case that postern decides", () => {
    for (const { name: topic, cases } of policyTopics())
      for (const { name, error, scenario } of cases)
        if (error === undefined)
          assert.ok(conforms(scenario), `${topic}: ${name}: ${JSON.stringify(conforms.errors)}`);
  });

  it("takes a list of scenarios, and an empty one", () => {
    for (const value of [[], [sound, sound]])
      assert.deepEqual([conforms(value), parses(value)], [true, true]);
  });

  for (const [why, value] of REFUSED)
    it(`refuses ${why}, as postern does`, () => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      assert.deepEqual([conforms(plain), parses(plain)], [false, false]);
    });

  it("knows the same words and layers", () => {
    const { word, expect } = schema.$defs;
    assert.deepEqual(word.enum, EXPECTED_WORDS);
    assert.deepEqual(expect.anyOf[1].properties.layer.enum, LAYERS);
  });
});
