/**
 * What a rule is, and what it finds.
 *
 * A rule that promises a witness finds only what the evaluator confirms: it builds a request that shows the harm, and
 * where a condition or another statement prevents it, there is nothing to tell.
 * @module
 */
import type { DocumentKind } from "./kind.ts";
import type { LintDocument } from "./document.ts";
import type { AccessMap } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import type { DocumentSet, Settings } from "./set.ts";
import type { Witness } from "./witness.ts";

export const SEVERITIES = ["error", "warning", "note"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface RuleText {
  /** Stable: people mute by it. */
  readonly id: string;
  readonly severity: Severity;
  /** What it fires on. */
  readonly title: string;
  /** One sentence. */
  readonly why: string;
  /** Of AWS's documentation. */
  readonly page: string;
  readonly fix: string;
  /** Whether each finding carries a request that the evaluator decided. */
  readonly witness: boolean;
}

export type Rule = RuleText &
  (
    | {
        /** A document as written, also one that the evaluator refuses. */
        readonly judges: "text";
        readonly find: (document: LintDocument) => readonly Harm[];
      }
    | {
        readonly judges: "document";
        readonly kinds: readonly DocumentKind[];
        readonly find: (document: LintDocument, set: DocumentSet) => readonly Harm[];
      }
    | {
        /** What only shows when the documents are seen together. */
        readonly judges: "set";
        readonly find: (set: DocumentSet) => readonly Harm[];
      }
    | {
        /** What of a bucket is no policy. */
        readonly judges: "settings";
        readonly find: (settings: Settings) => readonly SettingHarm[];
      }
    | {
        /** The access map itself. */
        readonly judges: "map";
        readonly find: (map: AccessMap) => readonly MapHarm[];
      }
  );

/** What a rule found, before it is told: the rule's own text is the same each time. */
export interface Harm {
  readonly document: LintDocument;
  /** Within the document: `Statement[2].Condition…`. */
  readonly path: string;
  /** Lower case, no full stop: what was expected, and what came. */
  readonly message: string;
  readonly witness?: Witness;
  /** In place of the rule's, where it can be told more exactly. */
  readonly fix?: string;
}

export interface SettingHarm {
  /** The member. */
  readonly path: string;
  readonly message: string;
}

export interface MapHarm {
  /** Of what does not stand there itself, its nearest parent is told. */
  readonly path: MapPath;
  readonly message: string;
}

export interface Place {
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Undefined for what is about the whole document. */
  readonly statement: number | undefined;
  readonly sid: string | undefined;
  readonly path: string;
}

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly place: Place;
  /** That it is about, where the place is the map's line that the document comes from. */
  readonly document: string | undefined;
  readonly message: string;
  readonly witness: Witness | undefined;
  readonly fix: string;
}
