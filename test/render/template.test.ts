import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../agent/core/errors.ts";
import { refusedAs } from "../support/refusal.ts";
import { filled } from "../support/rendering.ts";

// every value holds "canary": no refusal may quote one
const GROUP = {
  db_password: 'canary\'s "1"\n',
  db_user: "canary",
  "tls/site.key": "canary-key",
  odd: Buffer.from([0xff, 0x63]),
};

const FILLED: readonly (readonly [why: string, template: string, expected: string])[] = [
  ["a name", "user={{ db_user }};", "user=canary;"],
  ["any name", 'key={{ secret["tls/site.key"] }}', "key=canary-key"],
  ["bytes that are no text, in base64", "{{ odd | base64_encode }}", "/2M="],
  ["a value in base64 and back", "{{ db_user | base64_encode | base64_decode }}", "canary"],
  ["JSON", "{{ db_password | json }}", '"canary\'s \\"1\\"\\n"'],
  ["a line for a shell", "P={{ db_password | dotenv }}", `P='canary'"'"'s "1"\n'`],
  ["a line for Java", "p={{ db_password | properties }}", 'p=canary\'s "1"\\n'],
  ["a choice", '{% if db_user == "canary" %}yes{% else %}no{% endif %}', "yes"],
  [
    "a loop over all",
    "{% for pair in secret %}{{ pair[0] }} {% endfor %}",
    "db_password db_user odd tls/site.key ",
  ],
  ["what it assigned", "{% assign u = db_user | upcase %}{{ u }}", "CANARY"],
  ["text as it is", "{% raw %}{{ db_user }}{% endraw %} <&>", "{{ db_user }} <&>"],
];

const LIMIT = /expected it to end within 2000 ms and its memory$/;

const REFUSED: readonly (readonly [
  why: string,
  template: string,
  code: ErrorCode,
  message: RegExp,
])[] = [
  ["a missing variable", "a\n  {{ nope }}", "BadData", /^\/t\.liquid:2:6: .* got "nope"$/],
  ["a missing name", '{{ secret["x/y"] }}', "BadData", /1:4: .* got "secret\[\\"x\/y\\"\]"$/],
  ["a missing one in a condition", "{% if nope %}{% endif %}", "BadData", /got "nope"$/],
  ["a missing one in a filter", "{{ db_user | append: nope }}", "BadData", /got "nope"$/],
  // LiquidJS's own message is: undefined variable: secret.canary
  ["a name that is a value", "{{ secret[db_user] }}", "BadData", /got "secret\[db_user\]"$/],
  ["what every object has", "{{ size }}{{ constructor }}", "BadData", /got "size"$/],
  ["the size of the group", "{{ secret.size }}", "BadData", /got "secret\.size"$/],
  ["what a string inherits", "{{ db_user.constructor }}", "BadData", /got "db_user\.constructor"$/],
  ["bytes that are no text", "{{ odd }}", "BadData", /1:1: .* UTF-8 in "odd"$/],
  ["bytes that are no text, filtered", "{{ odd | upcase }}", "BadData", /UTF-8 in "odd"$/],
  [
    "bytes that are no text, captured",
    "{% capture x %}{{ odd }}{% endcapture %}",
    "BadData",
    /"odd"$/,
  ],
  ["the whole group in one", "{{ secret }}", "ConfigInvalid", /expected text, got a mapping/],
  [
    "an unknown filter",
    "\n{{ db_user | date }}",
    "ConfigInvalid",
    /:2:1: .*undefined filter: date/,
  ],
  ["a filter that hides what is missing", '{{ nope | default: "x" }}', "ConfigInvalid", /default/],
  ["a file of its own", '{% include "/etc/passwd" %}', "ConfigInvalid", /include/],
  ["a file of its own, rendered", '{% render "/etc/passwd" %}', "ConfigInvalid", /render/],
  ["a layout", '{% layout "/etc/passwd" %}', "ConfigInvalid", /layout/],
  ["an open tag", "{{ db_user", "ConfigInvalid", /:1:1: .*not closed/],
  ["a loop that is too long", "{% for i in (1..900000000) %}{% endfor %}", "ConfigInvalid", LIMIT],
  // LiquidJS counts the loop's entries for memory, and nothing that is done for each of them
  [
    "a loop that does too much",
    `{% for i in (1..900000) %}${"{% assign x = i %}".repeat(50)}{% endfor %}`,
    "ConfigInvalid",
    LIMIT,
  ],
  [
    "a NUL for a shell",
    '{{ "Y2FuYXJ5AA==" | base64_decode | dotenv }}',
    "BadData",
    /no variable can hold a NUL/,
  ],
  [
    "too much output",
    "{% for i in (1..999) %}{{ db_user }}{% endfor %}",
    "TooLarge",
    /at most 100 bytes/,
  ],
];

describe("a template", () => {
  for (const [why, template, expected] of FILLED)
    it(`may hold ${why}`, async () => assert.equal(await filled(template, GROUP), expected));

  for (const [why, template, code, message] of REFUSED)
    it(`is refused for ${why}, and no value is told`, async () =>
      assert.rejects(filled(template, GROUP, 100), refusedAs(code, message)));

  it("keeps what one group made of it from the next", async () => {
    assert.equal(await filled("{% assign x = a %}{{ x }}", { a: "1" }), "1");
    await assert.rejects(filled("{{ x }}", { a: "1" }), refusedAs("BadData", /got "x"/));
  });

  it("may use every name that a secret can have", async () => {
    const group = { secret: "s", size: "z", first: "f", __proto__x: "p", constructor: "c" };
    const text = '{{ secret["secret"] }}{{ size }}{{ secret.size }}{{ first }}{{ constructor }}';
    assert.equal(await filled(text, group), "szzfc");
  });
});
