/** What a check of `postern doctor` came to, and how it is said. @module */
import { type ErrorCode, PosternError, toPosternError } from "../core/errors.ts";

/**
 * - `ok`: tried, and it works.
 * - `warning`: it works, and a person should know something about it.
 * - `failed`: a pass would fail here.
 * - `skipped`: could not be tried; `found` says what it needs.
 */
export type Finding =
  | { readonly kind: "ok" | "skipped"; readonly about: string; readonly found: string }
  | {
      readonly kind: "warning";
      readonly about: string;
      readonly found: string;
      readonly fix?: string;
    }
  | {
      readonly kind: "failed";
      readonly about: string;
      readonly found: string;
      /** One line for each fault, when there are several. */
      readonly details: readonly string[];
      readonly fix?: string;
      readonly code: ErrorCode;
    };

export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Findings, and what later checks need of them; undefined when they cannot have it. */
export interface Examined<Value> {
  readonly findings: readonly Finding[];
  readonly value: Value | undefined;
}

export function ok(about: string, found: string): Finding {
  return { kind: "ok", about, found };
}

export function warning(about: string, found: string, fix?: string): Finding {
  return { kind: "warning", about, found, ...(fix === undefined ? {} : { fix }) };
}

/** @param needs what an earlier check should have found: "the bucket" */
export function skipped(about: string, needs: string): Finding {
  return { kind: "skipped", about, found: `needs ${needs}` };
}

/** @param fix what to change; by default the error's own hint */
export function failed(
  about: string,
  error: PosternError,
  fix: string | undefined = error.hint,
): Finding {
  const [first, ...others] = error.issues;
  return {
    kind: "failed",
    about,
    // a single issue says more than that there is one
    found: first !== undefined && others.length === 0 ? first : error.message,
    details: others.length === 0 ? [] : error.issues,
    code: error.code,
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Either what `use` resolves to, or the fault that it ended with. */
export async function attempt<Value>(
  use: () => Value | Promise<Value>,
): Promise<Value | PosternError> {
  try {
    return await use();
  } catch (error) {
    return toPosternError(error);
  }
}

export function isFault(value: unknown): value is PosternError {
  return value instanceof PosternError;
}
