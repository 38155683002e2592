import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parsePolicy } from "../../agent/policy/document.ts";
import { globOf, matchesGlob, wildTokens } from "../../agent/policy/glob.ts";
import { resourceRepresentatives } from "../../agent/prove/keys.ts";
import { wordsOf } from "../../agent/prove/words.ts";

const BUCKET = "arn:aws:s3:::b";
const policyOn = (resource: string | readonly string[]) =>
  parsePolicy(
    {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: resource },
    },
    "identity",
    "role",
  );
const keysFor = (resource: string | readonly string[], more: readonly string[] = []) =>
  resourceRepresentatives(`${BUCKET}/*`, [policyOn(resource)], more).resources.map((one) =>
    one.tail.slice("b/".length),
  );

describe("words of patterns", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 4 });
  const texts = [1, 2, 3, 4].reduce<readonly string[]>(
    (all) => ["", ...all.flatMap((one) => ["a", "b", "c"].map((unit) => unit + one))],
    [""],
  );

  it("have one for each combination that any text has", () => {
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), (patterns) => {
        const globs = patterns.map((one) => globOf(wildTokens(one)));
        const combination = (text: string): string =>
          globs.map((one) => Number(matchesGlob(one, text))).join("");
        const { words, isCut } = wordsOf(patterns.map(wildTokens), 1);
        const found = words.map(combination);
        assert.equal(isCut, false);
        assert.equal(new Set(found).size, found.length);
        for (const text of texts) assert.ok(found.includes(combination(text)), text);
      }),
      { numRuns: 1000 },
    );
  });

  it("have as many of each combination as are asked for, where there are", () => {
    fc.assert(
      fc.property(letters, fc.integer({ min: 2, max: 3 }), (pattern, amount) => {
        const glob = globOf(wildTokens(pattern));
        const words = wordsOf([wildTokens(pattern)], amount).words.filter((one) =>
          matchesGlob(glob, one),
        );
        const all = texts.filter((one) => matchesGlob(glob, one));
        assert.equal(new Set(words).size, words.length);
        assert.ok(words.length >= Math.min(amount, all.length), `${pattern}: ${words.join()}`);
      }),
      { numRuns: 1000 },
    );
  });

  it("are given up where the combinations are too many", () => {
    const patterns = Array.from({ length: 30 }, (_, at) => wildTokens(`*${"?".repeat(at)}a*b*c*`));
    assert.equal(wordsOf(patterns, 1).isCut, true);
  });
});

describe("the objects that stand for a bucket's", () => {
  const cases: readonly (readonly [why: string, resource: string, key: string])[] = [
    ["inside a prefix", `${BUCKET}/web/*`, "web/x"],
    ["the root of a group", `${BUCKET}/web/*`, "web/"],
    ["a prefix without its slash", `${BUCKET}/web/*`, "web"],
    ["a prefix less one character", `${BUCKET}/web/*`, "we"],
    ["another group that begins alike", `${BUCKET}/web/*`, "web-x"],
    ["a prefix in upper case", `${BUCKET}/web/*`, "WEB/x"],
    ["a bundle", `${BUCKET}/web.bundle`, "web.bundle"],
    ["a bundle and more", `${BUCKET}/web.bundle`, "web.bundlex"],
    ["below a bundle", `${BUCKET}/web.bundle`, "web.bundle/x"],
    ["a bundle less one character", `${BUCKET}/web.bundle`, "web.bundl"],
    ["outside of all", `${BUCKET}/web/*`, "x"],
  ];
  for (const [why, resource, key] of cases)
    it(`have one ${why}`, () => assert.ok(keysFor(resource).includes(key)));

  it("have one in both of two patterns that cross, and one in each alone", () => {
    const found = keysFor([`${BUCKET}/a*`, `${BUCKET}/*z`]);
    const combinations = new Set(found.map((key) => `${key.startsWith("a")} ${key.endsWith("z")}`));
    assert.equal(combinations.size, 4);
  });

  it("are told apart by other patterns too, and lie in no other bucket", () => {
    assert.ok(keysFor("*", [`${BUCKET}/db/*`]).includes("db/x"));
    const { resources } = resourceRepresentatives(
      `${BUCKET}/*`,
      [policyOn("arn:aws:s3:::c/*")],
      [],
    );
    assert.ok(resources.length > 0 && resources.every((one) => one.text.startsWith(`${BUCKET}/`)));
  });

  it("may not be all where a resource has a variable", () => {
    const policy = policyOn(`${BUCKET}/\${aws:username}/*`);
    assert.match(resourceRepresentatives(`${BUCKET}/*`, [policy], []).gap ?? "", /variable/);
    assert.throws(() => resourceRepresentatives("b/*", [], []), /expected an ARN/);
  });
});
