import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseBucketName, parseGroupName, parseS3Key } from "../../agent/core/names.ts";
import {
  type Binding,
  judgeContext,
  requiredContext,
  revisionOf,
  type Subject,
} from "../../agent/decrypt/context.ts";

const OBJECT: Subject = { kind: "object", key: parseS3Key("web/db") };
const BUNDLE: Subject = { kind: "bundle" };
const BINDING: Binding = {
  bind: "key",
  context: { app: "web" },
  group: parseGroupName("web"),
  bucket: parseBucketName("acme-secrets"),
};

describe("requiredContext", () => {
  it("binds an object to its group, bucket and key", () => {
    assert.deepEqual(requiredContext(BINDING, OBJECT), {
      app: "web",
      "postern:group": "web",
      "postern:bucket": "acme-secrets",
      "postern:key": "web/db",
    });
  });

  it("binds a bundle to its group and bucket", () => {
    assert.deepEqual(requiredContext(BINDING, BUNDLE), {
      app: "web",
      "postern:group": "web",
      "postern:bucket": "acme-secrets",
    });
  });

  it("adds nothing with bind none", () => {
    for (const subject of [OBJECT, BUNDLE])
      assert.deepEqual(requiredContext({ ...BINDING, bind: "none" }, subject), { app: "web" });
  });

  it("lets no declared pair replace the binding", () => {
    const context = { "postern:key": "web/other", "postern:group": "other" };
    const required = requiredContext({ ...BINDING, context }, OBJECT);
    assert.equal(required["postern:key"], "web/db");
    assert.equal(required["postern:group"], "web");
  });
});

describe("judgeContext", () => {
  const object = requiredContext(BINDING, OBJECT);
  const bundle = { ...requiredContext(BINDING, BUNDLE), "postern:revision": "7" };
  const without = (context: Readonly<Record<string, string>>, name: string) =>
    Object.fromEntries(Object.entries(context).filter(([key]) => key !== name));
  type Row = readonly [
    why: string,
    subject: Subject,
    actual: Readonly<Record<string, string>>,
    expected: RegExp | undefined,
  ];
  const ROWS: readonly Row[] = [
    ["an object's own", OBJECT, object, undefined],
    ["a signing suite's", OBJECT, { ...object, "aws-crypto-public-key": "A" }, undefined],
    ["a missing pair", OBJECT, without(object, "app"), /expected app "web", got none/],
    ["another value", OBJECT, { ...object, app: "api" }, /expected app "web", got "api"/],
    [
      "another key",
      OBJECT,
      { ...object, "postern:key": "web/x" },
      /postern:key "web\/db", got "web\/x"/,
    ],
    ["another group", OBJECT, { ...object, "postern:group": "web2" }, /postern:group/],
    ["another bucket", OBJECT, { ...object, "postern:bucket": "acme" }, /postern:bucket/],
    ["a further pair", OBJECT, { ...object, extra: "1" }, /no further name, got "extra"/],
    ["a name from the prototype", OBJECT, { ...object, toString: "1" }, /got "toString"/],
    [
      "an object with a revision",
      OBJECT,
      { ...object, "postern:revision": "7" },
      /no further name/,
    ],
    ["an empty context", OBJECT, {}, /got none/],
    ["a bundle's own", BUNDLE, bundle, undefined],
    ["a signed bundle's", BUNDLE, { ...bundle, "aws-crypto-public-key": "A" }, undefined],
    [
      "a bundle without revision",
      BUNDLE,
      without(bundle, "postern:revision"),
      /canonical decimal, got none/,
    ],
    ["a bundle's odd revision", BUNDLE, { ...bundle, "postern:revision": "07" }, /got "07"/],
    ["a bundle with a key", BUNDLE, { ...bundle, "postern:key": "web.bundle" }, /no further name/],
  ];
  for (const [why, subject, actual, expected] of ROWS)
    it(`${expected === undefined ? "accepts" : "refuses"} ${why}`, () => {
      const required = requiredContext(BINDING, subject);
      const fault = judgeContext(required, actual, subject);
      if (expected === undefined) assert.equal(fault, undefined);
      else assert.match(fault ?? "accepted", expected);
    });

  it("demands a bundle's revision with bind none too", () => {
    assert.match(judgeContext({}, {}, BUNDLE) ?? "accepted", /postern:revision/);
    assert.equal(judgeContext({}, { "postern:revision": "0" }, BUNDLE), undefined);
  });

  it("does not find a required name on the prototype", () => {
    assert.match(judgeContext({ toString: "x" }, {}, OBJECT) ?? "accepted", /got none/);
  });

  it("accepts nothing but the required pairs", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }), (actual) => {
        const fault = judgeContext(object, actual, OBJECT);
        assert.notEqual(fault, undefined);
      }),
    );
  });
});

describe("revisionOf", () => {
  it("reads back every revision that can be counted", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (revision) => {
        assert.equal(revisionOf({ "postern:revision": String(revision) }), revision);
      }),
    );
  });

  const ODD = [
    "",
    "-1",
    "+1",
    "01",
    "00",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "0x1",
    "٣",
    "9007199254740992",
    "1\n",
  ];
  for (const text of ODD)
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(revisionOf({ "postern:revision": text }), undefined);
    });
});
