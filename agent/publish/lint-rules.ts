/** What the lint finds: its rules, and how grave each is. docs/lint.md says of each what it fires on, and why. @module */

/** An error stops the publishing, a warning does not. */
export type LintLevel = "error" | "warning";

/** Ids are for good: people name them to allow what a rule forbids. */
export const LINT_RULES = {
  "bad-name": "error",
  "dotenv-name": "error",
  "dotenv-nul": "error",
  "dotenv-text": "warning",
  "empty-value": "error",
  placeholder: "error",
  "trailing-newline": "error",
  "carriage-return": "error",
  "crlf-lines": "warning",
  "surrounding-space": "warning",
  "byte-order-mark": "warning",
  "broken-json": "error",
  "broken-pem": "error",
  "escaped-pem": "warning",
  "key-mismatch": "error",
  "expired-certificate": "error",
  "expired-root": "warning",
  "expiring-certificate": "warning",
  "future-certificate": "warning",
  "unchanged-value": "warning",
} as const;

export type LintRule = keyof typeof LINT_RULES;

/** What a rule has against a secret; whose it is, the caller knows. */
export interface Fault {
  readonly rule: LintRule;
  /** What was expected, what came; never a value. */
  readonly message: string;
}

export interface Finding extends Fault {
  /** As it came, unquoted: print it with `quote`. */
  readonly name: string;
  readonly level: LintLevel;
}
