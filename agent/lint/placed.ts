/**
 * What documents are by the places where `policy generate` puts them, in each of its formats: a path tells the kind of a
 * document and the name of what has it; a template of CloudFormation is taken apart.
 * @module
 */
import type { PolicyFile } from "./document.ts";
import type { DocumentKind } from "./kind.ts";
import type { Holder, Placed } from "./holder.ts";
import { documentsOfTemplate } from "./template.ts";

/**
 * The documents of the files. A kind that is told is that of all whose place tells none.
 * @param beside texts that may name the ARNs of roles and users, such as the other files of a folder
 */
export function placedDocuments(
  files: readonly { readonly name: string; readonly text: string }[],
  kind: DocumentKind | undefined,
  beside: readonly string[] = [],
): readonly PolicyFile[] {
  const texts = [...files.map(({ text }) => text), ...beside].join("\n");
  return files.flatMap(({ name, text }): readonly PolicyFile[] => {
    const taken = documentsOfTemplate(text);
    if (taken === undefined) {
      const place = placeOf(name);
      return [{ name, text, kind: place?.kind ?? kind, attachedTo: arnIn(texts, place?.holder) }];
    }
    return taken.map(({ holder, ...one }) => ({ name, ...one, attachedTo: arnIn(texts, holder) }));
  });
}

const PLACES: readonly (readonly [RegExp, DocumentKind, Holder["of"] | undefined])[] = [
  [/(?:^|\/)bucket\/([^/]+)\.policy\.json$/, "bucket", "bucket"],
  [/(?:^|\/)keys\/[^/]+\/[^/]+\.policy\.json$/, "key", undefined],
  [/(?:^|\/)endpoints\/[^/]+\.policy\.json$/, "endpoint", undefined],
  [/(?:^|\/)(?:roles|foreign-roles\/\d{12})\/([^/]+)\/trust\.json$/, "trust", "role"],
  [/(?:^|\/)(?:roles|foreign-roles\/\d{12})\/([^/]+)\/boundary\.json$/, "boundary", "role"],
  [
    /(?:^|\/)(?:roles|foreign-roles\/\d{12})\/([^/]+)\/(?:inline|managed)\/[^/]+\.json$/,
    "identity",
    "role",
  ],
  [/(?:^|\/)users\/([^/]+)\/boundary\.json$/, "boundary", "user"],
  [/(?:^|\/)users\/([^/]+)\/(?:inline|managed)\/[^/]+\.json$/, "identity", "user"],
  [/(?:^|\/)permission-sets\/[^/]+\/(?:inline|managed)\/[^/]+\.json$/, "identity", undefined],
];

/** Undefined for a path where `generate` puts nothing. */
export function placeOf(path: string): Placed | undefined {
  for (const [pattern, kind, of] of PLACES) {
    const found = pattern.exec(path);
    const name = found?.[1];
    if (found !== null)
      return { kind, holder: of === undefined || name === undefined ? undefined : { of, name } };
  }
  return undefined;
}

/** Of a role or user the one ARN of its name that the texts have: its path and account stand nowhere else. */
function arnIn(texts: string, holder: Holder | undefined): string | undefined {
  if (holder === undefined) return undefined;
  const { of, name } = holder;
  if (of === "bucket")
    return `arn:${/arn:(aws[a-z-]*):s3:/.exec(texts)?.[1] ?? "aws"}:s3:::${name}`;
  const plain = name.replaceAll(/[^\w-]/g, "\\$&");
  const pattern = new RegExp(
    `arn:aws[a-z-]*:iam::\\d{12}:${of}/(?:[^"/\\s]+/)*${plain}(?=["\`\\s])`,
    "g",
  );
  const [arn, ...others] = new Set(texts.match(pattern));
  return others.length === 0 ? arn : undefined;
}
