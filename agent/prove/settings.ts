/** What of the buckets is no policy and must be so all the same. @module */
import type { AccessMap, Target } from "../map/access-map.ts";
import { targetsIn } from "../map/buckets.ts";
import type { BucketSettings, Deployment } from "../policy/deployment.ts";

export interface SettingFault {
  readonly bucket: string;
  readonly line: number;
  /** Lower case, no full stop. */
  readonly message: string;
}

export function settingFaults(map: AccessMap, { buckets }: Deployment): readonly SettingFault[] {
  return targetsIn(map).flatMap((target) => {
    const { bucket, path } = target;
    const line = map.lineOf([...path, "bucket"]);
    const found = buckets.find((one) => one.name === bucket);
    if (found === undefined)
      return [{ bucket, line, message: "expected documents of this bucket, got none" }];
    return faultsOf(target, found.settings).map((message) => ({ bucket, line, message }));
  });
}

function faultsOf(target: Target, settings: BucketSettings): readonly string[] {
  const { publicAccessBlocked, ownership, versioning, encryption } = settings;
  const wanted = encryptionOf(target);
  return [
    publicAccessBlocked === true ? [] : ["expected Block Public Access with all four settings"],
    ownership === "BucketOwnerEnforced"
      ? []
      : ["expected ownership BucketOwnerEnforced, which ends ACLs"],
    versioning === "Enabled" ? [] : ["expected versioning Enabled"],
    JSON.stringify([encryption?.algorithm, encryption?.key, encryption?.bucketKey ?? false]) ===
    JSON.stringify(wanted)
      ? []
      : [
          `expected encryption by default ${wanted.filter((one) => one !== undefined).join(", bucket key ")}`,
        ],
  ].flat();
}

function encryptionOf({ defaultEncryption: sse, bucketKey }: Target) {
  return sse.type === "s3"
    ? (["AES256", undefined, bucketKey] as const)
    : ([sse.type === "kms" ? "aws:kms" : "aws:kms:dsse", sse.key, bucketKey] as const);
}
