/**
 * Makes a bucket policy fit: by shorter forms that decide alike, and where the map accepts it by leaving denies out that
 * another layer has too.
 *
 * 1. What is asked of several groups alike, together.
 * 2. Reading and listing in one statement.
 * 3. Members told apart among insiders alone.
 * 4. Accepted: reading left to the policies of keys, set by set of groups as far as needed.
 * 5. Accepted: listing left to the policies of roles, likewise.
 *
 * @module
 */
import type { GroupName } from "../core/names.ts";
import type { Group } from "../map/access-map.ts";
import type { DraftedDocument, Sources } from "./draft.ts";
import { readersOf } from "./insiders.ts";
import { type BucketForm, PLAIN } from "./pack-form.ts";
import type { Place } from "./place.ts";

/** What was done so that a document fits. */
export interface Packing {
  /** The file of the document. */
  readonly file: string;
  /** Bytes of the plain form, and of the one that was taken. */
  readonly from: number;
  readonly to: number;
  readonly steps: readonly string[];
  readonly unread: readonly GroupName[];
  readonly unlisted: readonly GroupName[];
}

export interface Packed {
  readonly drafted: DraftedDocument;
  readonly form: BucketForm;
  readonly steps: readonly string[];
  readonly fits: boolean;
}

/** A form, with what is done to come to it. */
interface Rung {
  readonly form: BucketForm;
  readonly step: string;
}

/**
 * The first form that fits, or the shortest; what is left out is as little as is needed, in the order of the groups.
 * @param build the document in a form
 */
export function pack(
  sources: Sources,
  place: Place,
  build: (form: BucketForm) => DraftedDocument,
  isFit: (drafted: DraftedDocument) => boolean,
): Packed {
  const attempt = (form: BucketForm): Attempt => {
    const drafted = build(form);
    return { form, drafted, fits: isFit(drafted) };
  };
  const steps: string[] = [];
  let best = attempt(PLAIN);
  for (const { form, step } of best.fits ? [] : rungs()) {
    steps.push(step);
    best = attempt(form);
    if (best.fits) break;
  }
  if (best.fits || !sources.map.accepted.includes("fewer-layers")) return { ...best, steps };
  const separated = setsOf(sources, place, (group) => isSeparatedByKey(group, place));
  if (separated.length > 0) {
    const { form } = best;
    steps.push("leaves reading to the policies of keys and roles where those separate the groups");
    best = leaveOut(separated, (unread) => attempt({ ...form, unread }));
    if (best.fits) return { ...best, steps };
  }
  // S3's replication lists by a policy of its own that knows no groups
  if (sources.map.replication !== undefined) return { ...best, steps };
  const { form } = best;
  steps.push("leaves listing to the policies of roles: names are no secrets");
  const all = setsOf(sources, place, () => true);
  return { ...leaveOut(all, (unlisted) => attempt({ ...form, unlisted })), steps };
}

type Attempt = Omit<Packed, "steps">;

function rungs(): readonly Rung[] {
  const together: BucketForm = { ...PLAIN, alike: "together" };
  const listed: BucketForm = { ...together, listing: "with reading" };
  return [
    { form: together, step: "asks of groups together what it asks of each alike" },
    { form: listed, step: "says in one statement who reads and who lists" },
    {
      form: { ...listed, names: "among insiders" },
      step: "tells insiders apart by the end of their ARNs: all others are stopped by ClosedWorld",
    },
  ];
}

/**
 * Whether KMS itself opens the group's objects to its readers alone, by a context that has the object in it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html (then it is the bucket)
 */
function isSeparatedByKey({ sse, seal }: Group, { target }: Place): boolean {
  const byServer = sse.type === "dsse" || (sse.type === "kms" && !target.bucketKey);
  return byServer || (seal.mode !== "none" && seal.bind === "key");
}

/** Groups of the same readers go together, since they are of one statement. */
function setsOf(
  sources: Sources,
  place: Place,
  isTaken: (group: Group) => boolean,
): readonly (readonly GroupName[])[] {
  const sets = new Map<string, readonly Group[]>();
  for (const group of sources.map.groups) {
    const key = readersOf(sources, place, group).join();
    sets.set(key, [...(sets.get(key) ?? []), group]);
  }
  return [...sets.values()]
    .map((set) => set.filter(isTaken).map(({ name }) => name))
    .filter((set) => set.length > 0);
}

/** Halves its way to the fewest sets with which it fits; without any such, all of them. */
function leaveOut(
  sets: readonly (readonly GroupName[])[],
  attempt: (left: ReadonlySet<GroupName>) => Attempt,
): Attempt {
  const without = (count: number): Attempt => attempt(new Set(sets.slice(0, count).flat()));
  let best = without(sets.length);
  let [tooFew, enough] = best.fits ? [0, sets.length] : [0, 0];
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    const found = without(middle);
    if (found.fits) [best, enough] = [found, middle];
    else tooFew = middle;
  }
  return best;
}
