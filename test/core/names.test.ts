import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  judgeName,
  judgeNames,
  parseAccountId,
  parseBucketName,
  parseGroupName,
  parseFileName,
  parseKmsKeyArn,
  parseRegion,
  parseRenderName,
  parseS3Prefix,
  quote,
} from "../../agent/core/names.ts";

const REFUSED_NAMES: readonly (readonly [why: string, name: string])[] = [
  ["empty", ""],
  ["absolute", "/etc/passwd"],
  ["parent", ".."],
  ["parent first", "../x"],
  ["parent inside", "a/../../x"],
  ["parent last", "a/.."],
  ["self", "."],
  ["self inside", "a/./b"],
  ["empty segment", "a//b"],
  ["trailing slash", "a/"],
  ["NUL", "a\0b"],
  ["newline", "a\nb"],
  ["escape", "a\u001b[2Jb"],
  ["C1 control", "a\u0085b"],
  ["line separator", "a\u2028b"],
  ["backslash", "a\\b"],
  ["backslash parent", "..\\x"],
  ["segment of 256 bytes", "x".repeat(256)],
  ["segment of 256 bytes in UTF-8", "é".repeat(128)],
  ["1025 bytes", `${"a/".repeat(512)}b`],
  ["lone surrogate", "a\ud800b"],
];
const ACCEPTED_NAMES: readonly (readonly [why: string, name: string])[] = [
  ["plain", "db_password"],
  ["nested", "tls/site.key"],
  ["dot file", ".env"],
  ["three dots", "..."],
  ["dots inside", "a..b"],
  ["percent is no escape", "%2e%2e%2fx"],
  ["spaces around", " a b "],
  ["unicode", "schlüssel/鍵"],
  ["dash first", "-rf"],
  ["shell", "$(id)`id`;'\"*?"],
  ["segment of 255 bytes", "x".repeat(255)],
];

describe("judgeName", () => {
  for (const [why, name] of REFUSED_NAMES) {
    it(`refuses ${why}`, () => assert.equal(typeof judgeName(name), "string"));
  }
  for (const [why, name] of ACCEPTED_NAMES) {
    it(`accepts ${why}`, () => assert.equal(judgeName(name), undefined));
  }

  it("lets no name leave the folder that it is joined to", () => {
    const piece = fc.oneof(
      fc.constantFrom("..", ".", "/", "\\", "\0", "a", "%2e", "…", "\n"),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const name = pieces.join("");
        if (judgeName(name) !== undefined) return;
        assert.ok(
          resolve("/root/of/group", name).startsWith("/root/of/group/"),
          JSON.stringify(name),
        );
        assert.equal(resolve("/root/of/group", name), `/root/of/group/${name}`);
      }),
    );
  });
});

describe("judgeNames", () => {
  const judge = (names: readonly string[], rootBytes?: number) =>
    judgeNames(
      names.map((name) => ({ name, entry: name })),
      rootBytes,
    );

  const CLASHES: readonly (readonly [
    why: string,
    names: readonly string[],
    refused: readonly string[],
  ])[] = [
    ["a file that is also a folder", ["a", "a/b", "c"], ["a", "a/b"]],
    ["a file that is also a deeper folder", ["a/b", "a/b/c/d", "z"], ["a/b", "a/b/c/d"]],
    ["names that differ by case", ["Key", "key", "z"], ["Key", "key"]],
    [
      "names that differ by normalisation",
      ["caf\u00e9", "cafe\u0301", "z"],
      ["caf\u00e9", "cafe\u0301"],
    ],
    ["names that differ by compatibility form", ["\ufb01le", "file", "z"], ["\ufb01le", "file"]],
    ["sharp s", ["stra\u00dfe", "STRASSE", "z"], ["stra\u00dfe", "STRASSE"]],
    ["file and folder by case", ["A", "a/b", "z"], ["A", "a/b"]],
    [
      "what is kept in postern's own folder",
      [".postern", ".Postern/x", ".posternx", "a/.postern"],
      [".postern", ".Postern/x"],
    ],
  ];
  for (const [why, names, refused] of CLASHES) {
    it(`refuses every name of a clash: ${why}`, () => {
      const judged = judge(names);
      assert.deepEqual(judged.refused.map(({ key }) => key).sort(), [...refused].sort());
      assert.equal(judged.accepted.length, names.length - refused.length);
    });
  }

  it("ignores folder markers", () => {
    const judged = judge(["", "web/", "a"]);
    assert.deepEqual(judged.ignored, ["", "web/"]);
    assert.deepEqual(judged.refused, []);
    assert.deepEqual(
      judged.accepted.map(({ name }) => String(name)),
      ["a"],
    );
  });

  it("refuses a path longer than this host can hold", () => {
    assert.equal(judge(["abc"], 4091).accepted.length, 1);
    assert.equal(judge(["abc"], 4092).refused.length, 1);
  });

  it("places each entry exactly once", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 6 })), (names) => {
        const judged = judge(names);
        const placed = [
          ...judged.accepted.map(({ entry }) => entry),
          ...judged.refused.map(({ key }) => key),
          ...judged.ignored,
        ];
        assert.deepEqual(placed.sort(), [...names].sort());
      }),
    );
  });
});

describe("parseRenderName", () => {
  it("keeps what is rendered for a path elsewhere out of the way of every secret", () => {
    for (const [path, name] of [
      ["db.env", "db.env"],
      ["conf/db.env", "conf/db.env"],
      ["/etc/app/db.env", ".postern/etc/app/db.env"],
    ] as const) {
      assert.equal(parseRenderName(path), name);
      assert.equal(parseFileName(name), name);
    }
    for (const name of ["/etc/a//b", "/../a", ".postern/x", "../x", "", `/${"x".repeat(256)}`])
      assert.throws(() => parseRenderName(name), { code: "BadName" });
    for (const name of [".postern/../x", ".postern/", "/x", "../x", ".Postern/x"])
      assert.throws(() => parseFileName(name), { code: "BadName" });
  });
});

describe("names that grant something", () => {
  type Parse = (text: string) => string;
  const ROWS: readonly (readonly [
    parse: Parse,
    accepted: readonly string[],
    refused: readonly string[],
  ])[] = [
    [
      parseGroupName,
      ["web", "web.bundle", "A-1_b"],
      ["", ".", "..", "-x", ".x", "a/b", "a b", "x".repeat(65), "a\n"],
    ],
    [
      parseBucketName,
      ["acme-secrets", "a.b.c", "123"],
      ["ab", "Acme", "a..b", "-ab", "192.168.0.1", "xn--abc", "a_b", "x".repeat(64)],
    ],
    [
      parseAccountId,
      ["111122223333", "000000000001"],
      ["11112222333", "1111222233334", "11112222333a", ""],
    ],
    [
      parseRegion,
      ["us-east-1", "eu-central-2", "us-gov-west-1", "us-iso-east-1", "cn-north-1"],
      ["us-east", "", "US-EAST-1", "us-east-1/../x", "us-east-1.evil.com"],
    ],
    [
      parseKmsKeyArn,
      [
        "arn:aws:kms:us-east-1:111122223333:key/mrk-12ab",
        "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/0-a",
      ],
      [
        "arn:aws:kms:us-east-1:111122223333:alias/x",
        "mrk-12ab",
        "arn:aws:kms:us-east-1:1:key/x",
        "arn:aws:s3:::key/x",
      ],
    ],
    [parseS3Prefix, ["web/", "a/b/"], ["web", "/", "", "../", "/web/", "a//b/", "a/../b/"]],
  ];
  for (const [parse, accepted, refused] of ROWS) {
    it(`${parse.name} accepts and refuses as AWS does`, () => {
      for (const text of accepted) assert.equal(parse(text), text);
      for (const text of refused)
        assert.throws(() => parse(text), { code: "BadName" }, JSON.stringify(text));
    });
  }
});

describe("quote", () => {
  it("lets nothing through that could move a cursor or forge a line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(quote(text), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
        assert.ok(quote(text).length < 120 * 6 + 3);
      }),
    );
  });
});
