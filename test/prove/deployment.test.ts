import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Caller } from "../../agent/policy/caller.ts";
import { parsePolicy } from "../../agent/policy/document.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import type { Policies } from "../../agent/policy/request.ts";
import type { Chain } from "../../agent/prove/chain.ts";
import { classify } from "../../agent/prove/classify.ts";
import { newProver } from "../../agent/prove/decide.ts";
import { FREE, requestClassOf } from "../../agent/prove/request-class.ts";
import { A, BUCKET, type Deployment, deployment, groupName, KEY, roleArn } from "./deployment.ts";

const GRANTS_NOTHING = { scp: [], rcp: [], grants: [] } as const;

function callerOf(role: number): Caller {
  const session = `arn:aws:sts::${A}:assumed-role/role-${role}/i-0abc`;
  return { kind: "role", arn: roleArn(role), session, account: A };
}

/** A read of one object by a role: S3, and what S3 asks of KMS. */
function reading(
  { bucketPolicy, keyPolicy }: Deployment,
  role: number,
  key: string,
  identity: Policies["identity"],
): Chain {
  const caller = callerOf(role);
  const known = { "aws:PrincipalArn": roleArn(role), "aws:PrincipalAccount": A };
  const object = `${BUCKET}/${key}`;
  return {
    shared: new Set(["aws:principalarn", "aws:principalaccount"]),
    links: [
      {
        policies: { ...GRANTS_NOTHING, identity, resource: bucketPolicy },
        requestClass: requestClassOf({
          caller,
          action: "s3:GetObject",
          resource: parseArn(object),
          resourceAccount: A,
          keys: { ...known, "aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false" },
        }),
      },
      {
        policies: { ...GRANTS_NOTHING, identity, resource: keyPolicy },
        requestClass: requestClassOf({
          caller,
          action: "kms:Decrypt",
          resource: parseArn(KEY),
          resourceAccount: A,
          otherKeys: "absent",
          keys: {
            ...known,
            "aws:ViaAWSService": "true",
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": object,
            "ec2:RoleDelivery": "2.0",
            "ec2:SourceInstanceARN": FREE,
          },
        }),
      },
    ],
  };
}

const FULL = [
  parsePolicy(
    { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
    "identity",
    "full",
  ),
];

describe("a deployment of 100 roles and 50 groups", () => {
  const world = deployment(100, 50);
  const prover = newProver();
  const identities = Array.from({ length: world.roles }, (_, role) => world.identityOf(role));

  it("lets each role read its groups, and no other, even with every right attached", () => {
    let read = 0;
    for (const [role, identity] of identities.entries())
      for (let group = 0; group < world.groups; group += 1) {
        const name = groupName(group);
        for (const key of [`${name}/x`, `${name}-x`])
          for (const all of [identity, [...identity, ...FULL]]) {
            const kind = prover.find(reading(world, role, key, all), "allow").kind;
            const isRead = world.reads(role, group) && key.startsWith(`${name}/`);
            assert.equal(kind, isRead ? "found" : "none", `role ${role} of ${key}`);
            read += Number(isRead);
          }
      }
    assert.ok(read > 0);
  });

  it("denies it what its guards are for", () => {
    const chain = reading(world, 0, `${groupName(0)}/x`, identities[0] ?? []);
    assert.equal(classify(prover, chain).kind, "differs");
    const [first, ...others] = chain.links;
    assert.ok(first !== undefined);
    const guards = [
      { Null: { "aws:SourceVpce": "true" } },
      { NumericLessThan: { "s3:TlsVersion": "1.1" } },
      { NumericEquals: { "ec2:RoleDelivery": "1.0" } },
      {
        Null: { "aws:SourceVpc": "true", "ec2:SourceInstanceARN": "false" },
        // not said, a VPC of the name "none" would be found
        StringLike: { "aws:Ec2InstanceSourceVpc": "vpc-*" },
      },
      { StringEquals: { "s3:authType": "REST-QUERY-STRING" } },
    ];
    for (const where of guards) {
      const { where: _, keys, ...asked } = first.requestClass;
      const named = Object.fromEntries(keys);
      const requestClass = requestClassOf({ ...asked, keys: named, where });
      const guarded: Chain = { ...chain, links: [{ ...first, requestClass }, ...others] };
      assert.equal(prover.find(guarded, "allow").kind, "none", JSON.stringify(where));
    }
  });
});
