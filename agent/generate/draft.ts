/**
 * Statements on their way into documents, each with the lines of the map that it is there for.
 * @module
 */
import type { AccessMap, PrincipalName } from "../map/access-map.ts";
import { mapsByBucket } from "../map/buckets.ts";
import type { MapPath } from "../map/complete.ts";
import type { GroupName } from "../core/names.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { fillTemplate, type Values } from "./fill.ts";
import type { BucketForm } from "./pack-form.ts";
import type { Stage } from "./stage.ts";
import type { Templates } from "./templates.ts";

/** What all documents are made of. */
export interface Sources {
  /** With everything in order whose order means nothing. */
  readonly map: AccessMap;
  readonly templates: Templates;
  /** As of which stage of an adoption; 4 is all. */
  readonly stage: Stage;
  /** "any": also what AWS would not take. A number: at most so many bytes of a bucket policy. */
  readonly sizes: "as AWS takes" | "any" | number;
  readonly form: BucketForm;
  readonly labels: {
    readonly groups: ReadonlyMap<GroupName, string>;
    readonly principals: ReadonlyMap<PrincipalName, string>;
  };
}

/** For each bucket that groups lie in what its documents are made of: the map as it is of that bucket. */
export function byBucket(sources: Sources): readonly Sources[] {
  return mapsByBucket(sources.map).map((map) => ({ ...sources, map }));
}

export interface Draft {
  readonly statement: PolicyJson;
  readonly from: readonly MapPath[];
}

/** Where a statement of a document comes from. */
export interface Origin {
  readonly sid: string;
  readonly from: readonly MapPath[];
}

export interface DraftedDocument {
  readonly document: PolicyJson;
  readonly origins: readonly Origin[];
}

export function draft(
  { templates }: Sources,
  template: string,
  values: Values,
  from: readonly MapPath[],
): Draft {
  return { statement: fillTemplate(templates(template), values, template), from };
}

/** A document of the statements; a Sid that comes again gets a number, since IAM wants each once. */
export function documentOf(drafts: readonly Draft[]): DraftedDocument {
  const seen = new Map<string, number>();
  const statements = drafts.map(({ statement, from }) => {
    const sid = String(statement["Sid"]);
    const times = (seen.get(sid) ?? 0) + 1;
    seen.set(sid, times);
    return { statement: { ...statement, Sid: times === 1 ? sid : `${sid}No${times}` }, from };
  });
  return {
    document: {
      Version: "2012-10-17",
      Statement: statements.map(({ statement }) => statement),
    },
    origins: statements.map(({ statement, from }) => ({ sid: statement.Sid, from })),
  };
}

/** What two reasons ask for alike, whatever it is called, is one statement for both. */
export function onceEach(drafts: readonly Draft[]): readonly Draft[] {
  const byText = new Map<string, Draft>();
  for (const { statement, from } of drafts) {
    const text = JSON.stringify({ ...statement, Sid: undefined });
    const earlier = byText.get(text);
    byText.set(text, {
      statement: earlier?.statement ?? statement,
      from: [...(earlier?.from ?? []), ...from],
    });
  }
  return [...byText.values()];
}

/** As AWS counts a document of IAM: white space is left out. */
export function sizeOf(document: unknown): number {
  return Buffer.byteLength(JSON.stringify(document).replace(/\s/g, ""));
}
