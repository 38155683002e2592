import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { HEAD, KEY, asRoot, configOf, issuesOf } from "../support/parsed-config.ts";
import { root } from "../support/root.ts";

const caseFile = (name: string): string => join(root, "test/cases/config", name);

/** Below HEAD, so that the first line of each text is line 3. */
const REFUSED: readonly (readonly [why: string, text: string, expected: RegExp])[] = [
  ["a tab as indentation", "groups:\n\ta: 1\n", /^p\.yaml:4:1: expected spaces as indentation/],
  ["a second document", "---\na: 1\n", /^p\.yaml:3:1: expected one document/],
  ["a key given twice", "bucket: other\n", /^p\.yaml:3:1: expected each key once/],
  [
    "a key given twice, once quoted",
    'groups: { 1: { prefix: a/ }, "1": { prefix: b/ } }\n',
    /expected each key once/,
  ],
  ["a tag", "region: !!binary dXMtZWFzdC0x\n", /expected no tag|region: expected/],
  ["__proto__ as a key", "__proto__: { region: us-east-1 }\n", /^p\.yaml:3:1: .*__proto__/],
  ["a key that every object has", "toString: 1\n", /^p\.yaml:3:1: toString: expected/],
  ["a list for a mapping", "defaults: []\n", /defaults: expected a mapping, got a list/],
  ["nothing for a mapping", "groups:\n", /groups: expected a mapping, got nothing/],
  ["yes for true", "defaults: { allow_empty: yes }\n", /expected true or false, got "yes"/],
  [
    "a splay above every",
    "refresh: { splay: 2m }\n",
    /^p\.yaml:3:19: refresh\.splay: expected at most/,
  ],
  ["a max_age below every", "refresh: { max_age: 5s }\n", /refresh\.max_age: expected at least/],
  [
    "run inside state",
    "paths: { run: /var/lib/postern/x }\n",
    /paths: expected run and state apart/,
  ],
  ["a relative state path", "paths: { state: x }\n", /paths\.state: expected an absolute path/],
  ["an unknown source of credentials", "credentials: instanse\n", /did you mean "instance"\?/],
  ["a profile without a name", "credentials: { profile: '' }\n", /credentials\.profile: expected/],
  [
    "a failover without region",
    "failover: [{ bucket: other-bucket }]\n",
    /failover\[0\]\.region: expected this key/,
  ],
  [
    "a replica that is the home bucket",
    "failover: [{ bucket: acme-secrets, region: us-west-2 }]\n",
    /failover\[0\]\.bucket: expected each bucket once/,
  ],
  [
    "a replica's key in another region",
    `failover: [{ bucket: west, region: us-west-2, keys: ["${KEY}"] }]\n`,
    /failover\[0\]\.keys\[0\]: expected a key in us-west-2/,
  ],
  ["a budget that no pass fits in", "limits: { requests_per_minute: 1 }\n", /from 60 to 1000000/],
  [
    "http to another host",
    "endpoints: { imds: 'http://10.0.0.1' }\n",
    /endpoints\.imds: expected https/,
  ],
  [
    "a password in a URL",
    "endpoints: { s3: 'https://a:hunter2@b' }\n",
    /^(?!.*hunter2).*host and port alone/,
  ],
  ["a deep path in a URL", "endpoints: { s3: 'https://b/c' }\n", /host and port alone/],
];

describe("parseConfig", () => {
  it("reads the design's own sample whole", () => {
    const config = configOf(readFileSync(caseFile("design.yaml"), "utf8"));
    assert.deepEqual(
      config.groups.map(({ name, layout, maxAgeMs }) => [name, layout.kind, maxAgeMs]),
      [
        ["web", "prefix", 3_600_000],
        ["tls", "only", 3_600_000],
        ["db", "bundle", 600_000],
      ],
    );
  });

  it("tells every fault of a file at once, by place", () => {
    const issues = issuesOf(readFileSync(caseFile("bad.yaml"), "utf8"));
    const golden = caseFile("bad.expected");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, `${issues.join("\n")}\n`);
    assert.deepEqual(`${issues.join("\n")}\n`, readFileSync(golden, "utf8"));
  });

  it("fills in every default", () => {
    const config = configOf(`${HEAD}groups: { g: { prefix: g/ } }\n`);
    assert.deepEqual(
      { refresh: config.refresh, paths: config.paths, limits: config.limits },
      {
        refresh: { everyMs: 60_000, splayMs: 10_000 },
        paths: { run: "/run/postern", state: "/var/lib/postern" },
        limits: {
          concurrency: 64,
          requestTimeoutMs: 5000,
          passTimeoutMs: 60_000,
          requestsPerMinute: 600,
          maxHostBytes: 67_108_864,
        },
      },
    );
    assert.deepEqual(
      [config.credentials, config.endpoints],
      [{ from: "instance" }, { kind: "aws" }],
    );
    assert.deepEqual(config.groups[0], {
      name: "g",
      layout: { kind: "prefix", prefix: "g/" },
      owner: { user: "root", group: "root" },
      mode: 0o400,
      decrypt: { mode: "none" },
      sse: undefined,
      maxObjectBytes: 1_048_576,
      maxGroupBytes: 8_388_608,
      settleMs: 5000,
      maxAgeMs: 3_600_000,
      allowEmpty: false,
      onBadName: "refuse",
      onRevoked: "keep",
      revokeAfterMs: 600_000,
      onExpired: "keep",
      files: [],
      render: [],
      onChange: {
        check: undefined,
        verify: undefined,
        reload: undefined,
        onFailure: "keep",
        onDrift: false,
        timeoutMs: 30_000,
      },
    });
  });

  for (const [why, text, expected] of REFUSED)
    it(`refuses ${why}`, () => {
      const issues = issuesOf(HEAD + text);
      assert.equal(issues.length, 1, issues.join("\n"));
      assert.match(issues[0] ?? "", expected);
    });
  it("adds groups from other files, and nothing but groups", () => {
    const main = `${HEAD}groups: { web: { prefix: web/ } }\n`;
    assert.deepEqual(issuesOf(main, asRoot, ["groups: { app: { prefix: app/ } }\n"]), []);
    const faults = issuesOf(main, asRoot, [
      "bucket: other\ngroups: {}\n",
      "groups: { web: { prefix: other/ } }\n",
      "groups: { Web: { prefix: web/x/ } }\n",
      "",
    ]);
    assert.equal(faults.length, 5, faults.join("\n"));
    assert.match(faults[0] ?? "", /^0\.yaml:1:1: bucket: expected one of groups, got "bucket"/);
    assert.match(
      faults[1] ?? "",
      /^1\.yaml:1:11: groups\.web: expected each group once, got it again after p\.yaml/,
    );
    assert.match(
      faults.join("\n"),
      /^2\.yaml:1:11: groups\.Web: expected names that differ by more than case/m,
    );
    assert.match(
      faults.join("\n"),
      /^2\.yaml:1:26: groups\.Web\.prefix: expected no object of group "web"/m,
    );
    assert.match(faults[4] ?? "", /^3\.yaml:1:1: expected a mapping, got nothing/);
  });

  it("keeps groups whose names every object has", () => {
    const text = `${HEAD}groups: { constructor: { prefix: c/ }, prototype: { prefix: p/ } }\n`;
    assert.deepEqual(
      configOf(text).groups.map(({ name }) => String(name)),
      ["constructor", "prototype"],
    );
  });

  it("reads anchors, and refuses aliases that multiply", () => {
    const shared = `${HEAD}groups: { a: { prefix: a/, owner: &o "root:adm" }, b: { prefix: b/, owner: *o } }\n`;
    assert.equal(configOf(shared).groups[1]?.owner.group, "adm");
    const ten = (name: string): string => `[${Array(10).fill(name).join(", ")}]`;
    const bomb = `a: &a ${ten("x")}\nb: &b ${ten("*a")}\nc: &c ${ten("*b")}\nd: ${ten("*c")}\n`;
    assert.deepEqual(issuesOf(bomb), ["p.yaml:1:1: expected at most 100 aliases, got more"]);
  });

  it("survives nesting that no parser should follow", () => {
    assert.match(issuesOf("[".repeat(20_000))[0] ?? "", /^p\.yaml:1:\d+: expected/);
  });

  it("takes plain http to this machine, its link, and anywhere when insecure", () => {
    for (const url of [
      "http://127.0.0.1:9000",
      "http://[::1]:1",
      "http://localhost:1",
      "http://169.254.169.254",
      "http://[fd00:ec2::254]",
      "https://s3.example.com",
    ])
      assert.deepEqual(issuesOf(`${HEAD}endpoints: { s3: "${url}" }\n`), [], url);
    const config = configOf(
      `${HEAD}endpoints: { s3: "http://minio:9000", path_style: true, insecure: true }\n`,
    );
    assert.ok(config.endpoints.kind === "explicit" && config.endpoints.pathStyle);
  });
});
