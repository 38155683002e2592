import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UNUSED_MUTE } from "../../agent/lint/mute.ts";
import { RULES } from "../../agent/lint/rules.ts";
import { PosternError } from "../../agent/core/errors.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { readPage, rowsOf, sectionOf } from "../support/document.ts";
import { mapTextWith } from "../support/lint-cases.ts";

type Changes = Readonly<Record<string, unknown>>;

const sealed = { mode: "envelope", key: "web" };
const groups = (...reaches: readonly Changes[]): Changes => ({
  groups: Object.fromEntries(
    reaches.map((reach, at) => [`g${at}`, { readers: ["web"], ...reach }]),
  ),
});
const kms = (...readers: readonly string[]): Changes => ({
  sse: { type: "kms", key: "web", header: "required" },
  readers,
});

/** By what the page says is refused, maps that have it and no other fault, and what is then said. */
const REFUSED: Readonly<Record<string, readonly (readonly [Changes, RegExp])[]>> = {
  "a group inside another, or a key of two groups": [
    [groups({ prefix: "web/" }, { prefix: "web/tls/" }), /overlaps with/],
    [groups({ prefix: "x/", only: ["a", "b"] }, { prefix: "x/", only: ["b"] }), /overlaps with/],
  ],
  "`*`, `?`, `$`, `{`, `}`, `,` or a space in a name, prefix, key or context": [
    ...["*", "?", "$", "{", "}", ",", " "].flatMap(
      (character): readonly (readonly [Changes, RegExp])[] => [
        [groups({ prefix: `w${character}b/` }), /g0\.prefix/],
        [groups({ bundle: `w${character}b`, seal: sealed }), /g0\.bundle/],
        [{ groups: { [`w${character}b`]: { prefix: "web/" } } }, /groups/],
      ],
    ),
    ...["*", "?", "$"].map((character): readonly [Changes, RegExp] => [
      groups({ prefix: "a/", seal: { ...sealed, bind: "none", context: { a: character } } }),
      /context\.a/,
    ]),
  ],
  "`//`, a leading `/`, `..`, anything beyond ASCII in a prefix or key": [
    ...["a//", "/a/", "../", "a/../b/", "ä/"].map((prefix): readonly [Changes, RegExp] => [
      groups({ prefix }),
      /g0\.prefix/,
    ]),
    ...["a//b", "/a", "a/..", "ä"].map((bundle): readonly [Changes, RegExp] => [
      groups({ bundle, seal: sealed }),
      /g0\.bundle/,
    ]),
  ],
  "a prefix without its slash": [[groups({ prefix: "web" }), /to end in "\/"/]],
  "groups whose names differ by case alone": [
    [{ groups: { web: { prefix: "a/" }, WEB: { prefix: "b/" } } }, /differ by more than case/],
  ],
  "a TLS version below 1.2": [[{ guards: { tls: "1.1" } }, /guards\.tls/]],
  "a Bucket Key over groups of different readers, unless the map accepts it": [
    [
      {
        bucket_key: true,
        ...groups({ prefix: "a/", ...kms("web") }, { prefix: "b/", ...kms("infra") }),
      },
      /a key of its own with bucket_key/,
    ],
  ],
  "a guard of the network without the endpoints, at home or at a replica": [
    [{ endpoints: {} }, /expected an S3 endpoint/],
    [
      {
        ...groups({ prefix: "a/" }),
        replicas: [{ region: "us-west-2", bucket: "acme-secrets-west" }],
      },
      /expected an interface endpoint of us-west-2/,
    ],
  ],
  "a map without deployers or break-glass": [
    [{ deployers: [] }, /deployers/],
    [{ break_glass: [] }, /break_glass/],
    [{ deployers: null }, /deployers/],
    [{ break_glass: null }, /break_glass/],
  ],
  "a subject that is `*` alone": [
    [
      {
        principals: {
          web: { kind: "ec2" },
          ci: { kind: "oidc", provider: "example.com", subjects: ["*"] },
          infra: { kind: "existing", role: "infra" },
          emergency: { kind: "sso", permission_set: "Emergency" },
        },
      },
      /subjects\[0\]/,
    ],
  ],
};

describe("docs/policy-lint.md", () => {
  it("has every rule as it is, and no other", () => {
    const rows = rowsOf(sectionOf(readPage("docs/policy-lint.md"), "Rules"));
    assert.deepEqual(
      rows.map((cells) => cells.map((cell) => cell.replaceAll("`", ""))),
      [...RULES, UNUSED_MUTE].map(({ id, severity, title, why, page, fix }) =>
        [id, severity, title, `${why} [AWS](${page})`, fix].map((cell) => cell.replaceAll("`", "")),
      ),
    );
  });

  it("lists what a map is refused for, and each is", () => {
    const rows = rowsOf(sectionOf(readPage("docs/policy-lint.md"), "What a map is refused for"));
    assert.deepEqual(
      rows.map(([what]) => what),
      Object.keys(REFUSED).map((what) => what.replaceAll("`", "")),
    );
    parseMap(mapTextWith({}), "map.json");
    for (const [what, maps] of Object.entries(REFUSED))
      for (const [changes, said] of maps)
        assert.throws(
          () => parseMap(mapTextWith(changes), "map.json"),
          (error) =>
            error instanceof PosternError &&
            error.code === "ConfigInvalid" &&
            error.issues.every((issue) => said.test(issue)),
          `${what}: ${JSON.stringify(changes)}`,
        );
  });
});
