/** Whether an object opens under the configured keys and context: a real Decrypt, thrown away. @module */
import { remedyOf } from "../aws/failure.ts";
import type { Kms } from "../aws/kms.ts";
import type { GroupConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import { quote, type S3Key } from "../core/names.ts";
import type { SecretBytes } from "../core/secret-bytes.ts";
import { createOpener, type Opener } from "../decrypt/open.ts";
import { judgeRevision, unpackBundle } from "../source/bundle.ts";
import { MAX_ENTRIES } from "../daemon/collect-bundle.ts";
import { attempt, failed, type Finding, isFault, ok } from "./finding.ts";
import type { Home } from "../daemon/services.ts";

export interface Unsealing {
  readonly home: Home;
  /** Who the policies must grant something to: `role "web"`. */
  readonly who: string;
  readonly kms: () => Promise<Kms>;
  /** Length in bytes of the path that the names will be joined to on this host. */
  readonly rootBytes: number;
}

interface Sealed {
  readonly key: S3Key;
  /** Wiped here, or by who opens it. */
  readonly body: SecretBytes;
}

/** Nothing to say of a plain object. */
export async function examineSealing(
  { key, body }: Sealed,
  group: GroupConfig,
  { home, who, kms, rootBytes }: Unsealing,
): Promise<readonly Finding[]> {
  const { decrypt, layout } = group;
  const opener = createOpener({ decrypt, group: group.name, bucket: home.bucket, kms });
  try {
    if (layout.kind === "bundle") {
      const opened = await attempt(() => openBundle(opener, { key, body }, group, rootBytes));
      return [judge(opened, decrypt.mode, who)];
    }
    if (decrypt.mode === "none") return [];
    return [judge(await attempt(() => openObject(opener, { key, body })), decrypt.mode, who)];
  } finally {
    body.wipe();
  }
}

function judge(found: string | PosternError, mode: string, who: string): Finding {
  if (!isFault(found)) return ok("decrypt", `${mode}: ${found}`);
  const fix = remedyOf(found, who);
  return failed("decrypt", found, fix);
}

async function openObject(opener: Opener, { key, body }: Sealed): Promise<string> {
  const plaintext = await opener.object(key, body);
  try {
    return `${quote(key)} opens, ${plaintext.length} bytes`;
  } finally {
    plaintext.wipe();
  }
}

async function openBundle(
  opener: Opener,
  { key, body }: Sealed,
  { layout, maxGroupBytes, onBadName }: GroupConfig,
  rootBytes: number,
): Promise<string> {
  const { plaintext, revision } = await opener.bundle(key, body);
  try {
    const minRevision = layout.kind === "bundle" ? layout.minRevision : 0;
    // what this host has seen is in its tree, which another user than its owner may not read
    const why = judgeRevision({
      revision,
      minRevision,
      highestSeen: undefined,
      acceptOlder: false,
    });
    if (why !== undefined) throw new PosternError("BadData", `bundle ${quote(key)}: ${why}`);
    const { secrets, skipped } = await unpackBundle(plaintext, {
      limits: { maxBytes: maxGroupBytes, maxEntries: MAX_ENTRIES },
      onBadName,
      rootBytes,
    });
    for (const secret of secrets) secret.body.wipe();
    const amount = secrets.length === 1 ? "1 secret" : `${secrets.length} secrets`;
    const left = skipped.length === 0 ? "" : `, ${skipped.length} left out for their names`;
    return `revision ${revision} opens, ${amount}${left}`;
  } finally {
    plaintext.wipe();
  }
}
