import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differenceOf, type Difference, type Version } from "../../agent/audit/difference.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import { ACME, KEEP, REPLICA, replaced } from "../support/access-maps.ts";

function versionOf(text: string): Version {
  const map = parseMap(text, "access.yaml");
  return { map, bindings: bindingsOf(generateDeployment(map)) };
}

const acme = versionOf(ACME);

function told(change: (text: string) => string): readonly string[] {
  return words(differenceOf(acme, versionOf(change(ACME))));
}

function words({ access, notes }: Difference): readonly string[] {
  return [
    ...access.map(
      ({ kind, principal, by, verbs, group, bucket }) =>
        `${kind}: ${by === undefined ? "" : `${by} as `}${principal} ${verbs.join("+")} ${group} of ${bucket}`,
    ),
    ...notes,
  ];
}

describe("a change of the map", () => {
  const rows: readonly (readonly [
    why: string,
    change: (text: string) => string,
    expected: readonly string[],
  ])[] = [
    ["that changes nothing", (text) => text, []],
    ["of its comments alone", (text) => `# a comment\n${text}`, []],
    [
      "that adds a reader",
      replaced("readers: [tasks]", "readers: [tasks, web]"),
      ["gained: web read tls of acme-secrets"],
    ],
    [
      "that takes a reader away",
      replaced("[web, legacy, partner]", "[web, legacy]"),
      ["lost: partner read+list web of acme-secrets"],
    ],
    [
      "that raises a publisher's level",
      replaced("publishers: { ci: write }", "publishers: { ci: restore }"),
      ["gained: ci list+remove+read old versions of tls of acme-secrets"],
    ],
    [
      "that adds a principal with a right",
      (text) =>
        replaced(
          "readers: [tasks]",
          "readers: [tasks, jobs]",
        )(replaced("  tasks: {", "  jobs: { kind: ec2 }\n  tasks: {")(text)),
      ["gained: jobs read tls of acme-secrets"],
    ],
    [
      "that removes a group",
      (text) => text.replace(/ {2}api:\n[\s\S]*?\n\nhosts/, "\nhosts"),
      [
        "lost: web read+list api of acme-secrets",
        "lost: ci read+list+put+remove api of acme-secrets",
        "lost: emergency read+list+read old versions of api of acme-secrets",
      ],
    ],
    [
      "that moves a group to another prefix",
      replaced("prefix: api/", "prefix: apis/"),
      [
        "lost: web read+list api of acme-secrets",
        "lost: ci read+list+put+remove api of acme-secrets",
        "lost: emergency read+list+read old versions of api of acme-secrets",
        "gained: web read+list api of acme-secrets",
        "gained: ci read+list+put+remove api of acme-secrets",
        "gained: emergency read+list+read old versions of api of acme-secrets",
      ],
    ],
    [
      "by which a host joins that needs what others do",
      replaced(
        "hosts:\n",
        'hosts:\n  database-2:\n    groups: [db]\n    with_policies: ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]\n',
      ),
      [`host database-2 joins, as ${acme.map.hosts[2]?.principal}, a role that is there already`],
    ],
    [
      "by which a host joins that needs something else",
      replaced("hosts:\n", "hosts:\n  other: { groups: [api] }\n"),
      [
        "gained: host+api read+list api of acme-secrets",
        "host other joins, as host+api, a new role",
      ],
    ],
    [
      "of a guard",
      replaced("  org: o-a1b2c3d4e5\n", '  tls: "1.3"\n'),
      ["guard tls is 1.3, was 1.2", "guard org is none, was o-a1b2c3d4e5"],
    ],
    [
      "of a network",
      replaced("network: { cidr: [203.0.113.0/24] }", "network: any"),
      ["network of alice is any, was 203.0.113.0/24"],
    ],
    [
      "of who becomes the break-glass role",
      replaced("user/people/alice", "user/mallory"),
      [
        "lost: arn:aws:iam::111122223333:user/people/alice as emergency read+list+read old versions of web of acme-secrets",
        "lost: arn:aws:iam::111122223333:user/people/alice as emergency read+list+read old versions of tls of acme-secrets",
        "lost: arn:aws:iam::111122223333:user/people/alice as emergency read+list+read old versions of db of acme-secrets",
        "lost: arn:aws:iam::111122223333:user/people/alice as emergency read+list+read old versions of api of acme-secrets",
        "gained: arn:aws:iam::111122223333:user/mallory as emergency read+list+read old versions of web of acme-secrets",
        "gained: arn:aws:iam::111122223333:user/mallory as emergency read+list+read old versions of tls of acme-secrets",
        "gained: arn:aws:iam::111122223333:user/mallory as emergency read+list+read old versions of db of acme-secrets",
        "gained: arn:aws:iam::111122223333:user/mallory as emergency read+list+read old versions of api of acme-secrets",
      ],
    ],
    [
      "of an identity provider's subject",
      replaced("refs/heads/main", "refs/heads/evil"),
      [
        "lost: repo:acme/secrets:ref:refs/heads/main of token.actions.githubusercontent.com for sts.amazonaws.com as ci read+list+put+remove web of acme-secrets",
        "lost: repo:acme/secrets:ref:refs/heads/main of token.actions.githubusercontent.com for sts.amazonaws.com as ci read+put tls of acme-secrets",
        "lost: repo:acme/secrets:ref:refs/heads/main of token.actions.githubusercontent.com for sts.amazonaws.com as ci read+list+put+remove api of acme-secrets",
        "gained: repo:acme/secrets:ref:refs/heads/evil of token.actions.githubusercontent.com for sts.amazonaws.com as ci read+list+put+remove web of acme-secrets",
        "gained: repo:acme/secrets:ref:refs/heads/evil of token.actions.githubusercontent.com for sts.amazonaws.com as ci read+put tls of acme-secrets",
        "gained: repo:acme/secrets:ref:refs/heads/evil of token.actions.githubusercontent.com for sts.amazonaws.com as ci read+list+put+remove api of acme-secrets",
      ],
    ],
    [
      "of the service that runs under a role",
      replaced("ecs-tasks.amazonaws.com", "lambda.amazonaws.com"),
      [
        "lost: ecs-tasks.amazonaws.com as tasks read tls of acme-secrets",
        "gained: lambda.amazonaws.com as tasks read tls of acme-secrets",
      ],
    ],
    [
      "of the role that is meant by a name",
      replaced("role: app/legacy", "role: app/other"),
      [
        "lost: arn:aws:iam::111122223333:role/app/legacy as legacy read+list web of acme-secrets",
        "gained: arn:aws:iam::111122223333:role/app/other as legacy read+list web of acme-secrets",
      ],
    ],
    [
      "of a foreign role that is meant by a name",
      replaced("role/partner", "role/rival"),
      [
        "lost: arn:aws:iam::444455556666:role/partner as partner read+list web of acme-secrets",
        "gained: arn:aws:iam::444455556666:role/rival as partner read+list web of acme-secrets",
      ],
    ],
    [
      "of a permission set",
      replaced("permission_set: SecretsOps", "permission_set: Others"),
      [
        "lost: permission set SecretsOps as ops read+list+put+remove+read old versions of web of acme-secrets",
        "lost: permission set SecretsOps as ops read+put+remove+read old versions of db of acme-secrets",
        "gained: permission set Others as ops read+list+put+remove+read old versions of web of acme-secrets",
        "gained: permission set Others as ops read+put+remove+read old versions of db of acme-secrets",
      ],
    ],
    [
      "of a deployer, who reads nothing",
      replaced("role: infra", "role: other"),
      [
        "arn:aws:iam::111122223333:role/infra is no longer infra",
        "arn:aws:iam::111122223333:role/other is now infra",
      ],
    ],
    [
      "of deployers",
      replaced("deployers: [infra]", "deployers: [infra, ops]"),
      ["deployers is infra, ops, was infra"],
    ],
    [
      "of policies of others that a role has",
      replaced("AmazonSSMManagedInstanceCore", "AdministratorAccess"),
      [
        "lost: host+db+2430425f read db of acme-secrets",
        "gained: host+db+251adda5 read db of acme-secrets",
        "host database runs as host+db+251adda5, a new role, instead of host+db+2430425f",
        "with_policies of host database is arn:aws:iam::aws:policy/AdministratorAccess, was arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
      ],
    ],
    [
      "of a layer that is lost",
      replaced("sse: { type: kms, key: web, header: required }", "sse: { type: s3 }"),
      [
        "sse of web is s3, was kms with arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111",
        "sse header of web is default, was required",
      ],
    ],
    [
      "of a seal",
      replaced("mode: kms, key: db, context: { app: api }", "mode: envelope, key: db"),
      [
        "seal of api is envelope with arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222, bound to key, was kms with arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222, bound to key and app=api",
      ],
    ],
    [
      "of a secret's name",
      replaced("only: [site.crt, site.key]", "only: [site.crt, site.key, more.key]"),
      ["only of tls is more.key, site.crt, site.key, was site.crt, site.key"],
    ],
    [
      "that keeps statements of others",
      (text) => text + KEEP,
      [
        "bucket acme-secrets now keeps statement Inventory (Allow s3:PutObject)",
        "key arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222 now keeps a statement without Sid (Allow kms:Get*)",
        "role legacy now keeps a statement without Sid (Allow sqs:*)",
      ],
    ],
  ];
  for (const [why, change, expected] of rows)
    it(`${why} is told as such`, () => {
      assert.deepEqual(told(change), expected);
    });

  it("to a subject that a pattern has had already takes from the others alone", () => {
    const wide = versionOf(replaced("ref:refs/heads/main", "ref:refs/heads/*")(ACME));
    const found = words(differenceOf(wide, acme));
    assert.equal(found.length, 3);
    for (const line of found)
      assert.match(line, /^lost: repo:acme\/secrets:ref:refs\/heads\/\* of /);
  });

  it("of who may become a deployer that reads nothing is told", () => {
    const trusting = (user: string): Version =>
      versionOf(
        replaced(
          "infra: { kind: existing, role: infra }",
          `infra: { kind: human, trusted: ["arn:aws:iam::111122223333:user/${user}"] }`,
        )(ACME),
      );
    assert.deepEqual(words(differenceOf(trusting("alice"), trusting("mallory"))), [
      "arn:aws:iam::111122223333:user/alice may no longer become infra",
      "arn:aws:iam::111122223333:user/mallory may now become infra",
    ]);
  });

  it("that adds a replica lets readers read there, and nobody write", () => {
    const found = told((text) => text + REPLICA).filter((line) =>
      line.includes("acme-secrets-west"),
    );
    assert.ok(found.includes("gained: web read+list api of acme-secrets-west"), found.join("\n"));
    assert.deepEqual(
      found.filter((line) => /put|remove/.test(line)),
      [],
    );
  });

  it("is the other way round for the way back", () => {
    const more = versionOf(replaced("readers: [tasks]", "readers: [tasks, web]")(ACME));
    assert.deepEqual(words(differenceOf(more, acme)), ["lost: web read tls of acme-secrets"]);
  });
});
