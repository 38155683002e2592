/** Groups in several buckets: what is said of one bucket's objects and keys must not hold of another's. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placesIn, statementsOf } from "../mutation/places.ts";
import { newTrial } from "../mutation/trial.ts";
import { further as deployment, furtherMap as map } from "../support/deployments.ts";

const [home, apps, pay] = [map.home, ...map.further].map(({ bucket }) => bucket as string);

/** The statement with a bucket's name in place of another's, as ARN and in the context of what is sealed. */
function renamed(statement: unknown, from: string, to: string): unknown {
  const text = JSON.stringify(statement);
  const names = new RegExp(`(:::|")${from}(?=["/])`, "g");
  return JSON.parse(text.replaceAll(names, `$1${to}`));
}

/** Statements without which the rest decides the same, or of which nothing is promised. */
const FREE: readonly (readonly [reason: string, statement: RegExp])[] = [
  ["S3 encrypts by itself, whatever a PUT says", /\/DenyEncryptionJobs:/],
  [
    "the policy lets the partner, who is of another account, remove nothing",
    /\/ClosedWorldRemoveJobs:/,
  ],
  ["the partner publishes the group too, and so reads it", /\/AllowReadJobs:/],
  ["it is kept, and who may not do this may not without it", /\/Inventory:/],
  ["nothing is asked of how S3 looks at what it replicates", /\/ReplicateFromBucket(No2)?:/],
];

describe("a proof of groups in several buckets", () => {
  const trial = newTrial(map, deployment);
  const swaps = [
    [home, apps],
    [apps, home],
    [apps, pay],
    [pay, home],
  ] as const;
  const mixed = placesIn(deployment).flatMap((place) =>
    statementsOf(place.document).flatMap((statement, at, all) =>
      swaps.flatMap(([from = "", to = ""]) => {
        const other = renamed(statement, from, to);
        if (JSON.stringify(other) === JSON.stringify(statement)) return [];
        const document = { ...place.document, Statement: all.with(at, other as typeof statement) };
        const id = `${place.name}/${String(statement["Sid"])}: ${to} in place of ${from}`;
        const after = other as typeof statement;
        return [
          { id, deployment: place.replaced(document), at: { place, before: statement, after } },
        ];
      }),
    ),
  );

  it(`notices each statement that is about another bucket: ${mixed.length} of them`, () => {
    assert.ok(mixed.length > 150, String(mixed.length));
    assert.deepEqual(
      mixed
        .filter(({ id }) => !FREE.some(([, statement]) => statement.test(id)))
        .filter((one) => trial(one) === undefined)
        .map(({ id }) => id),
      [],
    );
  });

  it("asks for keys of one bucket's groups in the others, where they are nobody's", () => {
    const open = {
      ...deployment,
      identities: deployment.identities.map((one) =>
        one.arn.endsWith("role/postern/web")
          ? {
              ...one,
              policies: one.policies.map((policy) => ({
                ...policy,
                document: {
                  ...policy.document,
                  Statement: [
                    ...statementsOf(policy.document),
                    {
                      Sid: "Careless",
                      Effect: "Allow",
                      Action: "s3:GetObject",
                      Resource: `arn:aws:s3:::${pay}/web/*`,
                    },
                  ],
                },
              })),
            }
          : one,
      ),
    };
    const told = trial({ id: "careless", deployment: open, at: undefined });
    assert.equal(told, `${pay}: web/fetch/no group's denied: identity alone`);
  });
});
