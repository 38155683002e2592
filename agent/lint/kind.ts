/** What a document is attached to: told, or recognised from its shape. @module */
import type { PolicyKind } from "../policy/document.ts";
import { isRecord } from "../policy/issues.ts";
import { strings } from "../policy/principal.ts";

export const DOCUMENT_KINDS = [
  "identity",
  "bucket",
  "key",
  "trust",
  "endpoint",
  "boundary",
  "session",
  "scp",
  "rcp",
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

export interface KindGuess {
  readonly kind: DocumentKind;
  readonly told: boolean;
  /** What a document of this shape may be as well, where the rules would judge it otherwise. */
  readonly alternatives: readonly DocumentKind[];
}

/** The evaluator knows policies of buckets and keys as those of resources. */
export function policyKindOf(kind: DocumentKind): PolicyKind {
  return kind === "bucket" || kind === "key" ? "resource" : kind;
}

export function recognise(value: unknown): KindGuess {
  const statement = isRecord(value) ? value["Statement"] : undefined;
  const members: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  const statements = members.filter(isRecord);
  const texts = (name: string): readonly string[] =>
    statements.flatMap((one) =>
      [name, `Not${name}`].flatMap((member) =>
        one[member] === undefined
          ? []
          : strings(one[member], "", () => undefined).map(([text]) => text),
      ),
    );
  const has = (name: string): boolean =>
    statements.some((one) => one[name] !== undefined || one[`Not${name}`] !== undefined);
  const guess = (kind: DocumentKind, ...alternatives: DocumentKind[]): KindGuess => ({
    kind,
    told: false,
    alternatives,
  });
  // boundaries, session policies and those of organisations look alike, and are rarer
  if (!has("Principal")) return guess("identity");
  const actions = texts("Action").map((text) => text.toLowerCase());
  if (!has("Resource")) return guess("trust");
  const resources = texts("Resource");
  const buckets = new Set(
    resources.flatMap((text) => /^arn:[^:]*:s3:[^:]*:[^:]*:([^/]+)/.exec(text)?.[1] ?? []),
  );
  const isOpen = statements.every((one) => one["Effect"] === "Allow" && one["Principal"] === "*");
  const isKms = actions.length > 0 && actions.every((text) => text.startsWith("kms:"));
  if (buckets.size > 1) return guess("endpoint");
  if (buckets.size === 1) return guess("bucket");
  if (isKms) return isOpen ? guess("key", "endpoint") : guess("key");
  return guess("endpoint", "key", "rcp");
}
