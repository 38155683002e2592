import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import { wordOf } from "../../agent/policy/expectation.ts";
import { simulateForeign } from "../../agent/policy/foreign-cases.ts";

const A = "111122223333";
const BUCKET = "arn:aws:s3:::acme-secrets";
const SESSION = `arn:aws:sts::${A}:assumed-role/web/i-0abc`;
const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: `${BUCKET}/web/*` };
const documentOf = (changes: object = {}): object => ({
  Version: "2012-10-17",
  Statement: [{ ...statement, ...changes }],
});
const policy = documentOf();
const other = documentOf({ Action: "s3:PutObject" });
const request = {
  principal: SESSION,
  action: "s3:GetObject",
  resource: { resource: `${BUCKET}/web/db`, accountId: A },
  context: {},
};
const plain = { name: "web reads web", request, identityPolicies: [{ name: "read", policy }] };
const open = { ...plain, identityPolicies: [], resourcePolicy: documentOf({ Principal: "*" }) };
const behind = (Condition: object, keys: object): object => ({
  ...plain,
  request: { ...request, ...keys },
  identityPolicies: [documentOf({ Condition })],
});
const inVpce = { StringEquals: { "aws:SourceVpce": "vpce-1a2b3c4d" } };
const vpce = { "aws:SourceVpce": ["vpce-1a2b3c4d"] };

const DECISIONS: Readonly<Record<string, readonly [one: object, word: string]>> = {
  "a policy with its name": [plain, "allow"],
  "a bare policy": [{ ...plain, identityPolicies: [policy] }, "allow"],
  "the resource's policy": [open, "allow"],
  "nobody in particular": [
    { ...open, request: { ...request, principal: { type: "Anonymous" } } },
    "allow",
  ],
  "a service": [
    {
      ...open,
      request: { ...request, principal: "logging.s3.amazonaws.com" },
      resourcePolicy: documentOf({ Principal: { Service: "logging.s3.amazonaws.com" } }),
    },
    "allow",
  ],
  "a provider of identities": [
    {
      ...open,
      request: { ...request, principal: `arn:aws:iam::${A}:saml-provider/Okta` },
      resourcePolicy: documentOf({
        Principal: { Federated: `arn:aws:iam::${A}:saml-provider/Okta` },
      }),
    },
    "allow",
  ],
  "a context": [behind(inVpce, { context: vpce }), "allow"],
  "a context by its other name": [
    behind(inVpce, { context: undefined, contextVariables: vpce }),
    "allow",
  ],
  "a session policy": [{ ...plain, sessionPolicy: other }, "implicit deny"],
  "a boundary": [
    { ...plain, permissionBoundaries: [{ name: "b", policy: other }] },
    "implicit deny",
  ],
  "no boundary": [{ ...plain, permissionBoundaries: [] }, "allow"],
  "service control policies": [
    { ...plain, serviceControlPolicies: [{ orgIdentifier: "r-1", policies: [other] }] },
    "implicit deny",
  ],
  "a level without any": [
    { ...plain, serviceControlPolicies: [{ orgIdentifier: "r-1", policies: [] }] },
    "implicit deny",
  ],
  "resource control policies": [
    {
      ...plain,
      resourceControlPolicies: [
        {
          orgIdentifier: "r-1",
          policies: [{ name: "p", policy: documentOf({ Effect: "Deny", Principal: "*" }) }],
        },
      ],
    },
    "explicit deny",
  ],
  "the policy of an endpoint": [
    {
      ...plain,
      vpcEndpointPolicies: [{ name: "e", policy: documentOf({ Principal: "*", ...noWeb() }) }],
    },
    "implicit deny",
  ],
  "strict mode": [{ ...plain, simulation: { mode: "Strict" } }, "allow"],
};

function noWeb(): object {
  return { Resource: `${BUCKET}/db/*` };
}

const SKIPPED: Readonly<Record<string, readonly [one: object, why: RegExp]>> = {
  "discovery mode, whatever else it holds": [
    { ...plain, simulation: { mode: "Discovery" }, unknown: 1 },
    /^it asks in discovery mode/,
  ],
  "several boundaries": [{ ...plain, permissionBoundaries: [policy, other] }, /one boundary/],
  "policies of several endpoints": [{ ...plain, vpcEndpointPolicies: [policy, other] }, /endpoint/],
  "a document that is refused, with its place": [
    { ...plain, identityPolicies: [documentOf({ Action: "s3" })] },
    /^policies\.identity\[0\]\.Statement\[0\]\.Action: expected an action/,
  ],
  "a key of the wrong type": [
    behind(
      { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
      { context: { "aws:SourceIp": "here" } },
    ),
    /^condition key "aws:SourceIp": expected an IP address/,
  ],
};

const REFUSED: Readonly<Record<string, readonly [value: unknown, message: RegExp]>> = {
  "what is no list": [plain, /^cases: expected a list of cases, got an object$/],
  "what is no case": [[1], /^cases: \[0\]: expected an object, got a number$/],
  "an unknown member, by the name of its case": [
    [plain, { ...plain, name: "second", identityPolices: [] }],
    /^cases: \[1\]\.identityPolices: expected a known member, got "identityPolices"; did you mean "identityPolicies"\? in "second"$/,
  ],
  "endpointPolicies, which are heeded by nobody": [
    [{ ...plain, endpointPolicies: [other] }],
    /\[0\]\.endpointPolicies: expected a known member/,
  ],
  "an unknown member of a request": [
    [{ ...plain, request: { ...request, keys: {} } }],
    /\[0\]\.request\.keys: expected a known member/,
  ],
  "two contexts": [
    [{ ...plain, request: { ...request, contextVariables: {} } }],
    /expected context or contextVariables, got both/,
  ],
  "an unknown response": [
    [{ ...plain, expected: { response: "Denied" } }],
    /\[0\]\.expected\.response: expected one of Allowed, /,
  ],
  "an unknown mode": [[{ ...plain, simulation: { mode: "Lax" } }], /expected "Strict"/],
  "a principal of another kind": [
    [{ ...plain, request: { ...request, principal: { type: "Root" } } }],
    /\[0\]\.request\.principal: expected a string or the type "Anonymous"/,
  ],
  "a file of which nothing can be decided": [
    [{ ...plain, simulation: { mode: "Discovery" } }],
    /^cases: none of its cases can be decided$/,
  ],
};

describe("cases in iam-simulate's layout", () => {
  for (const [what, [one, word]] of Object.entries(DECISIONS))
    it(`are decided with ${what}`, () => {
      const { results, skipped } = simulateForeign([one], "cases");
      assert.deepEqual(skipped, []);
      assert.deepEqual(
        results.map(({ verdict }) => wordOf(verdict)),
        [word],
      );
    });

  for (const [response, expected] of Object.entries({
    Allowed: [true, false, false],
    ExplicitlyDenied: [false, true, false],
    ImplicitlyDenied: [false, false, true],
  }))
    it(`are compared with the response ${response}, and with no more`, () => {
      const cases = [
        plain,
        { ...plain, identityPolicies: [documentOf({ Effect: "Deny" })] },
        { ...plain, identityPolicies: [] },
      ].map((one) => ({ ...one, expected: { response, blockedBy: ["scp"] } }));
      const { results } = simulateForeign(cases, "cases");
      assert.deepEqual(
        results.map(({ asExpected }) => asExpected),
        expected,
      );
    });

  for (const [what, [one, why]] of Object.entries(SKIPPED))
    it(`are passed over, and named, for ${what}`, () => {
      const { results, skipped } = simulateForeign([{ ...one, name: "odd" }, plain], "cases");
      assert.deepEqual([results.length, skipped.length], [1, 1]);
      assert.equal(skipped[0]?.name, "odd");
      assert.match(skipped[0].why, why);
    });

  for (const [what, [value, message]] of Object.entries(REFUSED))
    it(`refuses ${what}`, () => {
      assert.throws(
        () => simulateForeign(value, "cases"),
        (error) =>
          error instanceof PosternError && error.code === "BadData" && message.test(error.message),
      );
    });
});
