import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Drift, driftOf, hasDrifted } from "../../agent/audit/drift.ts";
import { readExport } from "../../agent/audit/exported.ts";
import type { Deployment, IdentityDocuments, PolicyJson } from "../../agent/policy/deployment.ts";
import { realistic } from "../support/deployments.ts";
import { BUCKET, exportOf, KEY, SMALL, type Style } from "../support/exports.ts";
import { choices, type Choose, inLists, mutations, reworded } from "../support/policy-rewrites.ts";

const OWNER = { account: SMALL.account, partition: "aws", region: "us-east-1" };

function drift(actual: Deployment, expected = SMALL, style: Style = "single"): Drift {
  return driftOf(expected, readExport(exportOf(actual, style), OWNER));
}

/** Every document of it, with what it is of, and the deployment with another in its place. */
function documentsIn(
  deployment: Deployment,
): readonly (readonly [
  what: string,
  document: PolicyJson,
  put: (other: PolicyJson) => Deployment,
])[] {
  const { buckets, keys, identities, endpoints } = deployment;
  const withIdentity = (at: number, more: Partial<IdentityDocuments>): Deployment => ({
    ...deployment,
    identities: identities.map((one, index) => (index === at ? { ...one, ...more } : one)),
  });
  return [
    ...buckets.flatMap((one, at) =>
      one.policy === undefined
        ? []
        : [
            [
              one.name,
              one.policy,
              (policy: PolicyJson) => ({
                ...deployment,
                buckets: buckets.toSpliced(at, 1, { ...one, policy }),
              }),
            ] as const,
          ],
    ),
    ...keys.map(
      (one, at) =>
        [
          one.arn,
          one.policy,
          (policy: PolicyJson) => ({
            ...deployment,
            keys: keys.toSpliced(at, 1, { ...one, policy }),
          }),
        ] as const,
    ),
    ...endpoints.map(
      (one, at) =>
        [
          one.id,
          one.policy,
          (policy: PolicyJson) => ({
            ...deployment,
            endpoints: endpoints.toSpliced(at, 1, { ...one, policy }),
          }),
        ] as const,
    ),
    ...identities.flatMap((one, at) => [
      ...(one.trust === undefined
        ? []
        : [
            [
              `${one.arn} trust`,
              one.trust,
              (trust: PolicyJson) => withIdentity(at, { trust }),
            ] as const,
          ]),
      ...one.policies.map(
        (policy, place) =>
          [
            `${one.arn} ${policy.name}`,
            policy.document,
            (document: PolicyJson) =>
              withIdentity(at, {
                policies: one.policies.toSpliced(place, 1, { ...policy, document }),
              }),
          ] as const,
      ),
    ]),
  ];
}

function inOtherWords(deployment: Deployment, choose: Choose): Deployment {
  return documentsIn(deployment).reduce((whole, [what, document]) => {
    const [, , put] = documentsIn(whole).find(([name]) => name === what) ?? [];
    return put?.(reworded(inLists(document), choose)) ?? whole;
  }, deployment);
}

describe("what is deployed as it was generated", () => {
  for (const style of ["account", "single"] as const)
    it(`has not drifted, exported by ${style}`, () => {
      const found = drift(SMALL, SMALL, style);
      assert.deepEqual(found.changes, []);
      assert.deepEqual(found.access, { changes: [], sampled: undefined, classes: 0 });
      assert.equal(hasDrifted(found), false);
    });

  it("has not drifted in whatever words", () => {
    fc.assert(
      fc.property(choices, (choose) => {
        const found = drift(inOtherWords(SMALL, choose));
        assert.deepEqual(found.changes, []);
        assert.deepEqual(found.access.changes, []);
      }),
      { numRuns: 200 },
    );
  });
});

describe("any one statement that is another", () => {
  for (const [what, document, put] of documentsIn(SMALL))
    it(`is drift of ${what}`, () => {
      for (const [how, mutant] of mutations(inLists(document))) {
        // no document without a statement can be deployed
        if ((mutant["Statement"] as readonly unknown[]).length === 0) continue;
        const { changes } = driftOf(SMALL, { deployment: put(mutant), knows: () => true });
        assert.equal(changes.length, 1, how);
        assert.equal(changes[0]?.kind, "changed", how);
      }
    });
});

const [small] = SMALL.buckets;
const [web] = SMALL.identities;
assert.ok(small?.policy !== undefined && web?.trust !== undefined);
const statements = small.policy["Statement"] as readonly PolicyJson[];
const withBucket = (more: Partial<typeof small>): Deployment => ({
  ...SMALL,
  buckets: [{ ...small, ...more }],
});
const withSettings = (more: Partial<(typeof small)["settings"]>): Deployment =>
  withBucket({ settings: { ...small.settings, ...more } });
const withWeb = (more: Partial<IdentityDocuments>): Deployment => ({
  ...SMALL,
  identities: [{ ...web, ...more }, ...SMALL.identities.slice(1)],
});
const withoutSid = (sid: string): Deployment =>
  withBucket({
    policy: { ...small.policy, Statement: statements.filter((one) => one["Sid"] !== sid) },
  });
const more = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:PutObject", Resource: "*" }],
};
const grant = {
  KeyId: KEY,
  GrantId: "g1",
  GranteePrincipal: "arn:aws:iam::444455556666:role/thief",
  Operations: ["Decrypt"],
};
const encryption = { algorithm: "aws:kms", key: KEY, bucketKey: false } as const;

/** "changed bucket acme-secrets versioning: Enabled -> Suspended" */
function told({ changes }: Drift): readonly string[] {
  return changes.map(({ kind, subject, what, expected, actual, statements: list }) => {
    const values = expected === undefined ? (actual ?? "") : `${expected} -> ${actual ?? ""}`;
    const kinds = list.map((one) => one.kind).join(" ");
    return [kind, subject, what, values, kinds].filter((one) => one !== "").join(" ");
  });
}

function access({ access: { changes } }: Drift): readonly string[] {
  return [
    ...new Set(
      changes.map(
        ({ kind, caller, action }) => `${kind} ${caller.split("/").at(-1) ?? ""} ${action}`,
      ),
    ),
  ].toSorted();
}

const ROWS: Readonly<
  Record<string, readonly [actual: Deployment, told: readonly string[], access: readonly string[]]>
> = {
  "public access that is not blocked": [
    withSettings({ publicAccessBlocked: false }),
    ["changed bucket acme-secrets public access blocked on -> off"],
    [],
  ],
  "ACLs that work": [
    withSettings({ ownership: "ObjectWriter" }),
    ["changed bucket acme-secrets object ownership BucketOwnerEnforced -> ObjectWriter"],
    [],
  ],
  "no ownership controls": [
    withSettings({ ownership: undefined }),
    ["changed bucket acme-secrets object ownership BucketOwnerEnforced -> not set"],
    [],
  ],
  "versions that are not kept": [
    withSettings({ versioning: "Suspended" }),
    ["changed bucket acme-secrets versioning Enabled -> Suspended"],
    [],
  ],
  "a Bucket Key": [
    withSettings({ encryption: { ...encryption, bucketKey: true } }),
    ["changed bucket acme-secrets bucket key off -> on"],
    [],
  ],
  "another default encryption": [
    withSettings({ encryption: { algorithm: "AES256", key: undefined, bucketKey: false } }),
    [
      "changed bucket acme-secrets default encryption aws:kms -> AES256",
      `changed bucket acme-secrets key of default encryption ${KEY} -> not set`,
    ],
    [],
  ],
  "a statement that could go without anybody gaining": [
    withoutSid("DenyHistory"),
    ["changed bucket acme-secrets policy missing"],
    [],
  ],
  "a bucket that is open to the account": [
    withoutSid("ClosedWorld"),
    ["changed bucket acme-secrets policy missing"],
    [
      "gained any-other whose own policies allow it everything s3:AllowVendedLogDeliveryForResource",
    ],
  ],
  "a bucket without a policy": [
    withBucket({ policy: undefined }),
    ["missing bucket acme-secrets policy missing missing missing"],
    [],
  ],
  "a grant": [
    { ...SMALL, keys: SMALL.keys.map((key) => ({ ...key, grants: [grant] })) },
    [`extra key ${KEY} grant arn:aws:iam::444455556666:role/thief: Decrypt (grant g1)`],
    ["gained thief whose own policies allow it everything kms:Decrypt"],
  ],
  "one more inline policy": [
    withWeb({ policies: [...web.policies, { name: "more", form: "inline", document: more }] }),
    ["extra role web inline policy more extra"],
    ["gained web s3:PutObject"],
  ],
  "one more attached policy": [
    withWeb({ policies: [...web.policies, { name: "more", form: "managed", document: more }] }),
    ["extra role web managed policy more extra"],
    ["gained web s3:PutObject"],
  ],
  "one more attached policy whose text is not told": [
    withWeb({
      foreignPolicies: [...web.foreignPolicies, "arn:aws:iam::aws:policy/ReadOnlyAccess"],
    }),
    ["extra role web managed policy arn:aws:iam::aws:policy/ReadOnlyAccess"],
    [],
  ],
  "an attached policy that is gone": [
    withWeb({ foreignPolicies: [] }),
    ["missing role web managed policy arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
    [],
  ],
  "a boundary": [
    withWeb({ boundary: more }),
    ["extra role web permissions boundary extra"],
    ["lost web kms:Decrypt", "lost web s3:GetObject", "lost web s3:ListBucket"],
  ],
  "longer sessions": [
    withWeb({ maxSessionSeconds: 43_200 }),
    ["changed role web longest session in seconds 3600 -> 43200"],
    [],
  ],
  "no instance profile": [
    withWeb({ hasInstanceProfile: false }),
    ["changed role web instance profile on -> off"],
    [],
  ],
  "one more who may assume a role": [
    withWeb({
      trust: {
        Version: "2012-10-17",
        Statement: [
          ...(web.trust["Statement"] as readonly PolicyJson[]),
          {
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::444455556666:role/thief" },
            Action: "sts:AssumeRole",
          },
        ],
      },
    }),
    ["changed role web trust policy extra"],
    ["gained thief whose own policies allow it everything sts:AssumeRole"],
  ],
  "an endpoint that lets less through": [
    {
      ...SMALL,
      endpoints: SMALL.endpoints.map((one) => ({
        ...one,
        policy: {
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:List*", Resource: "*" }],
        },
      })),
    },
    ["changed endpoint vpce-0123456789abcdef0 policy changed"],
    ["lost web s3:GetObject"],
  ],
  "a reader that was made anew": [
    {
      ...SMALL,
      keys: SMALL.keys.map((key) => ({
        ...key,
        policy: {
          ...key.policy,
          Statement: (key.policy["Statement"] as readonly PolicyJson[]).map((one) =>
            one["Sid"] === "Use" ? { ...one, Principal: { AWS: "AROAEXAMPLEEXAMPLE123" } } : one,
          ),
        },
      })),
    },
    [
      `changed key ${KEY} policy changed`,
      `extra key ${KEY} policy, a principal that is gone AROAEXAMPLEEXAMPLE123: its role or user was deleted, and one made anew under its name is another`,
    ],
    ["lost web kms:Decrypt"],
  ],
};

describe("drift", () => {
  for (const [why, [actual, changes, changedAccess]] of Object.entries(ROWS))
    it(`is ${why}`, () => {
      const found = drift(actual);
      assert.deepEqual(told(found), changes);
      if (changedAccess.length > 0 || why.startsWith("a statement"))
        assert.deepEqual(
          access(found).filter((one) => changedAccess.length === 0 || changedAccess.includes(one)),
          changedAccess,
        );
      assert.equal(found.access.sampled, undefined);
      assert.ok(hasDrifted(found));
    });

  it("is a role that is not there", () => {
    const found = driftOf(
      SMALL,
      readExport(exportOf({ ...SMALL, identities: SMALL.identities.slice(1) }, "account"), OWNER),
    );
    assert.deepEqual(told(found), ["missing role web itself"]);
    assert.ok(access(found).includes("lost web s3:GetObject"));
  });

  it("is not what the team of a role that was there before gives it", () => {
    const shared = {
      ...SMALL,
      identities: SMALL.identities.map((one) => ({ ...one, trust: undefined })),
    };
    const found = driftOf(
      shared,
      readExport(
        exportOf(
          withWeb({
            policies: [...web.policies, { name: "theirs", form: "inline", document: more }],
          }),
          "account",
        ),
        OWNER,
      ),
    );
    assert.deepEqual(told(found), []);
    assert.deepEqual(access(found), []);
  });

  it("is not hidden by a policy of theirs that cannot be read, which is told", () => {
    const odd = {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "sqs:*",
          Resource: "*",
          Condition: { StringMatches: { "aws:a": "b" } },
        },
      ],
    };
    const shared = {
      ...SMALL,
      identities: SMALL.identities.map((one) => ({ ...one, trust: undefined })),
    };
    const actual = withWeb({
      policies: [...web.policies, { name: "odd", form: "inline", document: odd }],
    });
    const found = driftOf(shared, readExport(exportOf(actual, "account"), OWNER));
    assert.deepEqual([told(found), access(found)], [[], []]);
    assert.match(
      found.apart[0] ?? "",
      /^policy odd of arn:aws:iam::111122223333:role\/postern\/web: .*StringMatches/,
    );
  });

  it("is unknown where the export does not tell, which counts as drift", () => {
    const files = exportOf(SMALL, "single").filter(
      ({ path }) => !/versioning|list-grants|list-role-policies/.test(path),
    );
    const found = driftOf(SMALL, readExport(files, OWNER));
    assert.deepEqual(told(found), [
      "unknown bucket acme-secrets versioning",
      `unknown key ${KEY} grants`,
      "unknown role web policies",
      "unknown role infra policies",
    ]);
    assert.deepEqual(found.access.changes, []);
    assert.ok(hasDrifted(found));
  });
});

describe("what an export does not tell of", () => {
  const rows: readonly (readonly [left: string, told: string])[] = [
    ["get-bucket-policy", "unknown bucket acme-secrets policy"],
    ["get-key-policy", `unknown key ${KEY} policy`],
    ["describe-vpc-endpoints", "unknown endpoint vpce-0123456789abcdef0 policy"],
    ["roles/web/", "unknown role web itself"],
  ];
  for (const [left, expected] of rows)
    it(`is no access that anybody lost: ${left}`, () => {
      const files = exportOf(SMALL, "single").filter(({ path }) => !path.includes(left));
      const found = driftOf(SMALL, readExport(files, OWNER));
      assert.deepEqual(told(found), [expected]);
      assert.deepEqual(found.access.changes, []);
    });
});

describe("a request that shows drift", () => {
  it("is decided as it is told, and says what it takes", () => {
    const [change] = drift(withoutSid("DenyInsecure")).access.changes;
    assert.equal(change?.resource, `arn:aws:s3:::${BUCKET}/web/x`);
    assert.deepEqual(change?.context, { "aws:securetransport": ["false"] });
    assert.deepEqual([change?.before.decision, change?.after.decision], ["deny", "allow"]);
    assert.equal(change?.before.statements[0]?.sid, "DenyInsecure");
  });
});

describe("the documents of a whole map", () => {
  const { account } = realistic;
  const own = {
    ...realistic,
    identities: realistic.identities.filter(({ arn }) => arn.split(":")[4] === account),
  };

  it("have not drifted when they are exported as they are", () => {
    const found = driftOf(realistic, readExport(exportOf(own, "account"), OWNER));
    assert.deepEqual(told(found), []);
    assert.deepEqual(found.access.changes, []);
    assert.equal(found.apart.length, realistic.identities.length - own.identities.length);
  });

  it("have drifted with any one document gone, each with somebody who loses or gains", () => {
    const [bucket] = own.buckets;
    assert.ok(bucket !== undefined);
    const found = driftOf(own, {
      deployment: { ...own, buckets: [{ ...bucket, policy: undefined }, ...own.buckets.slice(1)] },
      knows: () => true,
    });
    assert.ok(
      found.access.changes.some(
        ({ kind, caller }) => kind === "gained" && caller.includes("any-other"),
      ),
    );
  });
});
