import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lint } from "../../agent/publish/lint.ts";
import { LINT_RULES } from "../../agent/publish/lint-rules.ts";
import { type Circumstances, findingsOf, rulesOf } from "../support/linting.ts";
import type { Group } from "../support/rendering.ts";

type Row = readonly [why: string, value: string | Buffer, name?: string];

/** By rule: the values on which it fires, alone; names where they matter. */
const FIRES: Readonly<Record<string, readonly Row[]>> = {
  "empty-value": [
    ["nothing", ""],
    ["a newline alone", "\n"],
    ["white space alone", " \t\r\n"],
    ["nothing in a certificate's file", "", "site.crt"],
    ["nothing in a JSON file", "", "db.json"],
  ],
  "trailing-newline": [
    ["what echo writes", "hunter2\n"],
    ["two of them", "hunter2\n\n"],
    ["after a number, which is JSON and is not meant as such", "12345\n"],
    ["after what a brace begins", "{hunter2\n"],
  ],
  "carriage-return": [
    ["what a Windows editor leaves", "hunter2\r\n"],
    ["a carriage return alone", "hunter2\r"],
    ["one inside", "hun\rter2"],
  ],
  "crlf-lines": [
    ["all lines", "a=1\r\nb=2\r\n"],
    ["one of them", "a=1\nb=2\r\nc=3"],
    ["the one line of a file that is made of lines", "host:5432:db:user:pw\r\n", ".pgpass"],
  ],
  "surrounding-space": [
    ["before", " hunter2"],
    ["after", "hunter2 "],
    ["a tab", "hunter2\t"],
    ["a non-breaking space, which pasting brings", "hunter2\u00a0"],
    ["a newline before", "\nhunter2"],
  ],
  "byte-order-mark": [
    ["UTF-8's", "\ufeffhunter2"],
    ["what PowerShell writes", Buffer.from("\ufeffhunter2\r\n", "utf16le")],
    ["big-endian", Buffer.from("\ufeffhunter2", "utf16le").swap16()],
    ["before lines", "\ufeffa=1\nb=2\n"],
  ],
  placeholder: [
    "changeme",
    "CHANGE-ME",
    "Change_Me",
    "change me!",
    "changeme123",
    "replace_me",
    "REPLACEME",
    "please-change-me",
    "change-this-later",
    "TODO",
    "todo:",
    "TODO: ask the database team",
    "FIXME",
    "tbd",
    "xxx",
    "XXXXXXXXXXXX",
    "xxxx-xxxx-xxxx",
    "********",
    "...",
    "…",
    "<your password>",
    "<DB_PASSWORD>",
    "<redacted>",
    "[secret]",
    "[your API key]",
    "(redacted)",
    "${DB_PASSWORD}",
    "{{ db_password }}",
    "${{ secrets.DB_PASSWORD }}",
    "__DB_PASSWORD__",
    "null",
    "undefined",
    "[object Object]",
    "password",
    "Password\n",
    "secret",
    "example",
    "example-password",
    "dummy_token",
    "your-api-key-here",
    "YOUR_SECRET_KEY",
    "insert the token",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  ].map((value) => [JSON.stringify(value), value] as const),
  "broken-json": [
    ["an end too early", '{"user":"app"', "db.json"],
    ["no JSON at all", "user=app", "db.json"],
    ["a comma too much", '{"user":"app",}', "DB.JSON"],
    ["single quotes", "{'user':'app'}", "db.json"],
    ["bytes that are no text", Buffer.from([0x7b, 0xff, 0x7d]), "db.json"],
    ["JSON twice, by its name", '{"a":1}\n{"a":2}\n', "db.json"],
    ["a mapping cut short, by its looks", '{"user":"app","password":"x'],
    ["a mapping with an unquoted value, by its looks", '{ "user": app }'],
    ["a list cut short, by its looks", '["a", "b"'],
    ["a list of mappings, by its looks", '[{"a":1},{"a":}]'],
    ["a control character in a string", '{"key":"a\nb"}'],
  ],
};

const SILENT: Readonly<Record<string, readonly Row[]>> = {
  "of plain values": [
    ["a password", "correct horse battery staple"],
    ["random bytes", Buffer.from("00ff0d0a20", "hex")],
    ["bytes that are not UTF-8 and end in a newline", Buffer.from("ff41420a", "hex")],
    ["a key that begins with the mark of UTF-16", Buffer.from("fffe9f1c0a7bd3e2", "hex")],
    ["text of another alphabet", "пароль-密码"],
    ["one character", "7"],
  ],
  "of lines": [
    ["that end in a newline", "a=1\nb=2\n"],
    ["that do not", "a=1\nb=2"],
    ["in a file that is made of them, be it one", "export A=1\n", "app.env"],
    ["in a public key's", "ssh-ed25519 AAAAC3Nz app@host\n", "deploy.pub"],
    ["in YAML", "password: hunter2\n", "conf/app.yaml"],
    ["with space around them", "  a\n  b\n"],
  ],
  "of passwords that only contain what a placeholder says": [
    "todo-mvc-Rk93",
    "mytodolist",
    "todo list of my aunt",
    "xx",
    "xxl-T-shirt",
    "fixmeup!Scotty",
    "changeit",
    "change",
    "changemetal8",
    "passwords",
    "password1!Kd9",
    "secretary",
    "secret-santa",
    "examples",
    "an example of a passphrase",
    "your mother likes soup",
    "insert coin to continue",
    "<Q3>x9",
    "<9!>",
    "<a href=x>y</a>",
    "$HOME",
    "${a}b",
    "{{a}",
    "[x]",
    "nullable",
    "..",
    "*",
    "none",
    "default",
    "EXAMPLE-4f9a",
    "x".repeat(2) + "y",
  ].map((value) => [JSON.stringify(value), value] as const),
  "of JSON": [
    ["a mapping", '{"user":"app"}', "db.json"],
    ["that ends in a newline", '{"user":"app"}\n', "db.json"],
    ["with CRLF between its lines", '{\r\n"user":"app"\r\n}\r\n', "db.json"],
    ["without a name that says so", '{ "user": "app" }\n'],
    ["a string, by its name", '"hunter2"\n', "db.json"],
    ["a number, by its name", "1\n", "db.json"],
    ["empty", "{}\n"],
    ["a mapping a line", '{"a":1}\n{"a":2}\n'],
  ],
  "of what a bracket begins and no JSON is": [
    ["a password with a brace", "{hunter2"],
    ["with a brace and a quote", '{"hunter2'],
    ["with brackets", "[hunter2]"],
    ["with a bracket and a quote", '["hunter2'],
    ["an INI file", "[client]\npassword=x\n"],
    ["YAML in JSON's clothes", '{"user": app}\n', "app.yaml"],
    ["JSON with comments", '{"user": "app" /* x */}\n', "app.jsonc"],
    ["a template", '{"user": {{ user }}}\n', "app.json.tpl"],
    ["a shell's group", "{ echo; }"],
  ],
};

describe("lint", () => {
  for (const [rule, rows] of Object.entries(FIRES))
    for (const [why, value, name = "v"] of rows)
      it(`finds ${rule}: ${why}${name === "v" ? "" : ` (${name})`}`, () =>
        assert.deepEqual(rulesOf({ [name]: value }), [`${rule} ${name}`]));

  for (const [of, rows] of Object.entries(SILENT))
    for (const [why, value, name = "v"] of rows)
      it(`says nothing ${of}: ${why}`, () => assert.deepEqual(rulesOf({ [name]: value }), []));

  it("finds a mark before JSON, which no reader must take", () =>
    assert.deepEqual(rulesOf({ "a.json": "\ufeff{}" }), [
      "byte-order-mark a.json",
      "broken-json a.json",
    ]));

  it("finds all that is wrong with one value", () =>
    assert.deepEqual(rulesOf({ v: " hunter2\n" }, { previous: { v: " hunter2\n" } }), [
      "trailing-newline v",
      "surrounding-space v",
      "unchanged-value v",
    ]));

  it("judges only what is written", () =>
    assert.deepEqual(rulesOf({ a: "", b: "", "c/../d": "x" }, { written: ["b"] }), [
      "empty-value b",
    ]));

  it("takes what is written and not there for removed", () =>
    assert.deepEqual(rulesOf({ a: "x" }, { written: ["gone"] }), []));

  it("says where JSON breaks, in V8's words never", () => {
    const [finding] = findingsOf({ "a.json": '{\n  "a": 1 "canary"\n}' });
    assert.equal(finding?.message, "expected JSON, got something else at line 2, column 10");
  });
});

describe("lint of names", () => {
  const ROWS: readonly (readonly [
    why: string,
    group: Group,
    circumstances: Circumstances,
    rules: readonly string[],
  ])[] = [
    ["a parent", { "../x": "v" }, {}, ["bad-name ../x"]],
    ["no name", { "": "v" }, {}, ["bad-name "]],
    ["a folder's", { "web/": "v" }, {}, ["bad-name web/"]],
    ["postern's own", { ".postern/x": "v" }, {}, ["bad-name .postern/x"]],
    ["a file that is a folder", { a: "v", "a/b": "v" }, {}, ["bad-name a", "bad-name a/b"]],
    ["names that differ by case", { Key: "v", key: "w" }, {}, ["bad-name Key", "bad-name key"]],
    [
      "names that differ by normalisation",
      { "\u00e9": "v", "e\u0301": "w" },
      {},
      ["bad-name \u00e9", "bad-name e\u0301"],
    ],
    [
      "one of two, when the other is there already",
      { Key: "v", key: "w" },
      { written: ["key"] },
      ["bad-name key"],
    ],
    ["any that can be a file", { "a b": "v", "1": "w", "a.b": "v", "a/c": "w" }, {}, []],
    [
      "no variable's",
      { "1st": "v", "a b": "v", good: "w" },
      { dotenv: true },
      ["dotenv-name 1st", "dotenv-name a b"],
    ],
    [
      "two that are one variable",
      { "a.b": "v", "a-b": "w" },
      { dotenv: true },
      ["dotenv-name a.b", "dotenv-name a-b"],
    ],
    [
      "the earlier of two that are one variable, the other there already",
      { "a.b": "v", a_b: "w" },
      { dotenv: true, written: ["a.b"] },
      ["dotenv-name a.b"],
    ],
    [
      "a bad name, once",
      { "../x": "v", "a.b/..": "w" },
      { dotenv: true },
      ["bad-name ../x", "bad-name a.b/.."],
    ],
  ];
  for (const [why, group, circumstances, rules] of ROWS)
    it(`judges ${why}`, () => assert.deepEqual(rulesOf(group, circumstances), rules));
});

describe("lint for dotenv", () => {
  for (const [why, value, rules] of [
    ["a NUL", "a\0b", ["dotenv-nul v"]],
    ["bytes that are not UTF-8", Buffer.from([0x61, 0xff]), ["dotenv-text v"]],
    ["a noncharacter", "a\ufffe", ["dotenv-text v"]],
    ["any other text", "naïve 日本 🗝 'quoted'", []],
  ] as const)
    it(`judges ${why}`, () => {
      assert.deepEqual(rulesOf({ v: value }, { dotenv: true }), rules);
      assert.deepEqual(rulesOf({ v: value }), []);
    });
});

describe("lint beside what S3 holds", () => {
  for (const [why, previous, rules] of [
    ["the same", { v: "hunter2" }, ["unchanged-value v"]],
    ["another value", { v: "hunter3" }, []],
    ["no such secret", {}, []],
    ["what may not be read", undefined, []],
  ] as const)
    it(`judges ${why}`, () =>
      assert.deepEqual(
        rulesOf({ v: "hunter2" }, previous === undefined ? {} : { previous }),
        rules,
      ));
});

describe("lint of anything", () => {
  const CANARY = "c4n4ry-9f3b";
  const piece = fc.constantFrom(
    ...'{[":,}]\\\n <>\0'.split(""),
    "\r\n",
    "\ufeff",
    "==",
    "-----BEGIN ",
    "-----END ",
    "CERTIFICATE",
    "PRIVATE KEY",
    "-----",
    "PGP MESSAGE",
    "TODO: ",
    "MAA=",
    "MIIB",
    "Proc-Type: 4,ENCRYPTED\n",
    CANARY,
  );
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.array(piece, { maxLength: 14 }).map((pieces) => Buffer.from(pieces.join(""))),
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  );
  const name = fc.oneof(
    fc.constantFrom("a", "a.json", "a.key", "a.crt", "a.pem", "privkey.pem", "cert.pem", "b/"),
    fc.string({ unit: "binary", maxLength: 8 }),
  );

  it("never throws, and tells of no value", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 8 }),
        fc.boolean(),
        fc.double(),
        (entries, dotenv, now) => {
          const secrets = new Map(
            entries.map(([one, bytes]) => [one, Buffer.concat([bytes, Buffer.from(CANARY)])]),
          );
          const written = new Set(secrets.keys());
          for (const finding of lint({ secrets, written, previous: secrets, dotenv, now })) {
            assert.ok(written.has(finding.name));
            assert.equal(finding.level, LINT_RULES[finding.rule]);
            assert.ok(!finding.message.includes(CANARY), finding.message);
            assert.match(finding.message, /^expected .*[^.]$/s);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("never throws, whatever the values are as they are", () => {
    fc.assert(
      fc.property(name, value, (one, bytes) => {
        const secrets = new Map([[one, bytes]]);
        lint({ secrets, written: new Set([one]), previous: undefined, dotenv: true, now: 0 });
      }),
      { numRuns: 400 },
    );
  });

  it("takes no time that grows with a power of the length", () => {
    const long = ["x", "-x", '["', "your-", "{{", "\n", "-----BEGIN A", "<a", "\\"];
    for (const unit of long) {
      const begun = process.cpuUsage().user;
      rulesOf({ v: unit.repeat(200_000), "v.json": unit.repeat(200_000) });
      assert.ok(process.cpuUsage().user - begun < 5_000_000, unit);
    }
  });
});
