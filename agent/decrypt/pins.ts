/**
 * Which keys may open a group's objects, and in which order they are asked.
 *
 * Pinned is what the configuration names; and of a multi-Region key also its relatives in the regions of the
 * replicas: the same key material under the same id, in the same account.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
 * @module
 */
import { type KmsKeyArn, parseKmsKeyArn, type Region, regionOfKey } from "../core/names.ts";

export interface Pin {
  readonly key: KmsKeyArn;
  /** Asked only once KMS in this region was asked and did not answer; undefined: asked in its turn. */
  readonly standsInFor: Region | undefined;
}

/**
 * - `home`: the home bucket is read; relatives in `regions` stand in while their key's own region is out.
 * - `replica`: a replica in `region` is read; that region is asked first, since the home's is likely out.
 */
export type KeyReach =
  | { readonly kind: "home"; readonly regions: readonly Region[] }
  | {
      readonly kind: "replica";
      readonly region: Region;
      /** Pinned for this replica, beside the group's own. */
      readonly keys: readonly KmsKeyArn[];
    };

/** The pins in the order to ask them, each key once. @param keys of the group, in the config's order */
export function pinKeys(keys: readonly KmsKeyArn[], reach?: KeyReach): readonly Pin[] {
  switch (reach?.kind) {
    case undefined:
      return distinct(keys.map(own));
    case "home":
      return distinct([...keys.map(own), ...keys.flatMap((key) => standIns(key, reach.regions))]);
    case "replica": {
      const { region } = reach;
      const near = keys.filter((key) => regionOfKey(key) === region);
      const relatives = keys.flatMap((key) => relativesOf(key, [region]));
      return distinct([...near, ...relatives, ...reach.keys, ...keys].map(own));
    }
    default:
      return reach satisfies never;
  }
}

export function isMultiRegion(key: KmsKeyArn): boolean {
  return key.includes(":key/mrk-");
}

function own(key: KmsKeyArn): Pin {
  return { key, standsInFor: undefined };
}

function standIns(key: KmsKeyArn, regions: readonly Region[]): readonly Pin[] {
  const standsInFor = regionOfKey(key);
  return relativesOf(key, regions).map((relative) => ({ key: relative, standsInFor }));
}

function relativesOf(key: KmsKeyArn, regions: readonly Region[]): readonly KmsKeyArn[] {
  if (!isMultiRegion(key)) return [];
  return regions.map((region) => parseKmsKeyArn(key.split(":").toSpliced(3, 1, region).join(":")));
}

/** The first of each key: what the config names outright is not made to wait. */
function distinct(pins: readonly Pin[]): readonly Pin[] {
  return pins.filter(({ key }, index) => pins.findIndex((pin) => pin.key === key) === index);
}
