/** The cases of test/cases/lint: documents that a rule finds fault with, and documents that it must leave alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PolicyFile } from "../../agent/lint/document.ts";
import type { DocumentKind } from "../../agent/lint/kind.ts";
import type { Surroundings } from "../../agent/lint/set.ts";
import { parseMap } from "../../agent/map/parse.ts";
import { root } from "./root.ts";

export interface LintCase {
  readonly why: string;
  /** By file name; a text is taken as it is. */
  readonly documents: Readonly<Record<string, unknown>>;
  readonly kinds?: Readonly<Record<string, DocumentKind>>;
  /** The ARN of what has the document, by file name. */
  readonly attached?: Readonly<Record<string, string>>;
  readonly known?: Surroundings;
  /** Of buckets, by file name. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What of a map in order is another: a member that is null is left out. */
  readonly map?: Readonly<Record<string, unknown>>;
  /** Where the rule fires: "role.json Statement[0].Resource". */
  readonly at?: readonly string[];
  /** Other rules that fire rightly. */
  readonly also?: readonly string[];
}

export interface LintTopic {
  /** The id of the rule, or what the documents have in common. */
  readonly name: string;
  readonly fails: readonly LintCase[];
  readonly passes: readonly LintCase[];
}

const folder = join(root, "test", "cases", "lint");

export function lintTopics(): readonly LintTopic[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ""),
      ...(JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<LintTopic, "name">),
    }));
}

/** A map that no rule finds fault with. */
const IN_ORDER = {
  version: 1,
  account: "111122223333",
  region: "us-east-1",
  bucket: "acme-secrets",
  keys: {
    web: "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111",
    db: "arn:aws:kms:us-east-1:111122223333:key/33333333-3333-3333-3333-333333333333",
  },
  endpoints: {
    "vpce-0123456789abcdef0": { service: "s3" },
    "vpce-0fedcba9876543210": { service: "kms" },
  },
  principals: {
    web: { kind: "ec2" },
    ci: {
      kind: "oidc",
      provider: "token.actions.githubusercontent.com",
      subjects: ["repo:acme/secrets:ref:refs/heads/main"],
    },
    infra: { kind: "existing", role: "infra" },
    emergency: {
      kind: "human",
      trusted: ["arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/bob"],
    },
  },
  groups: {
    web: {
      prefix: "web/",
      sse: { type: "kms", key: "web", header: "required" },
      readers: ["web"],
      publishers: { ci: "edit" },
    },
  },
  deployers: ["infra"],
  break_glass: ["emergency"],
  guards: { org: "o-a1b2c3d4e5", stolen_credentials: "s3+kms" },
  expect: ["infra may not read web/*"],
};

/** A map in order with other members; one that is null is left out. */
export function mapTextWith(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...IN_ORDER, ...changes }, (_, value: unknown) => value ?? undefined, 2);
}

export function knownOf({ known = {}, settings = {}, map }: LintCase): Surroundings {
  const text = mapTextWith(map ?? {});
  return {
    ...known,
    settings: Object.entries(settings).map(([name, value]) => ({
      name,
      text: JSON.stringify(value, undefined, 2),
    })),
    map:
      map === undefined
        ? undefined
        : { map: parseMap(text, "map.json"), text, originOf: () => undefined },
  };
}

export function filesOf({ documents, kinds = {}, attached = {} }: LintCase): readonly PolicyFile[] {
  return Object.entries(documents).map(([name, document]) => ({
    name,
    text: typeof document === "string" ? document : JSON.stringify(document, undefined, 2),
    kind: kinds[name],
    attachedTo: attached[name],
  }));
}
