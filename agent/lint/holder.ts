/** What is known of a document that stands somewhere: what it is, and whose. @module */
import type { DocumentKind } from "./kind.ts";

/** What has a document, as far as a path or a template tells. */
export interface Holder {
  readonly of: "bucket" | "role" | "user";
  readonly name: string;
}

export interface Placed {
  readonly kind: DocumentKind;
  readonly holder: Holder | undefined;
}
