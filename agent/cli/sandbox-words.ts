/** What a started sandbox says of itself: to a shell, to a program, and to postern's own config. @module */
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { shellQuote } from "./words.ts";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of a role. */
  readonly sessionToken?: string;
}

/** What there is to say. */
export interface Started {
  readonly endpoints: { readonly s3: URL; readonly kms: URL; readonly imds: URL };
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly role: string;
  /** ARN. */
  readonly kmsKey: string;
  /** Keys of a user with every right in the sandbox and of no use outside it. */
  readonly publisher: Keys;
  /** Those of users with a publisher's level, and of whoever is no host in the policies, by name. */
  readonly publishers: Readonly<Record<string, Keys>>;
  /** Those that the role may read. */
  readonly groups: readonly string[];
  readonly seed: string | undefined;
  readonly config: string | undefined;
}

/** The first line of a config that may be overwritten. */
export const CONFIG_HEADER = "# written by postern sandbox; written again when it next starts";

/** One line. */
export function encodeJson(started: Started): string {
  const { bucket, region, account, role, kmsKey, publisher, publishers, groups } = started;
  return `${JSON.stringify({
    env: environmentOf(started),
    bucket,
    region,
    account,
    role,
    kms_key: kmsKey,
    groups,
    publisher: keysOf(publisher),
    publishers: Object.fromEntries(
      Object.entries(publishers).map(([name, keys]) => [name, keysOf(keys)]),
    ),
  })}\n`;
}

function keysOf({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: Keys): Readonly<Record<string, string>> {
  return {
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey,
    ...(sessionToken === undefined ? {} : { session_token: sessionToken }),
  };
}

/** Lines to paste into a shell, and comments that say what to try there. */
export function encodeShell(started: Started): string {
  const { bucket, role, kmsKey, publisher, publishers, groups, seed, config } = started;
  const exports = Object.entries(environmentOf(started)).map(
    ([name, value]) => `export ${name}=${shellQuote(value)}`,
  );
  const group = groups[0];
  const tries = [
    `aws s3 ls ${shellQuote(`s3://${bucket}/${group === undefined ? "" : `${group}/`}`)}`,
    ...(config === undefined ? [] : [`postern fetch --config ${shellQuote(config)}`]),
  ];
  const comments = [
    `role ${role} answers at the address of IMDS; in a shell with the lines above:`,
    ...tries.map((line) => `  ${line}`),
    `key for sealing: ${kmsKey}`,
    "for clients that cannot ask IMDS, and for publishing:",
    ...environmentLines(publisher),
    ...Object.entries(publishers).flatMap(([name, keys]) => [
      `as ${name}:`,
      ...environmentLines(keys),
    ]),
    ...(seed === undefined ? [] : [`saving a file below ${shellQuote(seed)} rotates its secret`]),
    "ctrl-c ends it",
  ];
  return [...exports, ...comments.map((line) => `# ${line}`), ""].join("\n");
}

function environmentLines({ accessKeyId, secretAccessKey, sessionToken }: Keys): readonly string[] {
  return [
    `  AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `  AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    ...(sessionToken === undefined ? [] : [`  AWS_SESSION_TOKEN=${sessionToken}`]),
  ];
}

/** A config for the running user: everything it makes lies beside the file `path`. */
export function encodeConfig(started: Started, path: string): string {
  const { endpoints, bucket, account, region, groups } = started;
  const folder = dirname(path);
  const config = {
    version: 1,
    bucket,
    bucket_owner: account,
    region,
    endpoints: {
      s3: endpoints.s3.origin,
      kms: endpoints.kms.origin,
      imds: endpoints.imds.origin,
      path_style: true,
    },
    paths: { run: join(folder, "run"), state: join(folder, "state") },
    // what was just written is there to be fetched, not to be waited for
    defaults: { settle: "0s" },
    groups: Object.fromEntries(groups.map((group) => [group, { prefix: `${group}/` }])),
  };
  return `${CONFIG_HEADER}\n${stringify(config, { lineWidth: 0 })}`;
}

function environmentOf({ endpoints, region }: Started): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_S3: endpoints.s3.origin,
    AWS_ENDPOINT_URL_KMS: endpoints.kms.origin,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoints.imds.origin,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
}
