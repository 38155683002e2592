import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sessionOf } from "../../agent/audit/access-callers.ts";
import { accessDrift } from "../../agent/audit/access-drift.ts";
import { KNOWN_ACTIONS } from "../../agent/lint/action-table.ts";
import { bindingsOf } from "../../agent/policy/bindings.ts";
import { contextOf } from "../../agent/policy/context.ts";
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import { evaluate } from "../../agent/policy/evaluate.ts";
import { parseArn } from "../../agent/policy/glob.ts";
import type { AccessRequest } from "../../agent/policy/request.ts";
import { standardKeys } from "../../agent/policy/standard-keys.ts";
import { BUCKET, KEY, SMALL } from "../support/exports.ts";
import { inLists, mutations } from "../support/policy-rewrites.ts";

const bucket = `arn:aws:s3:::${BUCKET}`;
const CALLERS = ["postern/web", "postern/infra", "somebody"].map((name) => {
  return sessionOf(`arn:aws:iam::${SMALL.account}:role/${name}`);
});
const RESOURCES = [
  bucket,
  `${bucket}/web/a`,
  `${bucket}/web/b/c`,
  `${bucket}/webx`,
  `${bucket}/db/a`,
  KEY,
];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "aws:SecureTransport": ["true", "false"],
  "s3:prefix": ["web/", "web/a", "db/"],
  "aws:SourceVpce": ["vpce-0123456789abcdef0", "vpce-0aaaaaaaaaaaaaaaa"],
  "kms:ViaService": ["s3.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"],
  "kms:EncryptionContext:aws:s3:arn": [`${bucket}/web/a`, `${bucket}/db/a`],
  "aws:CurrentTime": ["2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z"],
};
const contexts = fc.record(
  Object.fromEntries(
    Object.entries(VALUES).map(([key, values]) => [key, fc.constantFrom(...values)]),
  ),
  { requiredKeys: [] },
);
const requests: fc.Arbitrary<AccessRequest> = fc
  .record({
    caller: fc.constantFrom(...CALLERS),
    action: fc.constantFrom(
      ...KNOWN_ACTIONS.filter((one) =>
        /^(s3|kms):(Get|Put|List|Delete|Decrypt|Restore|Describe)/.test(one),
      ),
    ),
    resource: fc.constantFrom(...RESOURCES),
    context: contexts,
  })
  .filter(({ action, resource }) => isPossible(action, resource))
  .map(({ caller, action, resource, context }) => {
    assert.ok(caller !== undefined);
    const asked = { caller, action, resource: parseArn(resource), resourceAccount: SMALL.account };
    const given = Object.fromEntries(
      Object.entries(context).map(([key, value]) => [key, [value ?? ""]]),
    );
    return { ...asked, context: contextOf({ ...standardKeys(asked, given, undefined), ...given }) };
  });

/** Objects, the bucket and the key have actions of their own. */
function isPossible(action: string, resource: string): boolean {
  if (action.startsWith("kms:"))
    return resource === KEY && !/List(Aliases|Keys|Retirable)/.test(action);
  const isObject = /Object(?!Lock)|MultipartUploadParts/.test(action);
  return isObject ? resource.includes("/") && resource !== KEY : resource === bucket;
}

/** Some requests, always the same. */
const asked = fc.sample(requests, { numRuns: 2000, seed: 20_261_125 });

/** The deployment with each single change of its bucket's, its key's and its reader's documents. */
function* mutants(): Generator<readonly [what: string, mutant: Deployment]> {
  const [home, ...buckets] = SMALL.buckets;
  const [key, ...keys] = SMALL.keys;
  const [web, ...identities] = SMALL.identities;
  const [policy] = web?.policies ?? [];
  assert.ok(
    home?.policy !== undefined && key !== undefined && web !== undefined && policy !== undefined,
  );
  for (const [what, other] of changed(home.policy))
    yield [`bucket ${what}`, { ...SMALL, buckets: [{ ...home, policy: other }, ...buckets] }];
  for (const [what, other] of changed(key.policy))
    yield [`key ${what}`, { ...SMALL, keys: [{ ...key, policy: other }, ...keys] }];
  for (const [what, other] of changed(policy.document))
    yield [
      `web ${what}`,
      {
        ...SMALL,
        identities: [{ ...web, policies: [{ ...policy, document: other }] }, ...identities],
      },
    ];
}

function changed(document: PolicyJson): readonly (readonly [string, PolicyJson])[] {
  return mutations(inLists(document)).filter(
    ([, mutant]) => (mutant["Statement"] as readonly unknown[]).length > 0,
  );
}

describe("the access of two deployments", () => {
  it("is said to be the same only where no request is decided otherwise", () => {
    const seen = { same: 0, differs: 0, missed: 0 };
    const before = bindingsOf(SMALL);
    // each other one, for the time that it takes
    for (const [what, mutant] of [...mutants()].filter((_, at) => at % 2 === 0)) {
      const after = bindingsOf(mutant);
      const { changes, sampled } = accessDrift(SMALL, mutant);
      const found = asked.find(
        (one) => evaluate(one, before(one)).decision !== evaluate(one, after(one)).decision,
      );
      if (found !== undefined && changes.length === 0 && sampled === undefined)
        assert.fail(
          `${what}: ${found.action} ${found.resource?.text} ${JSON.stringify([...found.context])}`,
        );
      if (changes.length === 0) seen.same += 1;
      else if (found === undefined) seen.missed += 1;
      else seen.differs += 1;
    }
    // a comparison that always or never finds something would show little
    assert.ok(seen.same > 5 && seen.differs > 10, JSON.stringify(seen));
  });

  it("asks for whom documents name and know nothing of as for one with every right", () => {
    const mole = `arn:aws:iam::${SMALL.account}:role/mole`;
    const [home] = SMALL.buckets;
    assert.ok(home?.policy !== undefined);
    const list = "aws:PrincipalArn";
    const text = JSON.stringify(home.policy).replaceAll(
      new RegExp(`"${list}":(\\[[^\\]]*\\]|"[^"]*")`, "g"),
      (_, given: string) => `"${list}":${JSON.stringify([JSON.parse(given), mole].flat())}`,
    );
    const spared = { ...SMALL, buckets: [{ ...home, policy: JSON.parse(text) as PolicyJson }] };
    const gained = accessDrift(SMALL, spared).changes.filter(({ kind }) => kind === "gained");
    assert.ok(
      gained.some(({ caller }) => caller.startsWith(mole)),
      JSON.stringify(gained),
    );
  });

  it("differs for whom it gives another way round", () => {
    const [home] = SMALL.buckets;
    assert.ok(home?.policy !== undefined);
    const open = { ...SMALL, buckets: [{ ...home, policy: undefined }] };
    const kindsOf = (one: Deployment, other: Deployment): ReadonlySet<string> =>
      new Set(accessDrift(one, other).changes.map(({ kind }) => kind));
    assert.deepEqual(
      [kindsOf(SMALL, open), kindsOf(open, SMALL)],
      [new Set(["gained"]), new Set(["lost"])],
    );
  });
});
