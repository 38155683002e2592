/** Publishers of a level, as the generated policies grant it: by the table that the commands are held to. @module */
import { actionOf, BUCKET_CHECK_RIGHTS, type Level, rightsOfLevel } from "../policy/rights.ts";
import type { ActionGrant } from "./grants.ts";

export interface PublisherOfLevel {
  /** Of a user. */
  readonly name: string;
  readonly level: Level;
  readonly groups: readonly string[];
}

/** What such a user may do with the groups, each a prefix or a bundle of its name, and with what is sealed for them. */
export function publisherGrants(
  { name, level, groups }: PublisherOfLevel,
  bucket: string,
): readonly ActionGrant[] {
  const rights = rightsOfLevel(level);
  const actions = (service: "s3" | "kms"): readonly string[] => [
    ...new Set(
      rights
        .flatMap((right) => (["kms", "envelope"] as const).map((mode) => actionOf(right, mode)))
        .filter((action) => action?.startsWith(`${service}:`) === true)
        .map(String),
    ),
  ];
  const arn = `arn:aws:s3:::${bucket}`;
  return [
    { principal: name, actions: BUCKET_CHECK_RIGHTS, resources: [arn] },
    ...groups.flatMap((group): readonly ActionGrant[] => [
      {
        principal: name,
        actions: actions("s3"),
        resources: [arn, `${arn}/${group}/*`, `${arn}/${group}.bundle`],
        prefixes: [`${group}/*`, `${group}.bundle`],
      },
      {
        principal: name,
        actions: actions("kms"),
        resources: ["*"],
        context: { "postern:group": group },
      },
    ]),
  ];
}
