import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Naming, variablesOf } from "../../agent/cli/environment.ts";
import { PosternError } from "../../agent/core/errors.ts";

const PLAIN: Naming = { prefix: "", upper: false, chomp: false, override: false };

function named(
  values: Readonly<Record<string, string | Buffer>>,
  naming: Partial<Naming> = {},
  inherited: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const secrets = Object.entries(values).map(([name, value]) => ({
    secret: `web/${name}`,
    name,
    bytes: Buffer.from(value),
  }));
  return Object.fromEntries(variablesOf(secrets, { ...PLAIN, ...naming }, inherited));
}

describe("a secret's variable", () => {
  const rows = [
    ["keeps a plain name", { db_password: "x" }, {}, { db_password: "x" }],
    [
      "has underscores for what no name may have",
      { "tls/site.key": "k" },
      {},
      { tls_site_key: "k" },
    ],
    ["is in upper case when asked", { api_key: "x" }, { upper: true }, { API_KEY: "x" }],
    ["begins with the prefix", { "1st": "x" }, { prefix: "WEB_" }, { WEB_1st: "x" }],
    ["holds the exact value", { a: " $(x)\n\n" }, {}, { a: " $(x)\n\n" }],
    ["loses one final newline when asked", { a: "x\n\n" }, { chomp: true }, { a: "x\n" }],
  ] as const;
  for (const [why, values, naming, expected] of rows)
    it(why, () => assert.deepEqual(named(values, naming), expected));

  const refused = [
    ["begins with a digit", { "1st": "x" }, {}, /web\/1st": expected a name that does not begin/],
    [
      "is two secrets",
      { "a.b": "x", a_b: "y" },
      {},
      /web\/a_b": a_b would be secret "web\/a.b" too/,
    ],
    ["has a NUL", { a: "x\0y" }, {}, /web\/a": expected no NUL byte/],
    ["is no UTF-8", { a: Buffer.from([0xff]) }, {}, /web\/a": expected UTF-8/],
    ["is set already", { LANG: "x" }, {}, /LANG is set already/],
    ["names code to run", { LD_PRELOAD: "x" }, {}, /LD_PRELOAD names code to run/],
    [
      "names code to run, whatever is allowed",
      { PATH: "x" },
      { override: true },
      /PATH names code/,
    ],
    ["names code to run in upper case", { bash_env: "x" }, { upper: true }, /BASH_ENV names code/],
  ] as const;
  for (const [why, values, naming, expected] of refused)
    it(`is refused when it ${why}`, () => {
      assert.throws(
        () => named(values, naming, { LANG: "C" }),
        (error) => error instanceof PosternError && expected.test(error.issues.join("\n")),
      );
    });

  it("takes the place of one that is set when it may", () => {
    assert.deepEqual(named({ LANG: "x" }, { override: true }, { LANG: "C" }), { LANG: "x" });
  });

  it("never says a value when it is refused", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), (value) => {
        try {
          named({ "1": `canary${value}`, LANG: `canary${value}\0` }, {}, { LANG: "C" });
        } catch (error) {
          assert.ok(error instanceof PosternError);
          assert.doesNotMatch(error.issues.join("\n"), /canary/);
        }
      }),
    );
  });
});
