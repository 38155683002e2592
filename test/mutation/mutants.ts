/** Every way to remove or weaken a part of a deployment's documents and settings, one at a time. @module */
import type { BucketSettings, Deployment } from "../../agent/policy/deployment.ts";
import { type DocumentPlace, placesIn, statementsOf, type StatementJson } from "./places.ts";
import { changesOf } from "./statement-changes.ts";

export interface Mutant {
  /** "acme-secrets/ClosedWorld: removed"; each once. */
  readonly id: string;
  readonly deployment: Deployment;
  /** Undefined where no document is changed, or a whole one is gone. */
  readonly at: ChangedDocument | undefined;
}

interface ChangedDocument {
  readonly place: DocumentPlace;
  readonly before: StatementJson;
  readonly after: StatementJson | undefined;
}

export function mutantsOf(deployment: Deployment): readonly Mutant[] {
  return [
    ...placesIn(deployment).flatMap((place) => ofDocument(place, deployment.account)),
    ...withoutPolicies(deployment),
    ...otherSettings(deployment),
  ];
}

function ofDocument(place: DocumentPlace, account: string): readonly Mutant[] {
  const statements = statementsOf(place.document);
  return statements.flatMap((before, index) => {
    const { Sid: sid } = before;
    const name = typeof sid === "string" ? sid : String(index);
    return changesOf(before, account).map(({ what, statement: after }) => {
      const left = statements.flatMap((one, at) => (at === index ? (after ?? []) : one));
      const document = {
        ...place.document,
        Statement: left.length === 0 ? [nothing(place)] : left,
      };
      return {
        id: `${place.name}/${name}: ${what}`,
        deployment: place.replaced(document),
        at: { place, before, after },
      };
    });
  });
}

/** A document has a statement at least: one about an action that there is not. */
function nothing({ kind }: DocumentPlace): StatementJson {
  return {
    Effect: "Allow",
    Action: "postern:Nothing",
    ...(kind === "trust" ? {} : { Resource: "*" }),
    ...(kind === "identity" || kind === "boundary" ? {} : { Principal: "*" }),
  };
}

function withoutPolicies(deployment: Deployment): readonly Mutant[] {
  const { identities } = deployment;
  return identities.flatMap((identity, at) =>
    identity.policies.map((policy, index) => ({
      id: `${identity.arn} ${policy.name}: not attached`,
      deployment: {
        ...deployment,
        identities: identities.with(at, {
          ...identity,
          policies: identity.policies.toSpliced(index, 1),
        }),
      },
      at: undefined,
    })),
  );
}

function otherSettings(deployment: Deployment): readonly Mutant[] {
  const { buckets } = deployment;
  return buckets.flatMap((bucket, at) =>
    settingsLike(bucket.settings).map(([what, settings]) => ({
      id: `${bucket.name} settings: ${what}`,
      deployment: { ...deployment, buckets: buckets.with(at, { ...bucket, settings }) },
      at: undefined,
    })),
  );
}

function settingsLike(
  settings: BucketSettings,
): readonly (readonly [what: string, settings: BucketSettings])[] {
  const { encryption } = settings;
  return [
    ["public access not blocked", { ...settings, publicAccessBlocked: false }],
    ["public access not said", { ...settings, publicAccessBlocked: undefined }],
    ["ACLs", { ...settings, ownership: "ObjectWriter" }],
    ["ACLs of the bucket's owner", { ...settings, ownership: "BucketOwnerPreferred" }],
    ["versioning suspended", { ...settings, versioning: "Suspended" }],
    ["versioning never on", { ...settings, versioning: undefined }],
    ["no encryption by default", { ...settings, encryption: undefined }],
    ...(encryption === undefined
      ? []
      : ([
          [
            "the other bucket key",
            { ...settings, encryption: { ...encryption, bucketKey: !encryption.bucketKey } },
          ],
        ] as const)),
    ...(encryption?.key === undefined
      ? []
      : ([
          ["no key by default", { ...settings, encryption: { ...encryption, key: undefined } }],
        ] as const)),
  ];
}
