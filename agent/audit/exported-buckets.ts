/** Buckets of an export. @module */
import { PosternError } from "../core/errors.ts";
import type { BucketDocuments, BucketSettings, PolicyJson } from "../policy/deployment.ts";
import {
  type Aspect,
  bucketsIn,
  isOfBucket,
  lastPart,
  outputsOf,
  type Placed,
  type Told,
} from "./exported-place.ts";

/** @param region of buckets whose own is not told */
export function exportedBuckets(placed: readonly Placed[], region: string): Told<BucketDocuments> {
  const drafts = new Map<string, Draft>();
  const add = (name: string, more: More, known: readonly Aspect[]): void => {
    const before = drafts.get(name) ?? EMPTY;
    drafts.set(name, {
      ...before,
      ...more,
      settings: { ...before.settings, ...more.settings },
      known: new Set([...before.known, ...known]),
    });
  };
  const policies = outputsOf(placed, "resource policy").filter(isOfBucket);
  for (const { output, ...place } of policies)
    add(bucketOf(place, policies), { policy: output.document }, ["policy"]);
  for (const { output, ...place } of outputsOf(placed, "bucket settings")) {
    const { settings, region: own } = output;
    const more = own === undefined ? { settings } : { settings, region: own };
    add(bucketOf(place, policies), more, aspectsOf(settings));
  }
  for (const { output, ...place } of outputsOf(placed, "absent")) {
    const [known, settings] = ABSENT[output.code] ?? [];
    if (known !== undefined) add(bucketOf(place, policies), { settings: settings ?? {} }, known);
    if (output.code === "NoSuchBucket")
      add(bucketOf(place, policies), { isThere: false }, [...ALL, "policy"]);
  }
  return {
    things: [...drafts]
      .filter(([, { isThere }]) => isThere)
      .map(([name, { policy, settings, region: own }]) => {
        return { name, region: own ?? region, policy, settings };
      }),
    knows: (name, aspect) => drafts.get(name)?.known.has(aspect) ?? false,
  };
}

type More = Partial<Omit<Draft, "settings">> & { readonly settings?: Partial<BucketSettings> };

interface Draft {
  readonly policy: PolicyJson | undefined;
  readonly settings: BucketSettings;
  readonly region: string | undefined;
  readonly isThere: boolean;
  readonly known: ReadonlySet<Aspect>;
}

const EMPTY: Draft = {
  policy: undefined,
  settings: {
    publicAccessBlocked: undefined,
    ownership: undefined,
    versioning: undefined,
    encryption: undefined,
  },
  region: undefined,
  isThere: true,
  known: new Set(),
};

const ASPECTS: Readonly<Record<keyof BucketSettings, Aspect>> = {
  publicAccessBlocked: "public access block",
  ownership: "ownership",
  versioning: "versioning",
  encryption: "encryption",
};
const ALL: readonly Aspect[] = Object.values(ASPECTS);

function aspectsOf(settings: Partial<BucketSettings>): readonly Aspect[] {
  const given = Object.keys(settings);
  return Object.entries(ASPECTS).flatMap(([name, aspect]) =>
    given.includes(name) ? [aspect] : [],
  );
}

/** What each of AWS's codes tells of a bucket. */
const ABSENT: Readonly<
  Record<string, readonly [known: readonly Aspect[], settings?: Partial<BucketSettings>]>
> = {
  NoSuchBucketPolicy: [["policy"]],
  NoSuchPublicAccessBlockConfiguration: [["public access block"], { publicAccessBlocked: false }],
  OwnershipControlsNotFoundError: [["ownership"]],
  ServerSideEncryptionConfigurationNotFoundError: [["encryption"]],
};

type Policies = readonly Placed<Extract<Placed["output"], { kind: "resource policy" }>>[];

/** By the policy beside it, which names one bucket; else by its folder. @throws {PosternError} BadData for neither */
function bucketOf({ file, folder }: Omit<Placed, "output">, policies: Policies): string {
  const named = policies
    .filter((one) => one.folder === folder)
    .flatMap(({ output }) => bucketsIn(output.document));
  const names = [...new Set(named)];
  const own = lastPart(folder);
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  if (own !== "") return own;
  throw new PosternError("BadData", `${file}: expected to be told of which bucket it is`, {
    hint: "put it into a folder with the bucket's name",
  });
}
