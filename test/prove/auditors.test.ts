import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourceQuestions } from "../../agent/account/questions.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import type { Deployment } from "../../agent/policy/deployment.ts";
import { AUDIT_RIGHTS } from "../../agent/policy/rights.ts";
import { BUCKET_LOOKS, KEY_LOOKS } from "../../agent/prove/known-actions.ts";
import { proveMap } from "../../agent/prove/prove.ts";
import { changed, type Place, type StatementJson } from "../support/proved-deployment.ts";

const KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111";
const DRIFT = "arn:aws:iam::111122223333:role/postern/drift";

/** One auditor from anywhere, one from the VPC, and people; a replica and a bucket beside. */
const MAP = `version: 1
account: "111122223333"
region: us-east-1
bucket: acme-secrets
keys: { web: "${KEY}" }
endpoints: { vpce-0123456789abcdef0: { service: s3 }, vpce-0fedcba9876543210: { service: kms } }
further_buckets: { acme-secrets-2: {} }
principals:
  web: { kind: ec2 }
  ci: { kind: oidc, provider: token.actions.githubusercontent.com, subjects: ["repo:acme/secrets:ref:refs/heads/main"] }
  drift: { kind: oidc, provider: token.actions.githubusercontent.com, subjects: ["repo:acme/secrets:ref:refs/heads/drift"] }
  watch: { kind: existing, role: watch, network: { vpce: [vpce-0123456789abcdef0, vpce-0aaaaaaaaaaaaaaaa] } }
  reviewers: { kind: sso, permission_set: Review, region: us-east-1, network: { cidr: [203.0.113.0/24] } }
  infra: { kind: existing, role: infra }
  emergency: { kind: human, trusted: ["arn:aws:iam::111122223333:user/alice"] }
groups:
  web:
    prefix: web/
    sse: { type: kms, key: web, header: required }
    readers: [web]
    publishers: { ci: edit }
  api: { bucket: acme-secrets-2, prefix: api/, readers: [web] }
replicas:
  - region: us-west-2
    bucket: acme-secrets-west
    keys: { web: "arn:aws:kms:us-west-2:111122223333:key/44444444-4444-4444-4444-444444444444" }
    endpoints: { vpce-0aaaaaaaaaaaaaaaa: { service: s3, type: interface } }
deployers: [infra]
break_glass: [emergency]
auditors: [drift, watch, reviewers]
`;

const map = parseMap(MAP, "map.yaml");
const made = generateDeployment(map);

const failing = (deployment: Deployment): readonly string[] =>
  proveMap(map, deployment)
    .results.filter(({ outcome }) => outcome.kind !== "proved")
    .map((one) => one.obligation.id);

const set =
  (more: object) =>
  (statement: StatementJson): StatementJson => ({ ...statement, ...more });

const GONE = (): undefined => undefined;

type Row = readonly [
  why: string,
  place: Place,
  sid: string,
  change: (statement: StatementJson) => StatementJson | undefined,
  fails: string,
];

const ROWS: readonly Row[] = [
  [
    "do more with the bucket",
    "acme-secrets",
    "AuditOnly",
    GONE,
    "drift/more than to look at the bucket denied: bucket policy alone",
  ],
  [
    "do more with a further bucket",
    "acme-secrets-2",
    "AuditOnly",
    GONE,
    "acme-secrets-2: watch/more than to look at the bucket denied: bucket policy alone",
  ],
  [
    "do more with a replica",
    "acme-secrets-west",
    "AuditOnly",
    GONE,
    "us-west-2: reviewers/more than to look at the bucket denied: bucket policy alone",
  ],
  [
    "not look, for the bucket keeps its text from them",
    "acme-secrets",
    "AuditOnly",
    set({ NotAction: ["s3:GetBucketVersioning"] }),
    "watch/looks at the bucket allowed: whole",
  ],
  [
    "not look, for the key does not know them",
    KEY,
    "Audit",
    GONE,
    "drift/looks at 11111111-1111-1111-1111-111111111111 allowed: whole",
  ],
  [
    "use the key",
    KEY,
    "Audit",
    set({ Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"] }),
    "drift/more than to look at 11111111-1111-1111-1111-111111111111 denied: key policy alone",
  ],
  [
    "change the bucket by their own policies",
    `${DRIFT} postern`,
    "LookAtBuckets",
    set({ Action: ["s3:Get*", "s3:PutBucketPolicy"] }),
    "drift/more than to look at the bucket denied: identity alone",
  ],
  [
    "read what lies beside the secrets by their own policies",
    `${DRIFT} postern`,
    "LookAtBuckets",
    set({ Resource: "*", Action: "s3:Get*" }),
    "drift/s3:GetObjectAcl of any object denied: identity alone",
  ],
  [
    "look at other keys than the map's",
    `${DRIFT} postern`,
    "LookAtKeys",
    set({ Resource: "*" }),
    "drift/any use of another key denied: identity alone",
  ],
  [
    "not look through the endpoint that is their only way",
    "vpce-0123456789abcdef0",
    "UseBucket",
    set({ Action: ["s3:GetObject", "s3:PutObject"] }),
    "watch/looks at the bucket allowed: whole",
  ],
  [
    "come from elsewhere than their network",
    "acme-secrets",
    "DenyOutsideNetworkReviewers",
    GONE,
    "reviewers/s3:GetBucketPolicy denied: guard alone: outside its network",
  ],
];

describe("auditors", () => {
  it("look at buckets and keys and do nothing else, by the documents that a map makes", () => {
    const { results, settings, gaps } = proveMap(map, made);
    const open = results.filter(({ outcome }) => outcome.kind !== "proved");
    assert.deepEqual(
      open.map(({ obligation }) => obligation.id),
      [],
    );
    assert.deepEqual([settings, gaps], [[], []]);
    for (const name of map.auditors)
      for (const place of ["", "us-west-2: ", "acme-secrets-2: "])
        assert.ok(
          results.some(
            ({ obligation }) =>
              obligation.id === `${place}${name}/looks at the bucket allowed: whole`,
          ),
          `${place}${name}`,
        );
  });

  it("may ask all that a comparison asks of buckets and keys, which is known alike to all who need it", () => {
    const asked = resourceQuestions(map)
      .map(({ question }) => question)
      .filter(({ service }) => service === "s3" || service === "kms")
      .map(({ needs }) => needs.action);
    const looks = [...BUCKET_LOOKS, ...KEY_LOOKS];
    assert.deepEqual(
      asked.filter((action) => !looks.includes(action)),
      [],
    );
    assert.deepEqual(looks.toSorted(), [...AUDIT_RIGHTS.bucket, ...AUDIT_RIGHTS.key].toSorted());
  });

  for (const [why, place, sid, change, fails] of ROWS)
    it(`are caught where they could ${why}`, () => {
      const found = failing(changed(made, place, sid, change));
      assert.ok(found.includes(fails), found.join("\n"));
    });
});
