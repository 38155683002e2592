import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callerOfArn } from "../../agent/policy/caller.ts";
import { parsePolicy } from "../../agent/policy/document.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import { parseGrant } from "../../agent/policy/grant.ts";
import type { Policies } from "../../agent/policy/request.ts";
import type { Chain } from "../../agent/prove/chain.ts";
import { classify } from "../../agent/prove/classify.ts";
import { newProver } from "../../agent/prove/decide.ts";
import { type ClassInput, FREE, requestClassOf } from "../../agent/prove/request-class.ts";

const A = "111122223333";
const KEY = `arn:aws:kms:us-east-1:${A}:key/1`;
const caller = callerOfArn(`arn:aws:sts::${A}:assumed-role/web/i-0abc`);
assert.ok(caller !== undefined);

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const statement = (Effect: string, Condition: Conditions) => ({
  Effect,
  Action: "*",
  Resource: "*",
  Condition,
});

function identity(...statements: readonly object[]): Policies {
  const policy = parsePolicy({ Version: "2012-10-17", Statement: statements }, "identity", "role");
  return { identity: [policy], scp: [], rcp: [], grants: [] };
}

function classOf(input: Partial<ClassInput>) {
  return requestClassOf({
    caller,
    action: "s3:GetObject",
    resource: parseArn("arn:aws:s3:::b/web/a"),
    resourceAccount: A,
    ...input,
  } as ClassInput);
}

const one = (policies: Policies, input: Partial<ClassInput> = {}): Chain => ({
  links: [{ policies, requestClass: classOf(input) }],
  shared: new Set(),
});

/** "allow", "deny", "differs", or "sampled: why". */
function said(chain: Chain): string {
  const found = classify(newProver(), chain);
  if (found.kind === "always") return found.decision;
  return found.kind === "sampled" ? `sampled: ${found.reason}` : found.kind;
}

const ALLOW = statement("Allow", {});
const tag = (value: string): string => `\${aws:PrincipalTag/${value}}`;

describe("what denies under a condition", () => {
  const rows: readonly (readonly [
    why: string,
    denies: readonly Conditions[],
    keys: ClassInput["keys"],
    expected: string,
  ])[] = [
    [
      "denies all where a condition and its opposite do",
      [{ StringEquals: { "aws:SourceVpc": "v" } }, { StringNotEquals: { "aws:SourceVpc": "v" } }],
      {},
      "deny",
    ],
    [
      "leaves the absent key where neither holds without it",
      [{ StringEquals: { "aws:SourceVpc": "v" } }, { StringLike: { "aws:SourceVpc": "?*" } }],
      {},
      "differs",
    ],
    [
      "leaves the threshold between two",
      [
        { NumericLessThan: { "s3:TlsVersion": "1.2" } },
        { NumericGreaterThan: { "s3:TlsVersion": "1.2" } },
        { Null: { "s3:TlsVersion": "true" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves nothing at a threshold that is taken too",
      [
        { NumericLessThanEquals: { "s3:TlsVersion": "1.2" } },
        { NumericGreaterThan: { "s3:TlsVersion": "1.2" } },
        { Null: { "s3:TlsVersion": "true" } },
      ],
      {},
      "deny",
    ],
    [
      "leaves what lies between two dates",
      [
        { DateLessThan: { "aws:CurrentTime": "2026-01-01" } },
        { DateGreaterThan: { "aws:CurrentTime": "2026-01-01T00:00:01Z" } },
        { Null: { "aws:CurrentTime": "true" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves no address in two halves of all of them",
      [
        { IpAddress: { "aws:SourceIp": ["0.0.0.0/1", "::/0"] } },
        { IpAddress: { "aws:SourceIp": "128.0.0.0/1" } },
        { Null: { "aws:SourceIp": "true" } },
      ],
      {},
      "deny",
    ],
    [
      "leaves one address that a range lacks",
      [
        { NotIpAddress: { "aws:SourceIp": "10.0.0.0/31" } },
        { IpAddress: { "aws:SourceIp": "10.0.0.0" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves a boolean that neither is",
      [{ Bool: { "aws:SecureTransport": "false" } }, { Bool: { "aws:SecureTransport": "true" } }],
      {},
      "differs",
    ],
    [
      "leaves no set with a stranger and without",
      [
        { "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } },
        { "ForAnyValue:StringNotEquals": { "aws:TagKeys": ["a"] } },
      ],
      {},
      "deny",
    ],
    [
      "leaves a set of both where each alone is denied",
      [
        { "ForAllValues:StringEquals": { "aws:TagKeys": "a" } },
        { "ForAllValues:StringNotEquals": { "aws:TagKeys": "a" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves what two patterns share",
      [
        { StringNotLike: { "s3:prefix": "a*" } },
        { StringNotLike: { "s3:prefix": "*z" } },
        { StringEquals: { "s3:prefix": "az" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves no ARN of a segment that cannot be",
      [
        { ArnNotLike: { "aws:SourceArn": "arn:aws:s3:*:*:b" } },
        { StringNotLike: { "aws:SourceArn": "arn:aws:s3:::*" } },
        { ArnLike: { "aws:SourceArn": "arn:aws:s3:::b" } },
      ],
      {},
      "deny",
    ],
    [
      "leaves an unequal pair where equal ones are denied",
      [
        { StringEquals: { "aws:PrincipalTag/a": tag("b") } },
        { StringNotLike: { "aws:PrincipalTag/a": "x*" } },
        { StringNotLike: { "aws:PrincipalTag/b": "x*" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves three that differ from each other",
      [
        { StringEquals: { "aws:PrincipalTag/a": tag("b") } },
        { StringEquals: { "aws:PrincipalTag/b": tag("c") } },
        { StringEquals: { "aws:PrincipalTag/a": tag("c") } },
        { StringNotLike: { "aws:PrincipalTag/a": "p?" } },
        { StringNotLike: { "aws:PrincipalTag/b": "p?" } },
        { StringNotLike: { "aws:PrincipalTag/c": "p?" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves nothing of what the class never is",
      [{ StringEquals: { "aws:SourceVpc": ["v", "w"] } }],
      { "aws:SourceVpc": { kind: "one of", alternatives: [["v"], ["w"]] } },
      "deny",
    ],
    [
      "denies nothing where the class never is so",
      [{ StringEquals: { "aws:SourceVpc": "v" } }],
      { "aws:SourceVpc": ["w"] },
      "allow",
    ],
    [
      "leaves a number between two",
      [
        { NumericLessThanEquals: { "s3:TlsVersion": "1.2" } },
        { NumericGreaterThanEquals: { "s3:TlsVersion": "1.3" } },
        { Null: { "s3:TlsVersion": "true" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves a moment between two",
      [
        { DateLessThanEquals: { "aws:CurrentTime": "2026-01-01" } },
        { DateGreaterThanEquals: { "aws:CurrentTime": "2026-01-01T00:00:01Z" } },
        { Null: { "aws:CurrentTime": "true" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves the letters in another case",
      [
        { StringNotEqualsIgnoreCase: { "aws:PrincipalTag/t": "ab" } },
        { StringEquals: { "aws:PrincipalTag/t": "ab" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves what a variable is without its key",
      [
        { StringNotEquals: { "aws:PrincipalTag/a": "${aws:PrincipalTag/b, 'd'}" } },
        { Null: { "aws:PrincipalTag/b": "false" } },
      ],
      {},
      "differs",
    ],
    [
      "leaves a variable that is as the class has it",
      [{ StringNotEquals: { "aws:PrincipalTag/a": "${aws:PrincipalTag/b}" } }],
      { "aws:PrincipalTag/a": "v" },
      "differs",
    ],
    [
      "takes a key for what it is compared as, also where that decides nothing",
      [
        {
          ArnEquals: { "aws:SourceArn": "arn:aws:s3:::b" },
          Bool: { "aws:SecureTransport": "true" },
        },
        { StringNotLike: { "aws:SourceArn": "arn:aws:s3:*" } },
      ],
      { "aws:SecureTransport": "false" },
      "differs",
    ],
    // corrections of the facts: AWS's rule 19, and the form with a default
    [
      "denies stolen credentials outside of any VPC, by the variable that is missing",
      [{ StringNotEquals: { "aws:Ec2InstanceSourceVpc": "${aws:SourceVpc}" } }],
      { "aws:Ec2InstanceSourceVpc": "v", "aws:SourceVpc": [] },
      "deny",
    ],
    [
      "denies stolen credentials outside of any VPC, by its default",
      [{ StringNotEquals: { "aws:Ec2InstanceSourceVpc": "${aws:SourceVpc, 'none'}" } }],
      { "aws:Ec2InstanceSourceVpc": "v", "aws:SourceVpc": [] },
      "deny",
    ],
    [
      "denies not in whatever VPC the instance may be, the request may be in it too",
      [{ StringNotEquals: { "aws:Ec2InstanceSourceVpc": "${aws:SourceVpc, 'none'}" } }],
      { "aws:Ec2InstanceSourceVpc": FREE, "aws:SourceVpc": FREE },
      "differs",
    ],
    [
      "denies a PUT without the header, unless Null spares it",
      [{ ArnNotEquals: { "s3:x-amz-server-side-encryption-aws-kms-key-id": KEY } }],
      { "s3:x-amz-server-side-encryption-aws-kms-key-id": [] },
      "deny",
    ],
    [
      "takes a key id of the client that is no ARN",
      [
        { ArnNotEquals: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:*:*:*:*:*" } },
        { Null: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "true" } },
        { StringNotLike: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "*:*" } },
      ],
      {},
      "differs",
    ],
  ];
  for (const [why, denies, keys, expected] of rows)
    it(why, () => {
      const policies = identity(ALLOW, ...denies.map((one) => statement("Deny", one)));
      assert.equal(said(one(policies, { keys })), expected);
    });
});

it("a set is found that has one value and not only that", () => {
  const policies = identity(
    statement("Allow", { "ForAnyValue:StringEquals": { "aws:TagKeys": "a" } }),
    statement("Deny", { "ForAllValues:StringEquals": { "aws:TagKeys": "a" } }),
  );
  assert.equal(said(one(policies)), "differs");
});

describe("a class of requests", () => {
  const inVpc = identity(ALLOW, statement("Deny", { StringNotEquals: { "aws:SourceVpc": "v" } }));

  it("is what its conditions leave of it", () => {
    assert.equal(said(one(inVpc, { where: { StringLike: { "aws:SourceVpc": "v" } } })), "allow");
    assert.equal(said(one(inVpc, { where: { StringLike: { "aws:SourceVpc": "?w" } } })), "deny");
    assert.equal(said(one(inVpc, { where: { StringLike: { "aws:SourceVpc": "*" } } })), "differs");
  });

  it("has keys whose values go together", () => {
    const policies = identity(
      statement("Allow", { StringEquals: { "aws:SourceVpc": "v", "aws:SourceVpce": "e" } }),
    );
    const keys = ["aws:SourceVpc", "aws:SourceVpce"];
    const rows = (list: readonly (readonly string[])[]) => ({
      correlations: [{ keys, rows: list.map((row) => row.map((value) => [value])) }],
    });
    assert.equal(
      said(
        one(
          policies,
          rows([
            ["v", "f"],
            ["w", "e"],
          ]),
        ),
      ),
      "deny",
    );
    assert.equal(
      said(
        one(
          policies,
          rows([
            ["v", "f"],
            ["v", "e"],
          ]),
        ),
      ),
      "differs",
    );
  });

  it("that holds no request proves nothing", () => {
    const where = { StringEquals: { "aws:SourceVpc": "v" }, Null: { "aws:SourceVpc": "true" } };
    assert.throws(() => said(one(inVpc, { where })), /holds no request/);
    assert.throws(
      () => classOf({ keys: { "aws:SourceVpc": { kind: "one of", alternatives: [] } } }),
      /expected an alternative/,
    );
    assert.throws(() => classOf({ keys: { "aws:a": "1", "AWS:A": "2" } }), /each key once/);
  });

  it("shows a witness that the evaluator decides so", () => {
    const found = classify(newProver(), one(inVpc));
    assert.ok(found.kind === "differs");
    assert.deepEqual([...(found.allowed.requests[0]?.context ?? [])], [["aws:sourcevpc", ["v"]]]);
    assert.equal(found.denied.verdicts[0]?.explicit, true);
  });
});

describe("what cannot be told for certain", () => {
  const around = { StringLike: { "s3:prefix": `home/${tag("t")}/*` } };
  const rows: readonly (readonly [why: string, policies: Policies, expected: RegExp])[] = [
    ["text around a variable", identity(statement("Allow", around)), /text around the variable/],
    [
      "a resource with a variable",
      identity({ ...ALLOW, Resource: "arn:aws:s3:::b/${aws:username}/*" }),
      /a resource with the variable aws:username/,
    ],
    [
      "a variable that is compared without case",
      identity(
        ALLOW,
        statement("Deny", { StringEqualsIgnoreCase: { "aws:PrincipalTag/a": tag("b") } }),
        statement("Deny", { StringNotEqualsIgnoreCase: { "aws:PrincipalTag/a": tag("b") } }),
      ),
      /without case with the variable/,
    ],
    [
      "a number that is compared with a pattern",
      identity(
        statement("Allow", {
          NumericLessThan: { "s3:max-keys": "5" },
          StringLike: { "s3:max-keys": "*77*" },
        }),
      ),
      /as number and with wildcards/,
    ],
  ];
  for (const [why, policies, expected] of rows)
    it(`is said, never proved: ${why}`, () => assert.match(said(one(policies)), expected));

  it("does not matter where it decides nothing", () => {
    const policies = identity(ALLOW, statement("Deny", around), statement("Deny", {}));
    assert.equal(said(one(policies)), "deny");
  });

  it("can be told where the variable has a value", () => {
    const policies = identity(statement("Allow", around));
    const keys = { "aws:PrincipalTag/t": "bob" };
    assert.equal(said(one(policies, { keys })), "differs");
    assert.equal(said(one(policies, { keys: { ...keys, "s3:prefix": "home/bob/x" } })), "allow");
  });
});

describe("a chain of requests", () => {
  const equal = (name: string, value: string) =>
    identity(statement("Allow", { StringEquals: { [`aws:PrincipalTag/${name}`]: value } }));
  const chain = (first: Policies, second: Policies, shared: readonly string[]): Chain => ({
    links: [first, second].map((policies) => ({ policies, requestClass: classOf({}) })),
    shared: new Set(shared),
  });

  it("is denied where no values of a shared key are allowed at each link", () => {
    const parts = [equal("t", "a"), equal("t", "b")] as const;
    assert.equal(said(chain(...parts, [])), "differs");
    assert.equal(said(chain(...parts, ["aws:principaltag/t"])), "deny");
    assert.equal(said(chain(equal("t", "a"), equal("t", "a"), ["aws:principaltag/t"])), "differs");
  });

  it("is denied where one link is, and allowed only where all are", () => {
    assert.equal(said(chain(identity(ALLOW), identity(statement("Deny", {})), [])), "deny");
    assert.equal(said(chain(identity(ALLOW), identity(ALLOW), [])), "allow");
  });

  it("takes no shared key that is not the same in all links", () => {
    const links = [{}, { keys: { "aws:PrincipalTag/t": "a" } }].map((input) => ({
      policies: equal("t", "a"),
      requestClass: classOf(input),
    }));
    assert.throws(
      () => said({ links, shared: new Set(["aws:principaltag/t"]) }),
      /the same constraint/,
    );
  });
});

describe("a grant", () => {
  const grants = (constraints: object) => {
    const grant = parseGrant(
      {
        GranteePrincipal: `arn:aws:iam::${A}:role/web`,
        Operations: ["Decrypt"],
        Constraints: constraints,
      },
      "grants[0]",
      (_, message) => assert.fail(message),
    );
    assert.ok(grant !== undefined);
    return [grant];
  };
  const rows: readonly (readonly [
    why: string,
    constraints: object,
    input: Partial<ClassInput>,
    string,
  ])[] = [
    ["opens for all without constraints", {}, {}, "allow"],
    ["opens for its pairs", { EncryptionContextSubset: { g: "a" } }, {}, "differs"],
    [
      "opens not for others",
      { EncryptionContextSubset: { g: "a" } },
      { keys: { "kms:EncryptionContext:g": "b" } },
      "deny",
    ],
    [
      "opens for exactly its pairs, not for more",
      { EncryptionContextEquals: { g: "a" } },
      { keys: { "kms:EncryptionContext:g": "a" } },
      "differs",
    ],
    [
      "opens for exactly its pairs where there are no others",
      { EncryptionContextEquals: { g: "a" } },
      { keys: { "kms:EncryptionContext:g": "a" }, otherKeys: "absent" },
      "allow",
    ],
  ];
  for (const [why, constraints, input, expected] of rows)
    it(why, () => {
      const policies = { ...identity(statement("Allow", {})), grants: grants(constraints) };
      const asked = { action: "kms:Decrypt", resource: parseArn(KEY), ...input };
      assert.equal(said(one(policies, asked)), expected);
    });
});
