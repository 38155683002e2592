/** What telling somebody of a change came to. @module */
import type { PosternError } from "../core/errors.ts";

/**
 * - `done`: told.
 * - `not-needed`: nobody is there to be told.
 * - `later`: whoever is there cannot be told now.
 * - `failed`: with Unavailable nobody was told, for a reason that says nothing of what they were to be told.
 */
export type ReloadEnd =
  | { readonly kind: "done" }
  | { readonly kind: "not-needed"; readonly why: string }
  | { readonly kind: "later"; readonly why: string }
  | { readonly kind: "failed"; readonly error: PosternError };
