/** What is deployed in moto, whose IAM, KMS, S3 and EC2 were not written by us, against the map that it was made from. */
import assert from "node:assert/strict";
import {
  AddUserToGroupCommand,
  CreateGroupCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutGroupPolicyCommand,
} from "@aws-sdk/client-iam";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { findClient, type Outcome, runClient, temporaryFolder } from "../support/judge.ts";
import { withoutMoto } from "../support/moto.ts";
import { type Cloud, startCloud } from "../support/moto-deployment.ts";
import { root } from "../support/root.ts";

const [HOME, WEST] = ["us-east-1", "us-west-2"];
const BUCKET = "acme-secrets";

interface Drift {
  readonly drifted: boolean;
  readonly changes: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly what: string;
  }[];
  readonly access: { readonly changes: readonly { readonly caller: string }[] };
  readonly denied: readonly { readonly action: string }[];
}

interface Prepared extends Cloud {
  /** The folder that its map lies in. */
  readonly home: string;
  readonly map: string;
  readonly key: string;
  readonly drift: (...words: readonly string[]) => Promise<Outcome>;
  readonly driftJson: (...words: readonly string[]) => Promise<Drift>;
}

/** Its keys and endpoints are there, and nothing else. Two regions, and every kind of identity. */
async function prepared(t: TestContext): Promise<Prepared> {
  const cloud = await startCloud(t);
  const key = await cloud.makeKey(HOME);
  const copy = await cloud.makeKey(WEST);
  const s3 = await cloud.makeEndpoint(HOME, "s3", "Gateway");
  const west = await cloud.makeEndpoint(WEST, "s3", "Interface");
  const kms = await cloud.makeEndpoint(WEST, "kms", "Interface");
  const map = `version: 1
account: "${cloud.account}"
region: ${HOME}
bucket: ${BUCKET}
default_encryption: { type: kms, key: web }
keys: { web: "${key}" }
endpoints: { ${s3}: { service: s3 } }
replicas:
  - region: ${WEST}
    bucket: ${BUCKET}-west
    keys: { web: "${copy}" }
    endpoints: { ${west}: { service: s3, type: interface }, ${kms}: { service: kms } }
principals:
  web: { kind: ec2, network: { vpce: [${s3}, ${west}, ${kms}] } }
  ci: { kind: oidc, provider: token.actions.githubusercontent.com, subjects: ["repo:acme/secrets:*"] }
  ops: { kind: sso, permission_set: SecretsOps, region: us-east-1 }
  alice: { kind: user, user: people/alice }
  infra: { kind: existing, role: infra }
  partner: { kind: foreign, role: "arn:aws:iam::444455556666:role/partner" }
  emergency: { kind: human, trusted: ["arn:aws:iam::${cloud.account}:user/people/alice"] }
groups:
  web:
    prefix: web/
    sse: { type: kms, key: web, header: required }
    readers: [web, partner]
    publishers: { ci: edit, ops: restore, alice: write }
deployers: [infra]
break_glass: [emergency]
`;
  const home = temporaryFolder(t);
  writeFileSync(join(home, "access.yaml"), map);
  const drift: Prepared["drift"] = (...words) =>
    runClient(
      join(root, "bin/postern"),
      ["policy", "drift", "access.yaml", ...words],
      home,
      cloud.env,
    );
  return {
    ...cloud,
    home,
    map,
    key,
    drift,
    driftJson: async (...words) => {
      const { code, stdout, stderr } = await drift("--json", ...words);
      assert.ok(code === 0 || code === 2, stderr);
      return JSON.parse(stdout) as Drift;
    },
  };
}

/** The same with what the map makes, and with what others made beside it. */
async function deployed(t: TestContext): Promise<Prepared> {
  const cloud = await prepared(t);
  const { iam } = cloud;
  await cloud.deploy(generateDeployment(parseMap(cloud.map, "access.yaml")));
  await iam.send(new CreateGroupCommand({ GroupName: "staff" }));
  await iam.send(new AddUserToGroupCommand({ GroupName: "staff", UserName: "alice" }));
  await iam.send(
    new PutGroupPolicyCommand({
      GroupName: "staff",
      PolicyName: "mail",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Allow", Action: "ses:*", Resource: "*" },
      }),
    }),
  );
  return cloud;
}

describe("postern policy drift against moto", { skip: withoutMoto }, () => {
  it("finds what was deployed as the map makes it, and the same as in a folder of exports", async (t) => {
    const { drift, driftJson, home, env } = await deployed(t);
    const { code, stdout, stderr } = await drift();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(
      stdout,
      "not looked at: arn:aws:iam::444455556666:role/partner: what another account attaches\n" +
        "no drift: every document says what the map makes\n",
    );
    await exportWith(drift, home, env, t);
    assert.deepEqual(await driftJson(), await driftJson("--from", "exported"));
  });

  it("finds what was changed since, and who may now do what, as in a folder of exports", async (t) => {
    const { drift, driftJson, home, env, iam, ...cloud } = await deployed(t);
    const { s3, kms, key, account } = cloud;
    const [west, role] = [s3(WEST), `arn:aws:iam::${account}:role`];
    await west.deleteBucketPolicy({ Bucket: `${BUCKET}-west` });
    await s3(HOME).deleteBucketEncryption({ Bucket: BUCKET });
    await kms(HOME).createGrant({
      KeyId: key,
      GranteePrincipal: `${role}/other`,
      Operations: ["Decrypt"],
    });
    const attached = {
      RoleName: "infra",
      PolicyArn: `arn:aws:iam::${account}:policy/postern/postern-infra`,
    };
    await iam.send(new DetachRolePolicyCommand(attached));
    await iam.send(new DeleteRolePolicyCommand({ RoleName: "web", PolicyName: "postern" }));
    const live = await driftJson();
    assert.deepEqual(
      live.changes.map(({ subject, what }) => [subject, what]),
      [
        [`bucket ${BUCKET}`, "default encryption"],
        [`bucket ${BUCKET}`, "key of default encryption"],
        [`bucket ${BUCKET}`, "bucket key"],
        [`bucket ${BUCKET}-west`, "policy"],
        [`key ${key}`, "grant"],
        ["role infra", "managed policy postern-infra"],
        ["role web", "inline policy postern"],
      ],
    );
    assert.ok(live.access.changes.some(({ caller }) => caller === `${role}/other`));
    const { code, stdout } = await drift();
    assert.equal(code, 2);
    assert.match(stdout, /\n\+ arn:aws:iam::\d+:role\/other.* now may kms:Decrypt on /);
    assert.match(
      stdout,
      /\n- arn:aws:iam::\d+:role\/postern\/web.* no longer may s3:GetObject on /,
    );
    await exportWith(drift, home, env, t);
    assert.deepEqual(live, await driftJson("--from", "exported"));
  });

  it("calls missing what is not there", async (t) => {
    const { drift, key } = await prepared(t);
    const { code, stdout, stderr } = await drift();
    assert.equal(code, 2, stderr);
    for (const subject of [
      "bucket acme-secrets: policy",
      "bucket acme-secrets-west: policy",
      "role web: itself",
      "role infra: itself",
      "user alice: itself",
      "permission set AWSReservedSSO_SecretsOps_????????????????: itself",
    ])
      assert.ok(stdout.includes(`- ${subject}: not there\n`), subject);
    assert.ok(stdout.includes(`~ key ${key}: policy\n`));
    assert.doesNotMatch(stdout, /not told|denied/);
  });

  it("is let in by the policy that it prints, and names what is taken away from it", async (t) => {
    const { drift, driftJson, enforce } = await deployed(t);
    const { code, stdout } = await drift("--print-policy");
    assert.equal(code, 0);
    const policy = JSON.parse(stdout) as Policy;
    await enforce(everywhere(policy, []));
    const { drifted, changes, denied } = await driftJson();
    assert.deepEqual([drifted, changes, denied], [false, [], []]);
    // of KMS moto denies in a way that KMS does not
    const taken = [
      "ec2:DescribeVpcEndpoints",
      "iam:GetPolicyVersion",
      "iam:ListRolePolicies",
      "s3:GetBucketPolicy",
    ];
    await enforce(everywhere(policy, taken));
    const without = await driftJson();
    assert.deepEqual([...new Set(without.denied.map(({ action }) => action))].toSorted(), taken);
    assert.deepEqual([...new Set(without.changes.map(({ kind }) => kind))], ["unknown"]);
    assert.deepEqual(without.access.changes, []);
  });

  it("asks nothing about the account of others", async (t) => {
    const { drift, home, map, account } = await prepared(t);
    const other = map.replaceAll(account, "111122223333");
    writeFileSync(join(home, "access.yaml"), other);
    const { code, stderr } = await drift();
    assert.equal(code, 69);
    assert.match(
      stderr,
      /expected credentials of account 111122223333, .*got those of 123456789012/,
    );
    assert.match(stderr, /hint: set AWS_PROFILE/);
  });
});

interface Policy {
  readonly Version: string;
  readonly Statement: readonly { readonly Action: readonly string[] }[];
}

/** Of all resources, since moto looks at no others; without some actions. */
function everywhere(policy: Policy, without: readonly string[]): object {
  const statements = policy.Statement.map((one) => ({
    ...one,
    Action: one.Action.filter((action) => !without.includes(action)),
    Resource: "*",
  })).filter(({ Action }) => Action.length > 0);
  // what moto takes three of the questions to S3 for
  const listing = { Effect: "Allow", Action: "s3:ListBucket", Resource: "*" };
  return { ...policy, Statement: [...statements, listing] };
}

/** Runs the printed script, where there is an AWS CLI. */
async function exportWith(
  drift: Prepared["drift"],
  home: string,
  env: Cloud["env"],
  t: TestContext,
): Promise<void> {
  const aws = findClient("aws");
  if (aws === undefined) return t.skip("aws not installed");
  writeFileSync(join(home, "export.sh"), (await drift("--print-export")).stdout);
  const path = `${dirname(aws)}:${process.env["PATH"] ?? ""}`;
  const { code, stderr } = await runClient("sh", ["export.sh", "exported"], home, {
    ...env,
    PATH: path,
  });
  assert.equal(code, 0, stderr);
}
