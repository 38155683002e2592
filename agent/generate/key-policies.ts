/**
 * The policy of each key: who administers it, and who uses it for which group.
 *
 * Principals are exact ARNs, so that no policy of the account can let in anyone else: the account itself is named only for
 * the roles of a permission set, which no Principal can be a pattern for, and a condition then leaves exactly those.
 * Administrators cannot use the key, nor give it away by a grant; auditors look at it.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 * @see https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
 * @module
 */
import { PosternError } from "../core/errors.ts";
import { type KmsKeyArn, quote } from "../core/names.ts";
import type { Group, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import {
  byBucket,
  type Draft,
  draft,
  documentOf,
  type DraftedDocument,
  type Sources,
} from "./draft.ts";
import type { Values } from "./fill.ts";
import { type KeyUse, sealKeys, sealUse, sseContexts, sseKeys, sseUse } from "./key-use.ts";
import { replicatorOf } from "./insiders.ts";
import { joinLabels } from "./labels.ts";
import { sorted } from "./order.ts";
import { arnOf, keysAt, type Place, placesOf, principalNamed, publishersOf } from "./place.ts";
import { kept } from "./kept.ts";
import { replicaSealKeys } from "./publisher.ts";
import { describedKeys } from "./reader.ts";
import { contextsOf, replicatedUnder, replicationActions } from "./replication.ts";

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html (32 KB) */
const MAX_BYTES = 32_768;

/** @throws {PosternError} TooLarge, by how much */
export function keyPolicy(sources: Sources, key: KmsKeyArn): DraftedDocument {
  const { map } = sources;
  const under = (statements: Statements): readonly Draft[] =>
    byBucket(sources).flatMap((one) =>
      placesOf(one.map)
        .filter((place) => keysAt(place).includes(key))
        .flatMap((place) => statements(one, place, key)),
    );
  const drafted = documentOf([
    ...(sources.stage < 4 ? [delegation(sources)] : []),
    ...named(sources, [...map.deployers, ...map.breakGlass], "key-policy/administer", {
      label: "Administer",
      from: [["deployers"], ["break_glass"]],
    }),
    ...named(sources, map.breakGlass, "key-policy/decrypt-all", {
      label: "BreakGlassDecrypt",
      from: [["break_glass"]],
    }),
    ...named(sources, map.auditors, "key-policy/audit", { label: "Audit", from: [["auditors"]] }),
    ...under(serverSide),
    ...under(sealed),
    ...under(replication),
    ...describing(sources, key),
    ...kept(map.keep.keys.get(key), ["keep", "keys", key]),
  ]);
  const bytes = Buffer.byteLength(JSON.stringify(drafted.document));
  if (bytes <= MAX_BYTES || sources.sizes === "any") return drafted;
  throw new PosternError(
    "TooLarge",
    `policy of key ${quote(key)}: expected at most ${MAX_BYTES} bytes, got ${bytes}, ${bytes - MAX_BYTES} too many`,
    { hint: "give some of its groups another key" },
  );
}

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam */
function delegation(sources: Sources): Draft {
  const root = rootOf(sources);
  return draft(sources, "key-policy/delegate-to-account", { root }, [["account"]]);
}

function rootOf({ map }: Sources): string {
  return `arn:${map.partition}:iam::${map.account}:root`;
}

/** What a key is used for at a place. */
type Statements = (sources: Sources, place: Place, key: KmsKeyArn) => readonly Draft[];

/** Who opens and who seals one group with the key. */
interface Part {
  readonly group: Group;
  readonly verb: "Open" | "Seal";
  readonly actions: readonly string[];
  readonly members: readonly PrincipalName[];
}

/** Groups of the same members are one statement: KMS tells them apart by their objects. */
function serverSide(sources: Sources, place: Place, key: KmsKeyArn): readonly Draft[] {
  const parts = sources.map.groups.flatMap((group): readonly Part[] => {
    const keys = sseKeys(group, place);
    if (keys?.all.includes(key) !== true) return [];
    const readers = [...group.readers, ...publishersOf(group, place, "edit")];
    const writers = keys.current === key ? publishersOf(group, place, "write") : [];
    return [
      { group, verb: "Open", actions: ["kms:Decrypt"], members: sorted(readers) },
      { group, verb: "Seal", actions: ["kms:GenerateDataKey"], members: sorted(writers) },
    ];
  });
  const same = new Map<string, readonly Part[]>();
  for (const part of parts) {
    const id = [part.verb, ...part.members].join();
    same.set(id, [...(same.get(id) ?? []), part]);
  }
  return [...same.values()].flatMap((list) => {
    const groups = list.map(({ group }) => group);
    const contexts = sorted(groups.flatMap((group) => sseContexts(group, place)));
    const label = `S3${joinLabels(groups.map(({ name }) => labelFor(sources, name)))}`;
    return list.slice(0, 1).flatMap((part) => using(sources, part, sseUse(contexts, place), label));
  });
}

function sealed(sources: Sources, place: Place, key: KmsKeyArn): readonly Draft[] {
  const { map } = sources;
  return map.groups.flatMap((group) => {
    const use = sealUse(group, map);
    const keys = sealKeys(group, place);
    if (use === undefined || keys === undefined) return [];
    const label = labelFor(sources, group.name);
    const readers = sorted([...group.readers, ...publishersOf(group, place, "edit")]);
    const opening: Part = { group, verb: "Open", actions: ["kms:Decrypt"], members: readers };
    const action = sealAction(sources, place, key, group);
    const sealing: Part = {
      group,
      verb: "Seal",
      actions: action === undefined ? [] : [action],
      members: sorted(group.publishers.map(({ principal }) => principal)),
    };
    return [
      ...(keys.all.includes(key) ? using(sources, opening, use, label) : []),
      ...(action === undefined ? [] : using(sources, sealing, use, label)),
    ];
  });
}

/** What a publisher does with the key when it seals; undefined: nothing. */
function sealAction(
  sources: Sources,
  place: Place,
  key: KmsKeyArn,
  group: Group,
): string | undefined {
  if (!place.isHome)
    return replicaSealKeys(sources, group).includes(key) ? "kms:Encrypt" : undefined;
  if (sealKeys(group, place)?.current !== key) return undefined;
  return group.seal.mode === "kms" ? "kms:Encrypt" : "kms:GenerateDataKey";
}

function using(
  sources: Sources,
  { group, verb, actions, members }: Part,
  { shape, values }: KeyUse,
  label: string,
): readonly Draft[] {
  return named(sources, members, `key-policy/use-${shape}`, {
    label: `${verb}${label}`,
    values: { ...values, actions },
    from: [["groups", group.name]],
  });
}

function replication(sources: Sources, place: Place, key: KmsKeyArn): readonly Draft[] {
  const groups = replicatedUnder(sources.map.groups, place).get(key) ?? [];
  if (groups.length === 0) return [];
  const { shape, values } = sseUse(contextsOf(groups, place), place);
  return named(sources, replicatorOf(sources), `key-policy/use-${shape}`, {
    label: place.isHome ? "DecryptToReplicate" : "EncryptToReplicate",
    values: { ...values, actions: replicationActions(groups, place) },
    from: [["replicas"]],
  });
}

function describing(sources: Sources, key: KmsKeyArn): readonly Draft[] {
  if (!sources.map.doctor) return [];
  const groups = byBucket(sources).flatMap(({ map }) =>
    placesOf(map).flatMap((place) =>
      map.groups.filter((group) => describedKeys([group], place).includes(key)),
    ),
  );
  const readers = sorted(groups.flatMap((group) => group.readers));
  return named(sources, readers, "key-policy/describe", { label: "Describe", from: [["doctor"]] });
}

/**
 * The template for those who can be named, and again for those who are a pattern. Nothing for nobody.
 */
function named(
  sources: Sources,
  names: readonly PrincipalName[],
  template: string,
  {
    label,
    values = {},
    from,
  }: {
    readonly label: string;
    readonly values?: Values;
    readonly from: readonly MapPath[];
  },
): readonly Draft[] {
  const { map } = sources;
  const principals = names.map((name) => principalNamed(map, name));
  const arns = sorted(principals.filter(({ kind }) => kind !== "sso").map(arnOf));
  const patterns = sorted(principals.filter(({ kind }) => kind === "sso").map(arnOf));
  return [
    ...(arns.length === 0
      ? []
      : [
          draft(
            sources,
            template,
            { ...values, label, principals: arns, permissionSetRoles: undefined },
            from,
          ),
        ]),
    ...(patterns.length === 0
      ? []
      : [
          draft(
            sources,
            template,
            {
              ...values,
              label: `${label}AsPermissionSet`,
              principals: [rootOf(sources)],
              permissionSetRoles: { pattern: patterns },
            },
            from,
          ),
        ]),
  ];
}

function labelFor({ labels }: Sources, name: Group["name"]): string {
  return labels.groups.get(name) ?? "";
}
