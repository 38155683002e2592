/** What may be shown of a file's content, and of a change of it. @module */
import type { GroupName, SecretName } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { fingerprint, keyedDigest } from "../store/host-key.ts";
import type { ManifestFile } from "../store/manifest.ts";

export interface SecretPlan {
  readonly name: SecretName;
  readonly change: "added" | "changed" | "removed" | "same";
  readonly before: Shown | undefined;
  readonly after: Shown | undefined;
}

/** What may be shown of a value. */
export interface Shown {
  /** In bytes. */
  readonly size: number;
  /**
   * The beginning of an HMAC under this host's key: equal values of one secret have equal ones, and nothing
   * else can be learned from it. Undefined while the host has no key.
   */
  readonly fingerprint: string | undefined;
}

/** What will be at a name: these bytes, or what is there, when `bytes` is undefined. */
export interface Planning {
  readonly name: SecretName;
  readonly bytes: SecretBytes | undefined;
}

/** How the files of `now` change those of `before`, in the order of their names. */
export function compareFiles(
  group: GroupName,
  now: readonly Planning[],
  before: readonly ManifestFile[],
  hostKey: SecretBytes | undefined,
): readonly SecretPlan[] {
  const old = new Map(before.map((file) => [file.name, file]));
  const names = new Set(now.map(({ name }) => name));
  const stay = now.map((planning) => compareOne(group, planning, old.get(planning.name), hostKey));
  const gone = before
    .filter(({ name }) => !names.has(name))
    .map((file): SecretPlan => ({
      name: file.name,
      change: "removed",
      before: shownOf(file),
      after: undefined,
    }));
  return [...stay, ...gone].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function compareOne(
  group: GroupName,
  { name, bytes }: Planning,
  old: ManifestFile | undefined,
  hostKey: SecretBytes | undefined,
): SecretPlan {
  const before = old && shownOf(old);
  if (bytes === undefined) return { name, change: "same", before, after: before };
  const digest = hostKey && keyedDigest(hostKey, group, name, bytes.expose());
  const after = { size: bytes.length, fingerprint: digest && fingerprint(digest) };
  if (old === undefined) return { name, change: "added", before, after };
  return { name, change: digest === old.digest ? "same" : "changed", before, after };
}

function shownOf({ size, digest }: ManifestFile): Shown {
  return { size, fingerprint: fingerprint(digest) };
}
