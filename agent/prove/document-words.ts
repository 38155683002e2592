/**
 * What documents compare keys of objects with, wherever it stands in them: more is looked at than needed, and never
 * less.
 * @module
 */
import type { AccessMap } from "../map/access-map.ts";
import type { Deployment } from "../policy/deployment.ts";
import { literalTokens, ONE, RUN, wildTokens } from "../policy/glob.ts";

export interface DocumentWords {
  /** Globs over keys of objects, whichever the bucket. */
  readonly keyPatterns: readonly string[];
  /** Why some may be missing. */
  readonly gaps: readonly string[];
}

export function documentWordsOf(map: AccessMap, deployment: Deployment): DocumentWords {
  const texts: Texts = { plain: new Set(), key: new Set(), caller: new Set() };
  collect(documentsIn(deployment), "plain", texts);
  const buckets = [map.home, ...map.replicas].map(
    (target) => `arn:${map.partition}:s3:::${target.bucket}/`,
  );
  const residues = [...texts.plain].flatMap((text) =>
    buckets.flatMap((one) => residuesOf(text, one)),
  );
  const variable = residues.find((text) => text.includes("${"));
  return {
    keyPatterns: [...new Set([...residues, ...texts.key])].filter((text) => !text.includes("${")),
    gaps:
      variable === undefined
        ? []
        : [`keys of objects under a variable (${variable}): only the map's own were looked at`],
  };
}

function documentsIn({ buckets, keys, identities, endpoints }: Deployment): unknown {
  return [
    buckets.map(({ policy }) => policy),
    keys.map(({ policy }) => policy),
    identities.map(({ policies, boundary }) => [
      policies.map(({ document }) => document),
      boundary,
    ]),
    endpoints.map(({ policy }) => policy),
  ];
}

/** Strings of documents, by what they can be compared with: anything, an object's key, or only who asks. */
type Texts = Readonly<Record<"plain" | "key" | "caller", Set<string>>>;

function collect(value: unknown, kind: keyof Texts, texts: Texts): void {
  if (typeof value === "string") texts[kind].add(value);
  else if (Array.isArray(value)) for (const one of value) collect(one, kind, texts);
  else if (typeof value === "object" && value !== null)
    for (const [name, one] of Object.entries(value)) collect(one, kindOf(name), texts);
}

function kindOf(name: string): keyof Texts {
  if (/:postern:key$/i.test(name)) return "key";
  return /^aws:PrincipalArn$/i.test(name) ? "caller" : "plain";
}

/** What is left of a glob for the text behind `prefix`, for each way in which it can match that. */
function residuesOf(text: string, prefix: string): readonly string[] {
  const tokens = wildTokens(text);
  let positions = new Set([0]);
  for (const unit of literalTokens(prefix)) {
    const next = new Set<number>();
    for (const position of positions)
      for (let at = position; at <= tokens.length; at += 1) {
        const token = tokens[at];
        if (token === RUN) next.add(at);
        else if (token === ONE || token === unit) next.add(at + 1);
        // only a run may be skipped
        if (token !== RUN) break;
      }
    if (next.size === 0) return [];
    positions = next;
  }
  return [...positions].map((at) => text.slice(at)).filter((one) => one !== "");
}
