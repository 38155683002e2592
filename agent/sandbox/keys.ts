/**
 * KMS keys in memory: what they are called, which state they are in, and their secret material.
 *
 * Keys belong to one account and to a region each. A multi-Region key is several keys, one a region, with
 * one id and one material. Material is never rotated. Which caller may do what is not decided here.
 * @see AWS KMS Developer Guide, "Key states of AWS KMS keys" and "Multi-Region keys in AWS KMS"
 * @module
 */
import { type AttachedPolicy, defaultKeyPolicy } from "./attached.ts";
import type { BackingKey } from "./ciphertext.ts";
import type { Chance, Clock } from "../core/clock.ts";
import type { Grant } from "../policy/grant.ts";

export type KeyState = "Enabled" | "Disabled" | "PendingDeletion";

/** One key in one region, as it is now; a later change makes a new record. */
export interface Key {
  readonly id: string;
  readonly region: string;
  readonly arn: string;
  readonly description: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly state: KeyState;
  /** Epoch milliseconds; only of a key that is `PendingDeletion`. */
  readonly deletionAt: number | undefined;
  /** Of a multi-Region key: the region of its primary. */
  readonly primaryRegion: string | undefined;
}

export interface Alias {
  /** With its "alias/". */
  readonly name: string;
  readonly arn: string;
  readonly keyId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Epoch milliseconds: when it was last pointed to a key. */
  readonly updatedAt: number;
}

export interface NewKey {
  readonly region: string;
  readonly description?: string;
  /** Gives the key a `mrk-` id. */
  readonly multiRegion?: boolean;
  /** Default a new one; those of multi-Region keys begin with "mrk-". */
  readonly id?: string;
  /** Further regions that get a replica at once; implies `multiRegion`. */
  readonly replicas?: readonly string[];
}

/** How a request names a key, and whether there is one: what is wrong decides the error's words. */
export type Found =
  | { readonly kind: "key"; readonly key: Key; readonly alias: string | undefined }
  | { readonly kind: "no-key"; readonly arn: string }
  | { readonly kind: "no-alias"; readonly arn: string }
  | { readonly kind: "other-region"; readonly region: string }
  | { readonly kind: "malformed" };

/** The key policy as it was put and as it is evaluated, and the grants. */
export interface AttachedToKey extends AttachedPolicy {
  readonly grants: readonly Grant[];
}

export interface Keys {
  create(wanted: NewKey): Key;
  /** By id, ARN, alias ("alias/…") or alias ARN, among the keys of `region`. */
  find(region: string, reference: string): Found;
  /** In the order of their creation. */
  list(region: string): readonly Key[];
  /** The same key in every region that has it, the primary first. */
  relatives(key: Key): readonly Key[];
  attached(key: Key): AttachedToKey;
  /** Puts another policy in force, or grants. */
  attach(key: Key, changed: Partial<AttachedToKey>): void;
  /** As if it had not been created. */
  forget(key: Key): void;
  /** Undefined when the id was never one of these keys'. */
  backing(keyId: string): BackingKey | undefined;
  /** Enables, disables, or (with a date) schedules the deletion. Returns the key as it then is. */
  transition(key: Key, state: KeyState, deletionAt?: number): Key;
  /** Sorted by name. */
  aliases(region: string): readonly Alias[];
  alias(region: string, name: string): Alias | undefined;
  /** Adds the alias, or points it to another key. */
  setAlias(key: Key, name: string): Alias;
  removeAlias(region: string, name: string): void;
}

export function createKeys(options: {
  /** Twelve digits. */
  readonly account: string;
  readonly clock: Pick<Clock, "now">;
  readonly chance: Pick<Chance, "bytes">;
}): Keys {
  const { account, clock, chance } = options;
  const keys = new Map<string, Key>();
  const backings = new Map<string, BackingKey>();
  const aliases = new Map<string, Alias>();
  const attached = new Map<string, AttachedToKey>();
  // what is new has what AWS gives to a key that is made without a policy
  const attachedTo = ({ arn }: Key): AttachedToKey => {
    const found = attached.get(arn) ?? { ...defaultKeyPolicy(account, arn), grants: [] };
    attached.set(arn, found);
    return found;
  };
  const arnOf = (region: string, resource: string): string =>
    `arn:aws:kms:${region}:${account}:${resource}`;

  return {
    create({ region, description = "", multiRegion = false, replicas = [], id: given }) {
      const many = multiRegion || replicas.length > 0 || given?.startsWith("mrk-") === true;
      const id = given ?? newKeyId(chance.bytes(16), many);
      backings.set(id, { id: chance.bytes(16), secret: chance.bytes(32) });
      const made = [region, ...replicas].map((place) => ({
        id,
        region: place,
        arn: arnOf(place, `key/${id}`),
        description,
        createdAt: clock.now(),
        state: "Enabled" as const,
        deletionAt: undefined,
        primaryRegion: many ? region : undefined,
      }));
      for (const key of made) keys.set(key.arn, key);
      return first(made);
    },
    find(region, reference) {
      const named = parseReference(reference);
      if (named === undefined) return { kind: "malformed" };
      if (named.region !== undefined && named.region !== region)
        return { kind: "other-region", region: named.region };
      const arn = named.region === undefined ? arnOf(region, named.resource) : reference;
      const alias = aliases.get(arn);
      if (named.resource.startsWith("alias/") && alias === undefined)
        return { kind: "no-alias", arn };
      const keyArn = alias === undefined ? arn : arnOf(region, `key/${alias.keyId}`);
      const key = keys.get(keyArn);
      return key === undefined
        ? { kind: "no-key", arn: keyArn }
        : { kind: "key", key, alias: alias?.name };
    },
    list: (region) => [...keys.values()].filter((key) => key.region === region),
    relatives: (key) => [...keys.values()].filter(({ id }) => id === key.id),
    attached: attachedTo,
    attach(key, changed) {
      attached.set(key.arn, { ...attachedTo(key), ...changed });
    },
    forget(key) {
      for (const { arn } of [...keys.values()].filter(({ id }) => id === key.id)) keys.delete(arn);
      backings.delete(key.id);
    },
    backing: (keyId) => backings.get(keyId),
    transition(key, state, deletionAt) {
      const changed = { ...key, state, deletionAt };
      keys.set(key.arn, changed);
      return changed;
    },
    aliases: (region) =>
      [...aliases.values()]
        .filter(({ arn, name }) => arn === arnOf(region, name))
        .sort((left, right) => (left.name < right.name ? -1 : 1)),
    alias: (region, name) => aliases.get(arnOf(region, name)),
    setAlias(key, name) {
      const arn = arnOf(key.region, name);
      const updatedAt = clock.now();
      const createdAt = aliases.get(arn)?.createdAt ?? updatedAt;
      const alias = { name, arn, keyId: key.id, createdAt, updatedAt };
      aliases.set(arn, alias);
      return alias;
    },
    removeAlias(region, name) {
      aliases.delete(arnOf(region, name));
    },
  };
}

/** A UUID, or for a multi-Region key "mrk-" and its hexadecimal digits alone. */
function newKeyId(bytes: Buffer, multiRegion: boolean): string {
  const hex = bytes.toString("hex");
  if (multiRegion) return `mrk-${hex}`;
  // version 4, variant 1 (RFC 9562 section 5.4), as in every KMS key id
  const digits = `${hex.slice(0, 12)}4${hex.slice(13, 16)}8${hex.slice(17)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function first(made: readonly Key[]): Key {
  const [key] = made;
  if (key === undefined) throw new TypeError("no region to make a key in");
  return key;
}

interface Named {
  /** Undefined: the request's own. */
  readonly region: string | undefined;
  /** `key/ID` or `alias/NAME` */
  readonly resource: string;
}

function parseReference(reference: string): Named | undefined {
  if (reference.startsWith("alias/")) return { region: undefined, resource: reference };
  const arn = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:((?:key|alias)\/.+)$/.exec(reference);
  const region = arn?.[1];
  const resource = arn?.[2] ?? `key/${reference}`;
  const sound =
    resource.startsWith("alias/") ||
    /^key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(resource);
  return sound ? { region, resource } : undefined;
}
