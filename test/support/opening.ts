/** The group "web" of bucket "acme-secrets", and its secret "web/db". */
import type { DecryptConfig } from "../../agent/config/config.ts";
import { parseBucketName, parseGroupName, parseS3Key, type S3Key } from "../../agent/core/names.ts";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { createOpener, type Opener } from "../../agent/decrypt/open.ts";
import type { KeyReach } from "../../agent/decrypt/pins.ts";
import type { KmsServer } from "./kms-server.ts";

export const VALUE = "hunter2-canary";
export const KEY: S3Key = parseS3Key("web/db");
/** What `bind: key` demands of it. */
export const BOUND: Readonly<Record<string, string>> = {
  "postern:group": "web",
  "postern:bucket": "acme-secrets",
  "postern:key": "web/db",
};
export const BUNDLE: Readonly<Record<string, string>> = {
  "postern:group": "web",
  "postern:bucket": "acme-secrets",
  "postern:revision": "7",
};

export type Sealed = Exclude<DecryptConfig, { mode: "none" }>;
export type Settings = Pick<Sealed, "keys"> & Partial<Sealed>;

export function openerFor(
  server: KmsServer,
  mode: DecryptConfig["mode"],
  settings: Settings,
  keyReach?: KeyReach,
): Opener {
  const decrypt: DecryptConfig =
    mode === "none" ? { mode } : { bind: "key", context: {}, ...settings, mode };
  const group = parseGroupName("web");
  const bucket = parseBucketName("acme-secrets");
  return createOpener({
    decrypt,
    group,
    bucket,
    keyReach,
    kms: () => Promise.resolve(server.kms),
  });
}

/** The text inside `body`, read as the secret "web/db". */
export async function openObject(
  server: KmsServer,
  mode: DecryptConfig["mode"],
  body: Buffer,
  settings: Settings,
): Promise<string> {
  const copy = new SecretBytes(Buffer.from(body));
  return (await openerFor(server, mode, settings).object(KEY, copy)).expose().toString();
}
