/** Statements of others, which stay in the documents as they are beside what the map itself means. @module */
import type { KmsKeyArn } from "../core/names.ts";
import type { PolicyJson } from "../policy/deployment.ts";
import { parseDocument, type PolicyKind } from "../policy/document.ts";
import type { AccessMap } from "./access-map.ts";
import type { KeyOf, MapPath } from "./complete.ts";
import type { Report } from "./judge-settings.ts";
import type { KeepSettings } from "./schema.ts";

/** A statement that is none, and a name that nothing bears, is reported. */
export function completeKeep(
  { bucket = [], further_buckets: further = [], keys = [], roles = [] }: KeepSettings = {},
  { keyOf, report }: { readonly keyOf: KeyOf; readonly report: Report },
): AccessMap["keep"] {
  const judge = (statements: readonly PolicyJson[], kind: PolicyKind, path: MapPath): void => {
    for (const [at, statement] of statements.entries())
      judgeStatement(statement, kind, (message) => {
        report([...path, at], message);
      });
  };
  judge(bucket, "resource", ["keep", "bucket"]);
  for (const [name, statements] of further)
    judge(statements, "resource", ["keep", "further_buckets", name]);
  for (const [name, statements] of keys) judge(statements, "resource", ["keep", "keys", name]);
  for (const [name, statements] of roles) judge(statements, "identity", ["keep", "roles", name]);
  const byKey = new Map<KmsKeyArn, readonly PolicyJson[]>();
  for (const [name, statements] of keys) {
    const path = ["keep", "keys", name];
    const arn = keyOf(name, path);
    if (arn === undefined) continue;
    if (byKey.has(arn)) report(path, "expected each key once, got it again", "key");
    byKey.set(arn, statements);
  }
  return { bucket, further: new Map(further), keys: byKey, roles: new Map(roles) };
}

/** Kept statements belong to a bucket, to a key of groups, or to a principal, that the map has. */
export function judgeKeep(
  { keep, home, further, principals }: Pick<AccessMap, "keep" | "home" | "further" | "principals">,
  report: Report,
): void {
  for (const name of keep.further.keys())
    if (!further.some(({ bucket }) => bucket === name))
      report(
        ["keep", "further_buckets", name],
        `expected one of further_buckets, got "${name}"`,
        "key",
      );
  for (const key of keep.keys.keys())
    if (![home, ...further].some(({ keys }) => keys.has(key)))
      report(["keep", "keys"], `expected keys that groups are under, got "${key}"`);
  for (const name of keep.roles.keys())
    if (!principals.some((one) => one.name === name))
      report(["keep", "roles", name], `expected one of principals, got "${name}"`, "key");
}

function judgeStatement(
  statement: PolicyJson,
  kind: PolicyKind,
  refuse: (message: string) => void,
): void {
  const document = { Version: "2012-10-17", Statement: [statement] };
  parseDocument(document, kind, "", (path, message) => {
    const place = path.replace(/^Statement\[0\]\.?/, "");
    refuse(place === "" ? message : `${place}: ${message}`);
  });
}
