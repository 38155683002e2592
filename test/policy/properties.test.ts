import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isWithin, parseAddress, parseRange } from "../../agent/policy/address.ts";
import { callerOfArn } from "../../agent/policy/caller.ts";
import { contextOf } from "../../agent/policy/context.ts";
import { parsePolicy } from "../../agent/policy/document.ts";
import { evaluate } from "../../agent/policy/evaluate.ts";
import { globOf, matchesGlob, parseArn, wildTokens } from "../../agent/policy/glob.ts";
import type { Policies } from "../../agent/policy/request.ts";
import type { Verdict } from "../../agent/policy/verdict.ts";

const A = "111122223333";
const BUCKET = "arn:aws:s3:::acme-secrets";
const ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "*"];
const RESOURCES = [`${BUCKET}/web/*`, `${BUCKET}/db/*`, `${BUCKET}/web/db`, "*"];
const PRINCIPALS = [
  "*",
  { AWS: `arn:aws:iam::${A}:role/web` },
  { AWS: `arn:aws:sts::${A}:assumed-role/web/i-0abc` },
  { AWS: A },
];

const statement = fc.record({
  Effect: fc.constantFrom("Allow", "Deny"),
  Action: fc.constantFrom(...ACTIONS),
  Resource: fc.constantFrom(...RESOURCES),
  Condition: fc.constantFrom(
    {},
    { StringEquals: { "aws:PrincipalTag/team": "web" } },
    { StringNotEquals: { "aws:PrincipalTag/team": "web" } },
  ),
});
const shared = fc.tuple(statement, fc.constantFrom(...PRINCIPALS)).map(([one, Principal]) => ({
  ...one,
  Principal,
}));
const statements = fc.array(statement, { minLength: 1, maxLength: 4 });
const documents = fc.record({
  identity: statements,
  resource: fc.option(fc.array(shared, { minLength: 1, maxLength: 4 }), { nil: undefined }),
  boundary: fc.option(statements, { nil: undefined }),
  session: fc.option(statements, { nil: undefined }),
});
type Documents = {
  readonly [Kind in "identity" | "resource" | "boundary" | "session"]?:
    | readonly object[]
    | undefined;
};
const team = fc.constantFrom(undefined, "web", "db");

function decide(given: Documents, tag: string | undefined): Verdict {
  const policy = (kind: "identity" | "resource" | "boundary" | "session") =>
    given[kind] === undefined
      ? undefined
      : parsePolicy({ Version: "2012-10-17", Statement: given[kind] }, kind, kind);
  const identity = policy("identity");
  const policies: Policies = {
    identity: identity === undefined ? [] : [identity],
    resource: policy("resource"),
    boundary: policy("boundary"),
    session: policy("session"),
    scp: [],
    rcp: [],
    grants: [],
  };
  const caller = callerOfArn(`arn:aws:sts::${A}:assumed-role/web/i-0abc`);
  assert.ok(caller !== undefined);
  return evaluate(
    {
      caller,
      action: "s3:GetObject",
      resource: parseArn(`${BUCKET}/web/db`),
      resourceAccount: A,
      context: contextOf(tag === undefined ? {} : { "aws:PrincipalTag/team": [tag] }),
    },
    policies,
  );
}

describe("a decision", () => {
  it("does not depend on the order of statements", () => {
    fc.assert(
      fc.property(documents, team, (given, tag) => {
        const turned = Object.fromEntries(
          Object.entries(given).map(([kind, list]) => [kind, list?.toReversed()]),
        );
        const [one, other] = [decide(given, tag), decide(turned, tag)];
        assert.deepEqual([one.decision, one.layer], [other.decision, other.layer]);
      }),
    );
  });

  it("is never opened by one more deny, wherever it stands", () => {
    fc.assert(
      fc.property(documents, team, statement, (given, tag, more) => {
        const before = decide(given, tag).decision;
        for (const kind of ["identity", "resource", "boundary", "session"] as const) {
          const list = given[kind];
          if (list === undefined) continue;
          const deny = {
            ...more,
            Effect: "Deny",
            ...(kind === "resource" ? { Principal: "*" } : {}),
          };
          const after = decide({ ...given, [kind]: [...list, deny] }, tag).decision;
          assert.ok(before === "allow" || after === "deny");
        }
      }),
    );
  });

  it("is never opened by a boundary or a session", () => {
    fc.assert(
      fc.property(documents, team, (given, tag) => {
        const limited = decide(given, tag).decision;
        const { identity, resource } = given;
        const free = decide({ identity, resource }, tag);
        assert.ok(free.decision === "allow" || limited === "deny");
      }),
    );
  });
});

describe("a pattern", () => {
  it("matches what the same regular expression matches", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?"), maxLength: 8 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const regex = pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]");
        assert.equal(
          matchesGlob(globOf(wildTokens(pattern)), text),
          new RegExp(`^${regex.replaceAll("/", String.raw`\/`)}$`).test(text),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("of many wildcards takes no exponential time", () => {
    const pattern = globOf(wildTokens(`${"a*".repeat(50)}b`));
    assert.equal(matchesGlob(pattern, "a".repeat(5000)), false);
  });
});

describe("a range of addresses", () => {
  it("holds every address that shares its prefix, and no other", () => {
    const word = fc.nat({ max: 0xffff });
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 0, max: 127 }),
        (words, length) => {
          const text = words.map((one) => one.toString(16)).join(":");
          const range = parseRange(`${text}/${length}`);
          const flipped = words.map((one, at) =>
            Math.floor(length / 16) === at ? one ^ (1 << (15 - (length % 16))) : one,
          );
          const inside = parseAddress(flipped.map((one) => one.toString(16)).join(":"));
          assert.ok(range !== undefined && inside !== undefined);
          assert.ok(isWithin(inside, range));
          const tighter = parseRange(`${text}/${length + 1}`);
          assert.ok(tighter !== undefined && !isWithin(inside, tighter));
        },
      ),
    );
  });
});
