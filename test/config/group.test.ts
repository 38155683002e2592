import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEAD, KEY, asUser, configOf, issuesOf } from "../support/parsed-config.ts";

/** Each the content of group `g`, at line 4 of the text. */
const REFUSED_GROUPS: readonly (readonly [why: string, group: string, expected: RegExp])[] = [
  ["no layout", "{}", /^p\.yaml:4:3: groups\.g: expected either prefix or bundle, got neither/],
  ["only without prefix", "{ only: [a] }", /got neither/],
  [
    "only with a bundle",
    `{ bundle: b, only: [a], decrypt: { mode: envelope, keys: ["${KEY}"] } }`,
    /only: expected it beside prefix/,
  ],
  ["an empty only", "{ prefix: g/, only: [] }", /only: expected at least one entry/],
  ["a name twice in only", "{ prefix: g/, only: [a, a] }", /only\[1\]: expected each name once/],
  [
    "clashing names in only",
    "{ prefix: g/, only: [a, A] }",
    /only\[0\]: expected names that differ/,
  ],
  ["a name that climbs", "{ prefix: g/, only: [../a] }", /only\[0\]: expected path segments/],
  [
    "min_revision with a prefix",
    "{ prefix: g/, min_revision: 1 }",
    /min_revision: expected it beside bundle/,
  ],
  [
    "max_bundle with a prefix",
    "{ prefix: g/, max_bundle: 1MiB }",
    /max_bundle: expected it beside bundle/,
  ],
  ["a plain bundle", "{ bundle: g.bundle }", /expected envelope with a bundle, got none/],
  [
    "a kms bundle",
    `{ bundle: b, decrypt: { mode: kms, keys: ["${KEY}"] } }`,
    /expected envelope with a bundle, got kms/,
  ],
  ["kms without keys", "{ prefix: g/, decrypt: { mode: kms } }", /decrypt: expected keys/],
  [
    "kms with no key",
    "{ prefix: g/, decrypt: { mode: kms, keys: [] } }",
    /keys: expected at least one/,
  ],
  [
    "none with keys",
    `{ prefix: g/, decrypt: { mode: none, keys: ["${KEY}"] } }`,
    /expected mode none to stand alone/,
  ],
  [
    "bind none without context",
    `{ prefix: g/, decrypt: { mode: kms, keys: ["${KEY}"], bind: none } }`,
    /expected an explicit context/,
  ],
  [
    "a bound name in context",
    `{ prefix: g/, decrypt: { mode: kms, keys: ["${KEY}"], context: { "postern:key": x } } }`,
    /starts with "postern:"/,
  ],
  [
    "a number in context",
    `{ prefix: g/, decrypt: { mode: kms, keys: ["${KEY}"], context: { n: 1 } } }`,
    /context\.n: expected a string, got number 1/,
  ],
  [
    "a world-readable mode",
    '{ prefix: g/, mode: "0444" }',
    /mode: expected no read permission for others/,
  ],
  ["an executable mode", '{ prefix: g/, mode: "0500" }', /without execute permission/],
  ["a setuid mode", '{ prefix: g/, mode: "4400" }', /without setuid/],
  [
    "a mode that the group may write",
    '{ prefix: g/, mode: "0460" }',
    /without write permission for group/,
  ],
  [
    "a mode that its owner cannot read",
    '{ prefix: g/, mode: "0040" }',
    /read permission for the owner/,
  ],
  [
    "a mode without quotes",
    "{ prefix: g/, mode: 0440 }",
    /expected an octal mode in quotes .* got number 440/,
  ],
  [
    "an unknown word",
    "{ prefix: g/, on_revoked: delete }",
    /expected keep or remove, got "delete"/,
  ],
  [
    "a size without unit",
    "{ prefix: g/, max_size: 1024 }",
    /expected a size such as .* got number 1024/,
  ],
  ["a size out of range", "{ prefix: g/, max_size: 1GiB }", /expected 1B to 64MiB, got "1GiB"/],
  ["a settle out of range", "{ prefix: g/, settle: 2h }", /expected 0s to 1h, got "2h"/],
  [
    "a max_age below every",
    "{ prefix: g/, max_age: 10s }",
    /max_age: expected at least refresh\.every \(1m\), got "10s"/,
  ],
  [
    "a shell line for argv",
    "{ prefix: g/, on_change: { check: nginx -t } }",
    /check: expected a list, got "nginx -t"/,
  ],
  [
    "two reloads",
    "{ prefix: g/, on_change: { reload: { unit: a.service, command: [b] } } }",
    /reload: expected unit/,
  ],
  [
    "a signal to nobody",
    "{ prefix: g/, on_change: { reload: { signal: SIGHUP } } }",
    /signal with pidfile/,
  ],
  [
    "an option for a unit",
    "{ prefix: g/, on_change: { reload: { unit: --now.service } } }",
    /expected a unit's name/,
  ],
  [
    "a template without a file",
    "{ prefix: g/, render: [{ path: x, format: template }] }",
    /expected a template exactly when/,
  ],
  [
    "a render that climbs",
    "{ prefix: g/, render: [{ path: ../x, format: json }] }",
    /render\[0\]\.path: expected path segments/,
  ],
  [
    "one render twice",
    "{ prefix: g/, render: [{ path: x, format: json }, { path: x, format: yaml }] }",
    /render\[1\]\.path: expected a path apart/,
  ],
  [
    "a file in the run tree",
    "{ prefix: g/, files: { a: { path: /run/postern/x } } }",
    /expected a path apart from paths\.run/,
  ],
  [
    "a file above the state tree",
    "{ prefix: g/, files: { a: { path: /var/lib } } }",
    /expected a path apart from paths\.state/,
  ],
  [
    "a file inside a file",
    "{ prefix: g/, files: { a: { path: /etc/x }, b: { path: /etc/x//y } } }",
    /expected a path apart from "\/etc\/x"/,
  ],
  [
    "a file of a secret that only leaves out",
    "{ prefix: g/, only: [a], files: { b: { path: /etc/b } } }",
    /files\.b: expected a name of only or render, got "b"/,
  ],
  [
    "a render of a secret's name",
    "{ prefix: g/, only: [a], render: [{ path: a, format: json }] }",
    /render\[0\]\.path: expected a path apart from the secrets, got "a"/,
  ],
  [
    "a render in a secret's place",
    "{ prefix: g/, only: [a/b], render: [{ path: A, format: json }] }",
    /expected a path apart from the secrets, got "A"/,
  ],
  [
    "a render where postern keeps its own",
    "{ prefix: g/, render: [{ path: .Postern/x, format: json }] }",
    /expected a name that is not below "\.postern"/,
  ],
  [
    "a secret where postern keeps its own",
    "{ prefix: g/, only: [.postern/x] }",
    /expected a name that is not below "\.postern"/,
  ],
  [
    "a render to a file's path",
    "{ prefix: g/, files: { a: { path: /etc/a } }, render: [{ path: /etc/a, format: json }] }",
    /render\[0\]\.path: expected a path apart from "\/etc\/a"/,
  ],
  [
    "a render in the run tree",
    "{ prefix: g/, render: [{ path: /run/postern/x, format: json }] }",
    /expected a path apart from paths\.run/,
  ],
];

describe("a group", () => {
  it("takes defaults where a group says nothing, and the group's own word where it does", () => {
    const { groups } = configOf(
      `${HEAD}defaults: { mode: "0440", settle: 1s, max_size: 2MiB }\ngroups: { a: { prefix: a/ }, b: { prefix: b/, mode: "0400", settle: 0s } }\n`,
    );
    assert.deepEqual(
      groups.map(({ mode, settleMs, maxObjectBytes }) => [mode, settleMs, maxObjectBytes]),
      [
        [0o440, 1000, 2_097_152],
        [0o400, 0, 2_097_152],
      ],
    );
  });

  for (const [why, group, expected] of REFUSED_GROUPS)
    it(`is refused with ${why}`, () => {
      const issues = issuesOf(`${HEAD}groups:\n  g: ${group}\n`);
      assert.ok(issues.length >= 1, "expected an issue");
      assert.match(issues[0] ?? "", expected);
    });

  it("refuses other owners than the running user, unless that is root", () => {
    const group = (owner: string): string =>
      `${HEAD}groups: { g: { prefix: g/, owner: "${owner}" } }\n`;
    assert.equal(configOf(group("bob:users")).groups[0]?.owner.user, "bob");
    for (const owner of ["ada:1000", "1000:1000", "ada:www-data"])
      assert.deepEqual(issuesOf(group(owner), asUser), []);
    assert.match(issuesOf(group("bob:1000"), asUser)[0] ?? "", /expected the running user "ada"/);
    assert.match(issuesOf(group("ada:adm"), asUser)[0] ?? "", /member of, got "adm"/);
  });
});
