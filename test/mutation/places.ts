/** Where the documents of a deployment lie, and how each is put in another's place. @module */
import type { Deployment, PolicyJson } from "../../agent/policy/deployment.ts";
import type { PolicyKind } from "../../agent/policy/document.ts";

export type StatementJson = Readonly<Record<string, unknown>>;

export interface DocumentPlace {
  /** As the prover names the document. */
  readonly name: string;
  readonly kind: Extract<PolicyKind, "resource" | "identity" | "boundary" | "trust" | "endpoint">;
  /** The ARN of the identity or the key, the bucket's name, the endpoint's id. */
  readonly owner: string;
  readonly document: PolicyJson;
  readonly replaced: (document: PolicyJson) => Deployment;
}

export function placesIn(deployment: Deployment): readonly DocumentPlace[] {
  return [
    ...bucketPlaces(deployment),
    ...keyPlaces(deployment),
    ...identityPlaces(deployment),
    ...endpointPlaces(deployment),
  ];
}

export function statementsOf(document: PolicyJson): readonly StatementJson[] {
  const statements: unknown = document["Statement"];
  return (Array.isArray(statements) ? statements : [statements]) as readonly StatementJson[];
}

function bucketPlaces(deployment: Deployment): readonly DocumentPlace[] {
  const { buckets } = deployment;
  return buckets.flatMap((bucket, at) => {
    if (bucket.policy === undefined) return [];
    const replaced = (policy: PolicyJson): Deployment => ({
      ...deployment,
      buckets: buckets.with(at, { ...bucket, policy }),
    });
    const { name, policy: document } = bucket;
    return [{ name, kind: "resource", owner: name, document, replaced }];
  });
}

function keyPlaces(deployment: Deployment): readonly DocumentPlace[] {
  const { keys } = deployment;
  return keys.map((key, at) => ({
    name: key.arn,
    kind: "resource",
    owner: key.arn,
    document: key.policy,
    replaced: (policy) => ({ ...deployment, keys: keys.with(at, { ...key, policy }) }),
  }));
}

function identityPlaces(deployment: Deployment): readonly DocumentPlace[] {
  const { identities } = deployment;
  return identities.flatMap((identity, at): readonly DocumentPlace[] => {
    const { arn: owner, trust, boundary, policies } = identity;
    const put = (change: Partial<typeof identity>): Deployment => ({
      ...deployment,
      identities: identities.with(at, { ...identity, ...change }),
    });
    const limits = [
      ["trust", trust],
      ["boundary", boundary],
    ] as const;
    return [
      ...limits.flatMap(([kind, document]): readonly DocumentPlace[] =>
        document === undefined
          ? []
          : [
              {
                name: `${owner} ${kind}`,
                kind,
                owner,
                document,
                replaced: (other) => put({ [kind]: other }),
              },
            ],
      ),
      ...policies.map((policy, index): DocumentPlace => ({
        name: `${owner} ${policy.name}`,
        kind: "identity",
        owner,
        document: policy.document,
        replaced: (document) => put({ policies: policies.with(index, { ...policy, document }) }),
      })),
    ];
  });
}

function endpointPlaces(deployment: Deployment): readonly DocumentPlace[] {
  const { endpoints } = deployment;
  return endpoints.map((endpoint, at) => ({
    name: endpoint.id,
    kind: "endpoint",
    owner: endpoint.id,
    document: endpoint.policy,
    replaced: (policy) => ({
      ...deployment,
      endpoints: endpoints.with(at, { ...endpoint, policy }),
    }),
  }));
}
