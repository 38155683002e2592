import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { callerOfArn } from "../../agent/policy/caller.ts";
import { holds } from "../../agent/policy/condition.ts";
import { contextOf } from "../../agent/policy/context.ts";
import { parsePolicy, type PolicyKind } from "../../agent/policy/document.ts";
import { evaluate } from "../../agent/policy/evaluate.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import type { AccessRequest, Policies } from "../../agent/policy/request.ts";
import { type Finding, newProver } from "../../agent/prove/decide.ts";
import {
  type ClassInput,
  FREE,
  type RequestClass,
  requestClassOf,
  type Values,
} from "../../agent/prove/request-class.ts";
import { A, type Element, element, type Key, KEYS, OBJECT } from "./universe.ts";

interface StatementInput {
  readonly Effect: string;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition: Element;
}

interface World {
  readonly keys: readonly Key[];
  readonly policies: Policies;
  readonly requestClass: RequestClass;
}

const PRINCIPALS = [
  "*",
  { AWS: `arn:aws:iam::${A}:role/web` },
  { AWS: `arn:aws:sts::${A}:assumed-role/web/i-0abc` },
  { AWS: A },
  { AWS: `arn:aws:iam::${A}:role/db` },
];

const worlds: fc.Arbitrary<World> = fc
  .uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 })
  .chain((keys) =>
    fc.record({ keys: fc.constant(keys), policies: documents(keys), requestClass: classes(keys) }),
  );

function documents(keys: readonly Key[]): fc.Arbitrary<Policies> {
  const statement = fc.record({
    Effect: fc.constantFrom("Allow", "Allow", "Deny"),
    Action: fc.constantFrom("s3:GetObject", "s3:Get*", "*", "s3:PutObject"),
    Resource: fc.constantFrom(OBJECT, "arn:aws:s3:::b/*", "*", "arn:aws:s3:::b/z"),
    Condition: element(keys),
  });
  const shared = fc.record({ one: statement, Principal: fc.constantFrom(...PRINCIPALS) });
  const own = fc.array(statement, { minLength: 1, maxLength: 3 });
  const optional = <Thing>(some: fc.Arbitrary<Thing>) =>
    fc.option(some, { nil: undefined, freq: 2 });
  return fc
    .record({
      identity: own,
      resource: optional(
        fc.array(
          shared.map(({ one, Principal }) => ({ ...one, Principal })),
          { minLength: 1, maxLength: 3 },
        ),
      ),
      session: optional(own),
      boundary: optional(own),
      scp: optional(own),
      endpoint: optional(own),
    })
    .map(({ identity, resource, session, boundary, scp, endpoint }) => {
      const parse = (kind: PolicyKind, list: readonly StatementInput[] | undefined) =>
        list && parsePolicy({ Version: "2012-10-17", Statement: list }, kind, kind);
      const first = parse("identity", identity);
      const level = parse("scp", scp);
      return {
        identity: first === undefined ? [] : [first],
        resource: parse("resource", resource),
        session: parse("session", session),
        boundary: parse("boundary", boundary),
        scp: level === undefined ? [] : [[level]],
        rcp: [],
        endpoint: parse(
          "endpoint",
          endpoint?.map((one) => ({ ...one, Principal: "*" })),
        ),
        grants: [],
      };
    });
}

const caller = callerOfArn(`arn:aws:sts::${A}:assumed-role/web/i-0abc`);
assert.ok(caller !== undefined);
const REQUEST = {
  caller,
  action: "s3:GetObject",
  resource: parseArn(OBJECT),
  resourceAccount: A,
} as const;

function classes(keys: readonly Key[]): fc.Arbitrary<RequestClass> {
  const constraint = ({ universe }: Key) =>
    fc.oneof(
      { arbitrary: fc.constant(FREE), weight: 3 },
      { arbitrary: fc.constantFrom(...universe), weight: 1 },
      {
        arbitrary: fc
          .uniqueArray(fc.constantFrom(...universe), { minLength: 2, maxLength: 3 })
          .map((alternatives) => ({ kind: "one of" as const, alternatives })),
        weight: 1,
      },
    );
  const [first, second] = keys;
  const row = fc.tuple(...keys.map(({ universe }) => fc.constantFrom(...universe)));
  const correlated = fc
    .array(row, { minLength: 1, maxLength: 3 })
    .map((rows) => ({ correlations: [{ keys: keys.map((key) => key.name), rows }] }));
  const apart = fc.tuple(...keys.map(constraint)).map((given) => ({
    keys: Object.fromEntries(keys.map((key, at) => [key.name, given[at] ?? FREE])),
  }));
  const input: fc.Arbitrary<Partial<ClassInput>> =
    first !== undefined && second !== undefined
      ? fc.oneof({ arbitrary: apart, weight: 4 }, { arbitrary: correlated, weight: 1 })
      : apart;
  return fc
    .tuple(input, fc.option(element(keys), { nil: {}, freq: 2 }))
    .map(([given, where]) => requestClassOf({ ...REQUEST, ...given, otherKeys: "absent", where }));
}

/** Whether the class has this request. */
function isIn({ keys, correlations, where }: RequestClass, { context }: AccessRequest): boolean {
  const same = (one: Values, other: Values): boolean =>
    JSON.stringify(one) === JSON.stringify(other);
  const given = (key: string): Values => context.get(key) ?? [];
  return (
    [...keys].every(
      ([key, one]) =>
        one.kind === "free" || one.alternatives.some((values) => same(values, given(key))),
    ) &&
    correlations.every((one) =>
      one.rows.some((row) => one.keys.every((key, at) => same(row[at] ?? [], given(key)))),
    ) &&
    where.every((one) => holds(one, context))
  );
}

function requestsOf({ keys, requestClass }: World): readonly AccessRequest[] {
  let contexts: readonly Readonly<Record<string, Values>>[] = [{}];
  for (const { name, universe } of keys)
    contexts = contexts.flatMap((one) => universe.map((values) => ({ ...one, [name]: values })));
  return contexts
    .map((one) => ({ ...REQUEST, context: contextOf(one) }))
    .filter((one) => isIn(requestClass, one));
}

const runs = Number(process.env["POSTERN_PROVE_RUNS"] ?? 3000);
const seed = Number(process.env["POSTERN_PROVE_SEED"] ?? 20_261_125);

describe("what is found of a class", () => {
  it(`is what trying every request finds, in ${runs} small worlds`, () => {
    const prover = newProver();
    const seen = { found: 0, none: 0, empty: 0 };
    fc.assert(
      fc.property(worlds, fc.constantFrom("allow" as const, "deny" as const), (world, decision) => {
        const { policies, requestClass } = world;
        const requests = requestsOf(world);
        const find = (): Finding =>
          prover.find({ links: [{ policies, requestClass }], shared: new Set() }, decision);
        if (requests.length === 0) {
          seen.empty += 1;
          return;
        }
        const tried = requests.find((one) => evaluate(one, policies).decision === decision);
        const finding = find();
        assert.notEqual(finding.kind, "sampled");
        if (finding.kind === "found") {
          const [request] = finding.requests;
          assert.ok(request !== undefined && isIn(requestClass, request), "a witness of the class");
          seen.found += 1;
        } else {
          assert.deepEqual(tried && [...tried.context], undefined);
          seen.none += 1;
        }
      }),
      { numRuns: runs, seed, includeErrorInReport: true },
    );
    // a test that found nothing, or everything, would compare little
    assert.ok(seen.found > runs / 5 && seen.none > runs / 5, JSON.stringify(seen));
  });
});

describe("what one set of documents allows and another does not", () => {
  it(`is what trying every request finds, in ${runs} small worlds`, () => {
    const prover = newProver();
    const seen = { found: 0, none: 0 };
    const pairs = fc
      .uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 })
      .chain((keys) =>
        fc.record({
          keys: fc.constant(keys),
          policies: documents(keys),
          other: documents(keys),
          requestClass: classes(keys),
        }),
      );
    fc.assert(
      fc.property(pairs, ({ other, ...world }) => {
        const { policies, requestClass } = world;
        const requests = requestsOf(world);
        if (requests.length === 0) return;
        const differs = (one: AccessRequest): boolean =>
          evaluate(one, policies).decision === "deny" && evaluate(one, other).decision === "allow";
        const finding = prover.findEach(
          {
            links: [policies, other].map((each) => ({ policies: each, requestClass })),
            shared: new Set(world.keys.map(({ name }) => name.toLowerCase())),
          },
          ["deny", "allow"],
        );
        assert.notEqual(finding.kind, "sampled");
        if (finding.kind === "found") {
          const [first, second] = finding.requests;
          assert.ok(first !== undefined && second !== undefined && isIn(requestClass, first));
          seen.found += 1;
        } else {
          assert.equal(requests.find(differs), undefined);
          seen.none += 1;
        }
      }),
      { numRuns: runs, seed, includeErrorInReport: true },
    );
    assert.ok(seen.found > runs / 20 && seen.none > runs / 5, JSON.stringify(seen));
  });
});
