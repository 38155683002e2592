import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Config, GroupConfig } from "../../agent/config/config.ts";
import { shapeFingerprint, sourceFingerprint } from "../../agent/config/fingerprint.ts";
import { parseConfig } from "../../agent/config/parse.ts";

const KEYS = ["a", "b"].map((id) => `"arn:aws:kms:us-east-1:111122223333:key/${id}"`);
const BOTH = KEYS.join(", ");

function load(group: string, bucket = "acme-secrets"): { config: Config; group: GroupConfig } {
  const text = `version: 1\nbucket: ${bucket}\ngroups: { g: { ${group} } }\n`;
  const { config, issues } = parseConfig([{ file: "p.yaml", text, isMain: true }], {
    uid: 0,
    defaultOwner: { user: "root", group: "root" },
    memberOf: () => false,
  });
  assert.deepEqual(issues, []);
  assert.ok(config?.groups[0]);
  return { config, group: config.groups[0] };
}

function fingerprints(group: string, bucket?: string): { source: string; shape: string } {
  const loaded = load(group, bucket);
  return {
    source: sourceFingerprint(loaded.group, loaded.config.home),
    shape: shapeFingerprint(loaded.group, new Map()),
  };
}

const BASE = "prefix: g/";
const sealed = (rest: string): string => `prefix: g/, decrypt: { mode: kms, ${rest} }`;
const ROWS: readonly (readonly [
  why: string,
  a: string,
  b: string,
  source: boolean,
  shape: boolean,
])[] = [
  ["nothing", BASE, BASE, true, true],
  ["what publishers encrypt with", BASE, `${BASE}, sse: { type: s3 }`, true, true],
  ["the prefix", BASE, "prefix: h/", false, true],
  ["the layout", BASE, `${BASE}, only: [a]`, false, true],
  ["the order of only", `${BASE}, only: [a, b]`, `${BASE}, only: [b, a]`, true, true],
  ["the decrypt mode", BASE, sealed(`keys: [${KEYS[0]}]`), false, true],
  ["a key", sealed(`keys: [${KEYS[0]}]`), sealed(`keys: [${KEYS[1]}]`), false, true],
  [
    "the order of keys",
    sealed(`keys: [${BOTH}]`),
    sealed(`keys: [${KEYS.toReversed().join(", ")}]`),
    true,
    true,
  ],
  [
    "the order of the context",
    sealed(`keys: [${BOTH}], context: { a: x, b: y }`),
    sealed(`keys: [${BOTH}], context: { b: y, a: x }`),
    true,
    true,
  ],
  [
    "the context",
    sealed(`keys: [${BOTH}], context: { a: x }`),
    sealed(`keys: [${BOTH}], context: { a: z }`),
    false,
    true,
  ],
  ["the mode", BASE, `${BASE}, mode: "0440"`, true, false],
  ["the owner", BASE, `${BASE}, owner: "root:adm"`, true, false],
  ["a render", BASE, `${BASE}, render: [{ path: e, format: json }]`, true, false],
  ["a file", BASE, `${BASE}, files: { a: { path: /etc/a } }`, true, false],
  ["what only times it", BASE, `${BASE}, settle: 1s, max_age: 2h`, true, true],
];

describe("fingerprints", () => {
  it("tell an edited template", () => {
    const { group } = load(`${BASE}, render: [{ path: e, format: template, template: /t }]`);
    const shape = (text: string): string => shapeFingerprint(group, new Map([["/t", text]]));
    assert.notEqual(shape("a"), shape("b"));
    assert.equal(shape("a"), shape("a"));
  });

  for (const [why, a, b, source, shape] of ROWS)
    it(`tell a change of ${why} for what it is`, () => {
      const [before, after] = [fingerprints(a), fingerprints(b)];
      assert.equal(before.source === after.source, source);
      assert.equal(before.shape === after.shape, shape);
    });

  it("tell another bucket", () => {
    const [before, after] = [fingerprints(BASE), fingerprints(BASE, "other-secrets")];
    assert.notEqual(before.source, after.source);
    assert.match(before.source, /^[0-9a-f]{64}$/);
  });
});
