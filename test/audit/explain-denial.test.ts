import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDenial } from "../../agent/audit/denial-text.ts";
import { encodeDenial } from "../../agent/audit/denial-words.ts";
import { type ExplainedDenial, explainDenial } from "../../agent/audit/explain-denial.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { ACME, withAuditor } from "../support/access-maps.ts";

const map = parseMap(ACME, "access.yaml");
const BUCKET = "arn:aws:s3:::acme-secrets";
const KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";
const SEAL = "arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222";
const OLD = "arn:aws:kms:us-east-1:111122223333:key/33333333-3333-3333-3333-333333333333";

const documentOf = (...Statement: readonly object[]): PolicyJson => ({
  Version: "2012-10-17",
  Statement,
});

const outside = {
  Sid: "DenyOutsideNetwork",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [BUCKET, `${BUCKET}/*`],
  Condition: { StringNotEquals: { "aws:SourceVpce": "vpce-0123456789abcdef0" } },
};

const deployment: Deployment = {
  account: map.account,
  partition: map.partition,
  buckets: [
    {
      name: "acme-secrets",
      region: "us-east-1",
      policy: documentOf(outside),
      settings: {
        publicAccessBlocked: true,
        ownership: undefined,
        versioning: undefined,
        encryption: undefined,
      },
    },
  ],
  keys: [
    {
      arn: KEY,
      policy: documentOf({
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111122223333:role/postern/web" },
        Action: "kms:Decrypt",
        Resource: "*",
      }),
      grants: [],
    },
  ],
  identities: [
    {
      kind: "role",
      arn: "arn:aws:iam::111122223333:role/postern/web",
      trust: undefined,
      maxSessionSeconds: undefined,
      hasInstanceProfile: true,
      policies: [
        {
          name: "reader",
          form: "inline",
          document: documentOf({
            Sid: "Read",
            Effect: "Allow",
            Action: "s3:GetObject",
            Resource: `${BUCKET}/web/*`,
          }),
        },
      ],
      foreignPolicies: [],
      boundary: undefined,
    },
  ],
  endpoints: [],
};
const bindings = bindingsOf(deployment);

const session = "arn:aws:sts::111122223333:assumed-role/web/i-0abc";
const message = (action: string, resource: string, why: string, who = session): string =>
  `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" ${why}`;
const explained = (text: string): ExplainedDenial =>
  explainDenial(map, bindings, parseDenial(text));

const event = (more: object): string =>
  JSON.stringify({
    eventSource: "s3.amazonaws.com",
    eventName: "GetObject",
    awsRegion: "us-east-1",
    errorMessage: message(
      "s3:GetObject",
      `${BUCKET}/web/x`,
      "with an explicit deny in a resource-based policy",
    ),
    userIdentity: {
      type: "AssumedRole",
      arn: session,
      sessionContext: { sessionIssuer: { arn: "arn:aws:iam::111122223333:role/postern/web" } },
    },
    requestParameters: { bucketName: "acme-secrets", key: "web/x" },
    ...more,
  });

describe("a denial that AWS told of", () => {
  it("is traced to the statement, by what the event says of the network", () => {
    const found = explained(event({ sourceIPAddress: "203.0.113.7" }));
    assert.equal(found.principal?.name, "web");
    assert.equal(found.explained?.verdict.statements[0]?.sid, "DenyOutsideNetwork");
    assert.equal(found.agrees, true);
    assert.equal(found.remedy, undefined);
  });

  it("is left to its guards where the event says too little", () => {
    const found = explained(
      message(
        "s3:GetObject",
        `${BUCKET}/web/x`,
        "with an explicit deny in a resource-based policy",
      ),
    );
    assert.equal(found.explained?.verdict.decision, "allow");
    assert.equal(found.agrees, false);
    assert.deepEqual(
      found.explained?.guards.map(({ statement }) => statement.sid),
      ["DenyOutsideNetwork"],
    );
  });

  it("is not contradicted where AWS gave no reason", () => {
    assert.equal(explained(message("s3:GetObject", `${BUCKET}/web/x`, "")).agrees, undefined);
  });

  it("leads to the line of the map that would allow it", () => {
    const found = explained(
      message(
        "s3:GetObject",
        `${BUCKET}/tls/site.key`,
        "because no identity-based policy allows the s3:GetObject action",
      ),
    );
    assert.equal(found.agrees, true);
    assert.equal(found.remedy?.edit, "add web to readers of group tls");
  });

  const others: readonly (readonly [why: string, who: RegExp])[] = [
    [
      "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1",
      /who administers the organisation can change it \(arn:aws:organizations::1:policy\/o-1\/service_control_policy\/p-1\)\.$/m,
    ],
    ["because no service control policy allows the action", /who administers the organisation/],
    ["with an explicit deny in a resource control policy", /who administers the organisation/],
    ["because no permissions boundary allows the action", /who administers IAM in the account/],
    ["with an explicit deny in a session policy", /who makes the session/],
    [
      "because no VPC endpoint policy allows the action",
      /unless that is vpce-0123456789abcdef0 or/,
    ],
  ];
  for (const [why, who] of others)
    for (const [key, allowed] of [
      ["web/x", true],
      ["tls/site.key", false],
    ] as const)
      it(`${why.split(":", 1)[0] ?? ""} on ${key} is for others to lift, and no edit of the map`, () => {
        const found = explained(message("s3:GetObject", `${BUCKET}/${key}`, why));
        assert.deepEqual([found.agrees, found.remedy?.kind], [undefined, "others"]);
        const text = encodeDenial(map, found, () => 7).join("\n");
        assert.match(text, who);
        assert.doesNotMatch(text, /To allow it|may not be what this map makes/);
        assert.match(
          text,
          allowed ? /nothing of the map need change/ : /would not allow it either/,
        );
      });

  it("names its policy with the article that it takes", () => {
    for (const [kind, words] of [
      ["an identity-based policy", /by an explicit deny in an identity-based policy\./],
      ["a resource-based policy", /by an explicit deny in a resource-based policy\./],
    ] as const) {
      const denied = message("s3:GetObject", `${BUCKET}/web/x`, `with an explicit deny in ${kind}`);
      assert.match(encodeDenial(map, explained(denied), () => 7).join("\n"), words);
    }
  });

  it("of KMS finds the group by the encryption context", () => {
    const found = explained(
      JSON.stringify({
        ...(JSON.parse(event({})) as object),
        eventSource: "kms.amazonaws.com",
        eventName: "Decrypt",
        errorMessage: undefined,
        requestParameters: { encryptionContext: { "aws:s3:arn": `${BUCKET}/web/x` } },
        resources: [{ type: "AWS::KMS::Key", ARN: KEY }],
      }),
    );
    assert.deepEqual([found.group?.name, found.key, found.verb], ["web", "web/x", "read"]);
    assert.equal(found.explained?.step.by, "s3");
    assert.equal(found.explained?.verdict.decision, "allow");
  });

  const sealed: readonly (readonly [
    why: string,
    pairs: Readonly<Record<string, string>>,
    keyId: string,
    expected: readonly unknown[],
  ])[] = [
    [
      "a bundle by the pair with its group",
      { "postern:group": "db", "postern:bucket": "acme-secrets", "postern:revision": "7" },
      SEAL,
      ["db", undefined, "principal"],
    ],
    [
      "a group by the object that S3 opens",
      { "aws:s3:arn": `${BUCKET}/web/x` },
      KEY,
      ["web", "web/x", "s3"],
    ],
  ];
  for (const [why, encryptionContext, keyId, expected] of sealed)
    it(`of KMS finds ${why}, and the key in the message`, () => {
      const found = explained(
        JSON.stringify({
          ...(JSON.parse(event({})) as object),
          eventSource: "kms.amazonaws.com",
          eventName: "Decrypt",
          errorMessage: `User: ${session} is not authorized to perform: kms:Decrypt on resource: ${keyId} because no resource-based policy allows the kms:Decrypt action`,
          requestParameters: { encryptionContext },
        }),
      );
      const { by, request } = found.explained?.step ?? assert.fail();
      assert.deepEqual([found.group?.name, found.key, by], expected);
      assert.equal(request.resource?.text, keyId);
      const pairs = [...request.context].filter(([name]) =>
        name.startsWith("kms:encryptioncontext:"),
      );
      assert.deepEqual(
        Object.fromEntries(pairs),
        Object.fromEntries(
          Object.entries(encryptionContext).map(([name, value]) => [
            `kms:encryptioncontext:${name}`,
            [value],
          ]),
        ),
      );
    });

  it("of somebody whom CloudTrail does not name is told by what the map has of the account", () => {
    for (const [accountId, words] of [
      ["444455556666", /Of that account access\.yaml names partner, and the documents keep out/],
      ["999999999999", /^account 999999999999 is in no line of access\.yaml/m],
      ["ANONYMOUS_PRINCIPAL", /^anonymous is in no line of access\.yaml/m],
    ] as const) {
      const told = event({ userIdentity: { type: "AWSAccount", accountId }, errorMessage: "x" });
      assert.match(encodeDenial(map, explained(told), () => 7).join("\n"), words);
    }
  });

  const untold: readonly (readonly [
    why: string,
    text: string,
    candidates: readonly string[],
    words: RegExp,
  ])[] = [
    [
      "a key alone",
      message("kms:Decrypt", KEY, "because no resource-based policy allows the kms:Decrypt action"),
      ["web s3 allow"],
      /^Where they allow it, the request came otherwise than it should/m,
    ],
    [
      "a key of several groups",
      message(
        "kms:Decrypt",
        SEAL,
        "because no resource-based policy allows the kms:Decrypt action",
      ),
      ["db principal deny", "api principal deny"],
      /say of group db: postern policy explain web db\.bundle\.$/m,
    ],
    ["an old key", message("kms:Decrypt", OLD, ""), ["db principal deny"], /^- of group db: /m],
    [
      "a ciphertext and no key",
      `User: ${session} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
      ["web s3 allow", "db principal deny", "api principal deny"],
      /^AWS does not tell the object or the encryption context; an event of CloudTrail may/m,
    ],
    [
      "a bucket that was listed, and no prefix",
      message(
        "s3:ListBucket",
        BUCKET,
        "because no identity-based policy allows the s3:ListBucket action",
      ),
      ["web principal deny", "tls principal deny", "api principal deny", "- principal deny"],
      /^AWS does not tell the prefix; .*\n.*\n- of group web: not allowed: .*, which is the reason that AWS gave\n[^]*- of the whole bucket: /m,
    ],
  ];
  for (const [why, text, candidates, words] of untold)
    it(`of ${why} is told for each group that it may be of, and for none as a fact`, () => {
      const found = explained(text);
      assert.deepEqual(
        [found.group, found.explained, found.remedy],
        [undefined, undefined, undefined],
      );
      assert.deepEqual(
        found.candidates.map(
          ({ group, explained: { step, verdict } }) =>
            `${group?.name ?? "-"} ${step.by} ${verdict.decision}`,
        ),
        candidates,
      );
      const told = encodeDenial(map, found, () => 7).join("\n");
      assert.match(told, words);
      assert.doesNotMatch(told, /To allow it|""/);
    });

  it("of a listing without a prefix, as its event tells, is of the whole bucket", () => {
    const found = explained(
      event({ eventName: "ListObjects", requestParameters: { bucketName: "acme-secrets" } }),
    );
    assert.deepEqual([found.key, found.candidates, found.remedy?.kind], ["", [], "none"]);
  });

  it("of a session finds the role below a path by its name", () => {
    const legacy = "arn:aws:sts::111122223333:assumed-role/legacy/i-0abc";
    const ops = `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_SecretsOps_${"a".repeat(16)}/ada`;
    for (const [who, name] of [
      [legacy, "legacy"],
      [ops, "ops"],
    ] as const)
      assert.equal(
        explained(message("s3:GetObject", `${BUCKET}/web/x`, "", who)).principal?.name,
        name,
      );
  });

  it("of a stranger, or of what is no verb of the map, is said to be one", () => {
    const stranger = explained(
      message("s3:GetObject", `${BUCKET}/web/x`, "", "arn:aws:iam::111122223333:user/eve"),
    );
    assert.deepEqual([stranger.principal, stranger.explained], [undefined, undefined]);
    const other = explained(message("s3:PutBucketPolicy", BUCKET, ""));
    assert.deepEqual([other.verb, other.explained], [undefined, undefined]);
  });

  it("of what is no verb of the map is said to be for those who may", () => {
    const audited = parseMap(withAuditor(ACME), "access.yaml");
    const said = (one: typeof map, action: string): string | undefined =>
      encodeDenial(one, explained(message(action, BUCKET, "")), () => undefined).at(-1);
    const few = "The map lets nobody but deployers and break_glass do that.";
    assert.equal(said(map, "s3:GetBucketPolicy"), few);
    assert.equal(said(audited, "s3:PutBucketPolicy"), few);
    assert.equal(
      said(audited, "s3:GetBucketPolicy"),
      "The map lets nobody but deployers, break_glass and auditors do that.",
    );
  });

  it("of another bucket or key is refused", () => {
    for (const text of [
      message("s3:GetObject", "arn:aws:s3:::other/x", ""),
      message("kms:Decrypt", KEY.replace("key/1", "key/9"), ""),
    ])
      assert.throws(
        () => explained(text),
        (error: unknown) =>
          error instanceof PosternError &&
          error.code === "NotFound" &&
          error.message.includes("expected a bucket or key of access.yaml"),
      );
  });
});
