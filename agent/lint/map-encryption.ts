/**
 * Rules about the keys of groups.
 * @module
 */
import type { AccessMap, Group } from "../map/access-map.ts";
import type { MapHarm, Rule } from "./rule.ts";

export const MAP_ENCRYPTION_RULES: readonly Rule[] = [
  {
    id: "group-without-key",
    severity: "warning",
    title: "a group under no KMS key, where others have one",
    why: "S3 decrypts it for whoever may read the object: one layer less stands between it and another role.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    fix: "give the group `sse` of type kms, or `seal`",
    witness: false,
    judges: "map",
    find: ({ groups }) =>
      groups.every(isKeyless)
        ? []
        : groups.filter(isKeyless).map(({ name }) => ({
            path: ["groups", name],
            message: `expected a key for ${name}, as others have, got none`,
          })),
  },
  {
    id: "shared-context",
    severity: "warning",
    title: "groups of different readers, sealed under one key with the same context",
    why: "KMS cannot tell them apart: the readers of one open what they get hold of from the other.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html",
    fix: "seal with `bind: key`, or give each another context or key",
    witness: false,
    judges: "map",
    find: sharedContexts,
  },
  {
    id: "old-key-left",
    severity: "note",
    title: "an old_key that is still there",
    why: "Readers and publishers may use two keys for as long as it stands.",
    page: "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    fix: "when `postern reseal` has nothing left to do, remove it",
    witness: false,
    judges: "map",
    find: ({ groups }) =>
      groups.flatMap(({ name, sse, seal }): readonly MapHarm[] => {
        const found = [
          ...(sse.type !== "s3" && sse.oldKey !== undefined ? ["sse"] : []),
          ...(seal.mode !== "none" && seal.oldKey !== undefined ? ["seal"] : []),
        ];
        return found.map((member) => ({
          path: ["groups", name, member, "old_key"],
          message: `expected one key for ${name}, got an old_key beside it`,
        }));
      }),
  },
];

function isKeyless({ sse, seal }: Group): boolean {
  return sse.type === "s3" && seal.mode === "none";
}

function sharedContexts({ groups }: AccessMap): readonly MapHarm[] {
  return groups.flatMap((group, at): readonly MapHarm[] => {
    const context = contextOf(group);
    const other = groups
      .slice(0, at)
      .find(
        (one) => context !== undefined && contextOf(one) === context && !sameReaders(one, group),
      );
    if (other === undefined) return [];
    const message = `expected a context of its own, got that of ${other.name}, which others read`;
    return [{ path: ["groups", group.name, "seal"], message }];
  });
}

/** Key and context, in one spelling; undefined where the context is bound to the object. */
function contextOf({ seal }: Group): string | undefined {
  if (seal.mode === "none" || seal.bind === "key") return undefined;
  const pairs = Object.entries(seal.context).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([seal.key, pairs]);
}

function sameReaders(one: Group, other: Group): boolean {
  return one.readers.toSorted().join() === other.readers.toSorted().join();
}
