/** Outputs and where they lay: which of them belong together, and what they tell. @module */
import type { PolicyJson } from "../policy/deployment.ts";
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

/** Whether the document is about buckets: the policy of a key names none. */
export function namesBuckets(document: PolicyJson): boolean {
  return /"arn:aws[a-z-]*:s3:::/.test(JSON.stringify(document));
}

/** The buckets that the document's resources name in full. */
export function bucketsIn(document: PolicyJson): readonly string[] {
  const found = [
    ...JSON.stringify(document).matchAll(/"arn:aws[a-z-]*:s3:::([a-z0-9.-]+)(?:\/|")/g),
  ];
  return [...new Set(found.map(([, name = ""]) => name))];
}

/** The names of the folders that tell of something that is not there, by AWS's code. */
export function absentIn(placed: readonly Placed[], code: RegExp): ReadonlySet<string> {
  return new Set(
    outputsOf(placed, "absent")
      .filter(({ output }) => code.test(output.code))
      .map(({ folder }) => lastPart(folder)),
  );
}
