import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differencesOf, matrixOf } from "../../agent/audit/matrix.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { lintSets } from "../../agent/lint/files.ts";
import { mapSet } from "../../agent/cli/policy-lint-files.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { parseScenarios } from "../../agent/policy/scenario.ts";
import { simulate } from "../../agent/policy/simulate.ts";
import { proveMap } from "../../agent/prove/prove.ts";
import { encodeProof, holds } from "../../agent/prove/report.ts";
import { decide, type Keys, ORG, withEverything } from "../support/deployments.ts";
import { blocksOf, readPage, rowsOf, sectionOf } from "../support/document.ts";

const page = readPage("docs/policy.md");
const [yaml = ""] = blocksOf(page, "yaml");
const map = parseMap(yaml, "docs/policy.md");
const deployment = generateDeployment(map);

const BUCKET = "arn:aws:s3:::acme-secrets";
const KEY_WEB = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";
const KEY_DB = "arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222";
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const WEB = role("postern/web");
const EMERGENCY = role("postern/emergency");
const FOREIGN = "arn:aws:iam::999988887777:role/stranger";
const ROOT = "arn:aws:iam::111122223333:root";

describe("the map of docs/policy.md", () => {
  it("makes documents that hold", () => {
    const report = proveMap(map, deployment);
    assert.ok(holds(report), encodeProof(map, report).join("\n"));
  });

  it("makes documents that show no difference to it in the matrix", () => {
    const matrix = matrixOf(map, deployment);
    assert.ok(matrix.rows.length > 0);
    assert.deepEqual(differencesOf(matrix), []);
  });
});

/** What every guard looks for in a request; KMS is asked from the internet, where no endpoint has a say. */
function soundKeys(action: string): Keys {
  return {
    "aws:SecureTransport": "true",
    "aws:PrincipalOrgID": ORG,
    ...(action.startsWith("s3:") && {
      "s3:TlsVersion": "1.3",
      "s3:authType": "REST-HEADER",
      "aws:SourceVpce": "vpce-0123456789abcdef0",
    }),
  };
}
const INSTANCE: Keys = {
  "ec2:SourceInstanceARN": "arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0",
  "ec2:RoleDelivery": "2.0",
  "aws:Ec2InstanceSourceVpc": "vpc-1a2b3c4d",
  "aws:SourceVpc": "vpc-1a2b3c4d",
  "aws:Ec2InstanceSourcePrivateIPv4": "10.0.0.7",
  "aws:VpcSourceIp": "10.0.0.7",
};
const SEALED: Keys = {
  "kms:EncryptionContextKeys": ["postern:group", "postern:bucket", "postern:key"],
  "kms:EncryptionContext:postern:group": "db",
  "kms:EncryptionContext:postern:bucket": "acme-secrets",
  "kms:EncryptionContext:postern:key": "db/password",
};
const bySse = (object: string): Keys => ({
  "kms:ViaService": "s3.us-east-1.amazonaws.com",
  "kms:EncryptionContext:aws:s3:arn": object,
  "kms:EncryptionContextKeys": ["aws:s3:arn"],
});

/** What somebody who holds "*:*" asks, and the statement that stops it; "key policy" where nothing allows it. */
interface Attack {
  readonly who: string | undefined;
  readonly action: string;
  readonly resource: string;
  readonly keys?: Keys;
  readonly stoppedBy: string;
}

const read = (
  who: string | undefined,
  key: string,
  stoppedBy: string,
  keys: Keys = {},
): Attack => ({ who, action: "s3:GetObject", resource: `${BUCKET}/${key}`, keys, stoppedBy });
const open = (who: string): Attack => ({
  who,
  action: "kms:Decrypt",
  resource: KEY_DB,
  keys: SEALED,
  stoppedBy: "key policy",
});
const put = (who: string, key: string, stoppedBy: string, keys: Keys = {}): Attack => ({
  who,
  action: "s3:PutObject",
  resource: `${BUCKET}/${key}`,
  keys,
  stoppedBy,
});
const list = (who: string, prefix: string, stoppedBy: string): Attack => ({
  who,
  action: "s3:ListBucket",
  resource: BUCKET,
  keys: { "s3:prefix": prefix },
  stoppedBy,
});
const oldVersion = (who: string): Attack => ({
  who,
  action: "s3:GetObjectVersion",
  resource: `${BUCKET}/web/password`,
  stoppedBy: "DenyHistoryDbWeb",
});

const OTHER = role("other");
const INFRA = role("infra");
const CI = role("postern/ci");
const elsewhere: Keys = {
  ...INSTANCE,
  "aws:SourceVpc": "vpc-other",
  "aws:VpcSourceIp": "10.9.9.9",
};

const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  "another role of the account, with *:*": [read(OTHER, "db/password", "ClosedWorld"), open(OTHER)],
  "a role of the map, with *:*": [
    read(WEB, "db/password", "ClosedWorldReadDb"),
    put(WEB, "db/password", "ClosedWorldWriteDbWeb"),
    list(WEB, "db/", "DenyListDb"),
    list(WEB, "", "DenyListRest"),
    oldVersion(WEB),
    { who: WEB, action: "s3:PutBucketPolicy", resource: BUCKET, stoppedBy: "DenyConfig" },
    open(WEB),
    {
      who: WEB,
      action: "kms:Decrypt",
      resource: KEY_WEB,
      keys: bySse(`${BUCKET}/db/password`),
      stoppedBy: "key policy",
    },
  ],
  "credentials of an instance, used elsewhere": [
    read(WEB, "web/password", "SameVpc", elsewhere),
    read(WEB, "web/password", "SameIp", elsewhere),
    read(WEB, "web/password", "DenyOutsideNetworkDbWeb", { "aws:SourceVpce": [] }),
  ],
  "credentials that came over IMDSv1": [
    read(WEB, "web/password", "ImdsV2Only", { ...INSTANCE, "ec2:RoleDelivery": "1.0" }),
  ],
  "a presigned URL that leaked": [
    read(WEB, "web/password", "DenyPresigned", { "s3:authType": "REST-QUERY-STRING" }),
  ],
  "somebody on the wire": [
    read(WEB, "web/password", "DenyInsecureTransport", { "aws:SecureTransport": "false" }),
    read(WEB, "web/password", "DenyOldTls", { "s3:TlsVersion": "1.1" }),
  ],
  "a deployer, or who administers the keys": [
    read(INFRA, "db/password", "ClosedWorldReadDb"),
    read(INFRA, "web/password", "ClosedWorldReadWeb"),
    open(INFRA),
  ],
  "a role of another account, with *:*": [
    read(FOREIGN, "web/password", "ClosedWorld"),
    read(FOREIGN, "web/password", "DenyOutsideOrg", { "aws:PrincipalOrgID": "o-zzzzzzzzzz" }),
    open(FOREIGN),
  ],
  "anybody without credentials": [
    read(undefined, "web/password", "ClosedWorld", { "aws:PrincipalOrgID": [] }),
    read(undefined, "web/password", "DenyOutsideOrg", { "aws:PrincipalOrgID": [] }),
  ],
  "the account's root user": [read(ROOT, "web/password", "ClosedWorld"), open(ROOT)],
  "a publisher that was taken over": [
    {
      who: CI,
      action: "s3:DeleteObject",
      resource: `${BUCKET}/db/password`,
      stoppedBy: "ClosedWorldRemoveDb",
    },
    put(CI, "elsewhere/password", "ClosedWorldRest"),
    oldVersion(CI),
    put(CI, "web/password", "DenyEncryptionWeb"),
    put(CI, "web/password", "DenyKeyWeb", { "s3:x-amz-server-side-encryption": "aws:kms" }),
    put(CI, "web/password", "DenyCustomerKeys", {
      "s3:x-amz-server-side-encryption-customer-algorithm": "AES256",
    }),
    open(CI),
  ],
};

type Statement = Readonly<Record<string, unknown>>;

function kept(policy: PolicyJson, keep: (statement: Statement) => boolean): PolicyJson {
  const statements = policy["Statement"] as readonly Statement[];
  return { ...policy, Statement: statements.filter(keep) };
}

/** Its own policies and the bucket's without any Deny but that of the name. */
function withDeny(given: Deployment, sid: string): Deployment {
  const keep = (one: Statement): boolean => one["Effect"] === "Allow" || one["Sid"] === sid;
  return {
    ...given,
    buckets: given.buckets.map((one) => ({
      ...one,
      // an open bucket: what is not denied there is allowed to whoever asks
      policy: one.policy && {
        ...one.policy,
        Statement: [
          ...(kept(one.policy, keep)["Statement"] as readonly Statement[]),
          {
            Sid: "Open",
            Effect: "Allow",
            Principal: "*",
            Action: "*",
            Resource: [BUCKET, `${BUCKET}/*`],
          },
        ],
      },
    })),
    identities: given.identities.map((one) => ({
      ...one,
      policies: one.policies.map((policy) => ({
        ...policy,
        document: kept(policy.document, keep),
      })),
    })),
    endpoints: [],
  };
}

function asked({ who, action, resource, keys = {} }: Attack, given: Deployment) {
  const present = Object.entries({ ...soundKeys(action), ...keys }).filter(
    ([, value]) => value.length > 0,
  );
  const all = who === undefined ? given : withEverything(given, who);
  return decide(all, who, { action, resource, keys: Object.fromEntries(present) });
}

describe("docs/policy.md", () => {
  it("shows a scenario that is decided as it says", () => {
    const blocks = blocksOf(sectionOf(page, "Deciding single requests"), "json");
    assert.equal(blocks.length, 1);
    const scenarios = parseScenarios(JSON.parse(blocks[0] ?? ""), "example");
    for (const scenario of scenarios) {
      assert.ok(scenario.expect !== undefined);
      assert.ok(simulate(scenario, "example").asExpected);
    }
  });

  it("shows a map that no lint rule finds fault with", async () => {
    assert.deepEqual(lintSets([await mapSet("docs/policy.md", yaml)]).findings, []);
  });
});

describe("the attackers of docs/policy.md", () => {
  const rows = rowsOf(sectionOf(page, "Who attacks, and what stops it"));

  it("are those that a test plays", () => {
    assert.deepEqual(
      rows.map(([attacker]) => attacker),
      Object.keys(ATTACKS),
    );
  });

  for (const [attacker, attacks] of Object.entries(ATTACKS)) {
    it(`are stopped by just what is said: ${attacker}`, () => {
      const [, stoppedBy = ""] = rows.find(([name]) => name === attacker) ?? [];
      const played = new Set(attacks.map((one) => one.stoppedBy));
      assert.deepEqual(stoppedBy.split(", "), [...played]);
    });

    for (const attack of attacks)
      it(`${attacker}: ${attack.action} is stopped by ${attack.stoppedBy} alone`, () => {
        assert.equal(asked(attack, deployment).decision, "deny");
        const alone = asked(attack, withDeny(deployment, attack.stoppedBy));
        assert.equal(alone.decision, "deny", alone.why);
        if (attack.stoppedBy === "key policy") {
          assert.deepEqual([alone.layer, alone.explicit], ["resource", false]);
          return;
        }
        assert.equal(alone.statements[0]?.sid, attack.stoppedBy);
        // and without it, nothing of the bucket or the caller would
        assert.equal(asked(attack, withDeny(deployment, "none")).decision, "allow");
      });
  }

  it("pass roles to their own service alone", () => {
    const pass = (service: string, name: string): string =>
      decide(deployment, INFRA, {
        action: "iam:PassRole",
        resource: role(name),
        keys: { "iam:PassedToService": service },
      }).decision;
    assert.equal(pass("ec2.amazonaws.com", "postern/web"), "allow");
    assert.equal(pass("lambda.amazonaws.com", "postern/web"), "deny");
    assert.equal(pass("ec2.amazonaws.com", "postern/ci"), "deny");
  });

  it("have no session of a generated role that is longer than an hour", () => {
    for (const { maxSessionSeconds, trust } of deployment.identities)
      assert.equal(maxSessionSeconds, trust === undefined ? undefined : 3600);
  });
});

const OPEN_KEY = {
  Version: "2012-10-17",
  Statement: [
    { Sid: "Default", Effect: "Allow", Principal: { AWS: ROOT }, Action: "kms:*", Resource: "*" },
  ],
};

describe("each layer of docs/policy.md, alone", () => {
  const everyKey = deployment.keys.map((key) => ({ ...key, policy: OPEN_KEY }));
  const noBucketPolicy = deployment.buckets.map((one) => ({ ...one, policy: undefined }));
  const ask = (given: Deployment, who: string, action: string, resource: string, keys: Keys = {}) =>
    decide(given, who, { action, resource, keys: { ...soundKeys(action), ...keys } });

  it("is the identity policy, which does not grant what the map does not say", () => {
    const alone = { ...deployment, keys: everyKey, buckets: noBucketPolicy };
    assert.equal(ask(alone, WEB, "s3:GetObject", `${BUCKET}/web/x`).decision, "allow");
    const other = ask(alone, WEB, "s3:GetObject", `${BUCKET}/db/x`);
    assert.deepEqual([other.decision, other.explicit], ["deny", false]);
    assert.equal(ask(alone, WEB, "kms:Decrypt", KEY_DB, SEALED).decision, "deny");
  });

  it("is the bucket policy, which holds against *:* with open keys", () => {
    for (const [who, sid] of [
      [OTHER, "ClosedWorld"],
      [WEB, "ClosedWorldReadDb"],
    ] as const) {
      const alone = withEverything({ ...deployment, keys: everyKey }, who);
      const { statements } = ask(alone, who, "s3:GetObject", `${BUCKET}/db/x`);
      assert.equal(statements[0]?.sid, sid);
      assert.equal(ask(alone, who, "kms:Decrypt", KEY_DB, SEALED).decision, "allow");
    }
  });

  it("is the key policy, which holds against *:* where the bucket has none", () => {
    const alone = withEverything({ ...deployment, buckets: noBucketPolicy }, OTHER);
    const object = `${BUCKET}/db/x`;
    assert.equal(ask(alone, OTHER, "s3:GetObject", object).decision, "allow");
    assert.equal(ask(alone, OTHER, "kms:Decrypt", KEY_WEB, bySse(object)).decision, "deny");
    assert.equal(ask(alone, OTHER, "kms:Decrypt", KEY_DB, SEALED).decision, "deny");
  });
});

describe("Bucket Keys in docs/policy.md", () => {
  const shared = yaml.replace("bucket: acme-secrets\n", "bucket: acme-secrets\nbucket_key: true\n");
  const decrypt = (given: Deployment, context: string): string =>
    decide(given, WEB, {
      action: "kms:Decrypt",
      resource: KEY_WEB,
      keys: { ...soundKeys("kms:Decrypt"), ...bySse(context) },
    }).decision;

  it("are refused over groups of different readers, unless the map accepts it", () => {
    assert.throws(() => parseMap(shared, "map.yaml"), /with bucket_key/);
  });

  it("make the context the bucket, for which the key is open to each group's readers", () => {
    const given = generateDeployment(parseMap(`${shared}accept: [bucket-key]\n`, "map.yaml"));
    assert.deepEqual(
      [decrypt(given, BUCKET), decrypt(given, `${BUCKET}/web/x`)],
      ["allow", "deny"],
    );
    assert.deepEqual(
      [BUCKET, `${BUCKET}/web/x`, `${BUCKET}/db/x`].map((one) => decrypt(deployment, one)),
      ["deny", "allow", "deny"],
    );
  });
});

describe("break-glass in docs/policy.md", () => {
  const ALICE = "arn:aws:iam::111122223333:user/alice";
  const assume = (trust: PolicyJson, context: Keys): string => {
    const [scenario] = parseScenarios(
      {
        principal: { arn: ALICE },
        action: "sts:AssumeRole",
        resource: { arn: EMERGENCY, account: "111122223333" },
        context,
        policies: { resource: trust },
        synthesize: true,
      },
      "drill",
    );
    assert.ok(scenario !== undefined);
    return simulate(scenario, "drill").verdict.decision;
  };
  /** As from a desk, where no endpoint has a say. */
  const may = (action: string, resource: string, keys: Keys = {}): string => {
    const { "aws:SourceVpce": _, ...sound } = soundKeys(action);
    return decide(deployment, EMERGENCY, { action, resource, keys: { ...sound, ...keys } })
      .decision;
  };

  it("asks for MFA that is less than an hour old", () => {
    const trust = deployment.identities.find(({ arn }) => arn === EMERGENCY)?.trust;
    assert.ok(trust !== undefined);
    const age = (seconds: string): Keys => ({
      "aws:MultiFactorAuthPresent": "true",
      "aws:MultiFactorAuthAge": seconds,
    });
    assert.equal(assume(trust, age("60")), "allow");
    assert.equal(assume(trust, age("3601")), "deny");
    assert.equal(assume(trust, {}), "deny");
  });

  it("reads, lists and decrypts everything, mends policies, and writes nothing", () => {
    for (const [action, resource, keys] of [
      ["s3:GetObject", `${BUCKET}/db/x`],
      ["s3:GetObject", `${BUCKET}/beyond/any/group`],
      ["s3:ListBucket", BUCKET],
      ["kms:Decrypt", KEY_DB, SEALED],
      ["kms:Decrypt", KEY_WEB, bySse(`${BUCKET}/db/x`)],
      ["s3:GetBucketPolicy", BUCKET],
      ["s3:PutBucketPolicy", BUCKET],
      ["s3:DeleteBucketPolicy", BUCKET],
      ["kms:GetKeyPolicy", KEY_DB],
      ["kms:PutKeyPolicy", KEY_DB],
    ] as readonly (readonly [string, string, Keys?])[])
      assert.equal(may(action, resource, keys), "allow", action);
    for (const [action, resource] of [
      ["s3:PutObject", `${BUCKET}/web/drill`],
      ["s3:DeleteObject", `${BUCKET}/web/drill`],
      ["kms:Encrypt", KEY_DB],
      ["kms:CreateGrant", KEY_DB],
    ] as const)
      assert.equal(may(action, resource), "deny", action);
    const endpoint = { "aws:SourceVpce": "vpce-0123456789abcdef0" };
    assert.equal(may("s3:GetBucketPolicy", BUCKET, endpoint), "deny");
    for (const guard of [
      { "aws:SecureTransport": "false" },
      { "aws:PrincipalOrgID": "o-zzzzzzzzzz" },
      { "s3:authType": "REST-QUERY-STRING" },
    ])
      assert.equal(may("s3:GetObject", `${BUCKET}/db/x`, guard), "deny");
  });

  it("has an alarm on the role that is generated, and a drill of it", () => {
    const section = sectionOf(page, "Break-glass");
    const [pattern = ""] = blocksOf(section, "json");
    const rule = JSON.parse(pattern) as {
      readonly detail: { readonly requestParameters: { readonly roleArn: readonly string[] } };
    };
    assert.deepEqual(rule.detail.requestParameters.roleArn, [EMERGENCY]);
    const drill = blocksOf(section, "sh").join("\n");
    const roles = [...drill.matchAll(/--role-arn (\S+)/g)].map(([, arn]) => arn);
    assert.deepEqual(roles, [EMERGENCY, EMERGENCY]);
  });
});
