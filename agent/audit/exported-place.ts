/** Outputs and where they lay: which of them belong together, and what they tell. @module */
import type { PolicyJson } from "../policy/deployment.ts";
import { isRecord } from "../policy/issues.ts";
import type { Output } from "./exported-output.ts";

export type Aspect =
  | "policy"
  | "public access block"
  | "ownership"
  | "versioning"
  | "encryption"
  | "grants"
  | "identity"
  | "policies"
  | "session"
  | "instance profiles"
  | "boundary";

/** An output, and where it lay. */
export interface Placed<One extends Output = Output> {
  readonly file: string;
  /** "" at the top. */
  readonly folder: string;
  readonly output: One;
}

/** What is told of one kind of thing. */
export interface Told<Thing> {
  readonly things: readonly Thing[];
  readonly knows: Knows;
}

/** Whether that aspect of the subject is told of, and be it that it is not there. */
export type Knows = (subject: string, aspect: Aspect) => boolean;

export function outputsOf<Kind extends Output["kind"]>(
  placed: readonly Placed[],
  kind: Kind,
): readonly Placed<Extract<Output, { kind: Kind }>>[] {
  return placed.flatMap(({ output, ...place }) =>
    isOf(output, kind) ? [{ ...place, output }] : [],
  );
}

function isOf<Kind extends Output["kind"]>(
  output: Output,
  kind: Kind,
): output is Extract<Output, { kind: Kind }> {
  return output.kind === kind;
}

/** The last part of a folder's path, or of an ARN. */
export function lastPart(path: string): string {
  return path.split("/").at(-1) ?? "";
}

/** Whether the policy is a bucket's: a key's names buckets at most in conditions, as what S3 encrypts for. */
export function isOfBucket({
  folder,
  output,
}: Placed<Extract<Output, { kind: "resource policy" }>>): boolean {
  if (output.ofKey) return false;
  const isInBuckets = folder.split("/").at(-2) === "buckets";
  return isInBuckets || /"arn:aws[a-z-]*:s3:::/.test(resourcesIn(output.document));
}

/** The buckets that the document's resources name in full. */
export function bucketsIn(document: PolicyJson): readonly string[] {
  const found = [...resourcesIn(document).matchAll(/"arn:aws[a-z-]*:s3:::([a-z0-9.-]+)(?:\/|")/g)];
  return [...new Set(found.map(([, name = ""]) => name))];
}

/** Whether the folder is that of a role, user or group: by its name, and by what lies around it where that says so. */
export function isFolderOf(folder: string, kind: keyof typeof KINDS, name: string): boolean {
  const [around = "", own] = folder.split("/").slice(-2);
  if (own === undefined) return around === name;
  return own === name && (!Object.values(KINDS).includes(around) || around === KINDS[kind]);
}

const KINDS = { role: "roles", user: "users", group: "groups" };

/** As JSON. */
function resourcesIn({ Statement: statements }: PolicyJson): string {
  const found = [statements].flat().map((one: unknown) => {
    const { Resource: some, NotResource: others }: PolicyJson = isRecord(one) ? one : {};
    return [some, others];
  });
  return JSON.stringify(found);
}

/** The names of the folders that tell of something that is not there, by AWS's code. */
export function absentIn(placed: readonly Placed[], code: RegExp): ReadonlySet<string> {
  return new Set(
    outputsOf(placed, "absent")
      .filter(({ output }) => code.test(output.code))
      .map(({ folder }) => lastPart(folder)),
  );
}
