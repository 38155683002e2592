import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { differenceOf, type Difference, type Version } from "../../agent/audit/difference.ts";
import { generateDeployment } from "../../agent/generate/deployment.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import { ACME, REPLICA, replaced } from "../support/access-maps.ts";

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
      ({ kind, principal, verbs, group, bucket }) =>
        `${kind}: ${principal} ${verbs.join("+")} ${group} of ${bucket}`,
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
  ];
  for (const [why, change, expected] of rows)
    it(`${why} is told as such`, () => {
      assert.deepEqual(told(change), expected);
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
