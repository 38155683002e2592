/** What was found out about a bucket as an access map, each thing with where it was seen. @module */
import type { BucketDocuments, Deployment } from "../policy/deployment.ts";
import type { Level } from "../policy/rights.ts";
import type { FoundEncryption } from "./adopt-encryption.ts";
import type { FoundGroups } from "./adopt-groups.ts";
import type { FoundGuards } from "./adopt-guards.ts";
import type { FoundHostGuards } from "./adopt-host-guards.ts";
import type { Kept } from "./adopt-kept.ts";
import type { FoundPrincipal } from "./adopt-principals.ts";

/** All that was found out about a bucket, before it is written down. */
export interface Findings {
  readonly deployment: Deployment;
  readonly bucket: BucketDocuments;
  readonly principals: readonly FoundPrincipal[];
  readonly groups: FoundGroups["groups"];
  /** What its objects are encrypted with, by their key. */
  readonly encryptionOf: (prefix: string) => FoundEncryption | undefined;
  readonly guards: FoundGuards;
  readonly hosts: FoundHostGuards;
  readonly kept: Kept;
  /** By group and then principal. */
  readonly readers: ReadonlyMap<string, readonly string[]>;
  readonly publishers: ReadonlyMap<string, readonly (readonly [name: string, level: Level])[]>;
  readonly deployers: readonly string[];
  readonly breakGlass: { readonly names: readonly string[]; readonly isGuess: boolean };
}

/** YAML; every value in it is JSON, which YAML takes as it is. */
export function encodeMap(findings: Findings): string {
  const { deployment, bucket, principals, groups, deployers, breakGlass } = findings;
  return [
    "# Told from the documents of a bucket in use. Read it through before anything is made of it.",
    "version: 1",
    `account: ${json(deployment.account)}`,
    ...(deployment.partition === "aws" ? [] : [`partition: ${deployment.partition}`]),
    `region: ${bucket.region}`,
    `bucket: ${json(bucket.name)}`,
    ...encryptionLines(findings),
    ...endpointLines(findings),
    "",
    "principals:",
    ...principals.map(({ name, arn, settings, from }) => {
      const all = { ...settings, ...networkOf(findings, arn) };
      return `  ${json(name)}: ${json(all)} # ${from}`;
    }),
    "",
    "groups:",
    ...groups.flatMap((group) => groupLines(findings, group)),
    "",
    "# who may change the bucket's policy today",
    `deployers: ${json(deployers)}`,
    breakGlass.isGuess
      ? "# a guess: nobody was seen who is only this"
      : "# who may change the policy and read everything, and puts nothing",
    `break_glass: ${json(breakGlass.names)}`,
    "",
    ...guardLines(findings),
    ...keepLines(findings),
    "",
  ].join("\n");
}

function encryptionLines({ bucket }: Findings): readonly string[] {
  const { encryption } = bucket.settings;
  if (encryption?.key === undefined || encryption.algorithm === "AES256") return [];
  const type = encryption.algorithm === "aws:kms" ? "kms" : "dsse";
  return [
    ...(encryption.bucketKey
      ? [
          "bucket_key: true # get-bucket-encryption",
          "accept: [bucket-key] # as it is today: KMS cannot tell the groups apart",
        ]
      : []),
    `default_encryption: ${json({ type, key: encryption.key })} # get-bucket-encryption`,
  ];
}

function endpointLines({ deployment }: Findings): readonly string[] {
  if (deployment.endpoints.length === 0) return [];
  return [
    "endpoints: # describe-vpc-endpoints",
    ...deployment.endpoints.map(({ id, service, type }) => `  ${id}: ${json({ service, type })}`),
  ];
}

/** What is asked of the principal by name, or of everybody. */
function networkOf({ guards }: Findings, arn: string): Readonly<Record<string, unknown>> {
  const own = guards.networks.filter(({ arns }) => arns?.some((one) => sameRole(one, arn)));
  const asked = own.length > 0 ? own : guards.networks.filter(({ arns }) => arns === undefined);
  const vpces = [...new Set(asked.flatMap((one) => one.vpces))];
  const cidrs = [...new Set(asked.flatMap((one) => one.cidrs))];
  if (vpces.length + cidrs.length === 0) return {};
  return {
    network: {
      ...(vpces.length === 0 ? {} : { vpce: vpces }),
      ...(cidrs.length === 0 ? {} : { cidr: cidrs }),
    },
  };
}

/** A permission set's roles are named by the pattern of their end. */
function sameRole(pattern: string, arn: string): boolean {
  const text = pattern.replace(/_\?{16}$/, "");
  return pattern === text ? pattern === arn : arn.replace(/_[0-9a-f]{16}$/, "") === text;
}

function groupLines(
  { encryptionOf, readers, publishers }: Findings,
  { name, prefix, from }: Findings["groups"][number],
): readonly string[] {
  const sse = encryptionOf(prefix);
  const reading = readers.get(name) ?? [];
  const publishing = publishers.get(name) ?? [];
  return [
    `  ${json(name)}: # ${from}`,
    `    prefix: ${json(prefix)}`,
    ...(sse === undefined ? [] : [`    sse: ${json(sse)}`]),
    ...(reading.length === 0 ? [] : [`    readers: ${json(reading)}`]),
    ...(publishing.length === 0 ? [] : [`    publishers: ${json(Object.fromEntries(publishing))}`]),
  ];
}

/** Those that the documents have; what they lack stays off, so that nobody is stopped by what is new, but TLS. */
function guardLines({ guards: { tls, org, presigned }, hosts }: Findings): readonly string[] {
  return [
    "guards:",
    tls === undefined
      ? '  tls: "1.2" # new: no statement of the bucket\'s policy asks it of everybody, and a map always does'
      : `  tls: ${json(tls)} # the bucket's policy`,
    ...(org === undefined ? [] : [`  org: ${org} # the bucket's policy`]),
    `  presigned: ${presigned ? "deny # the bucket's policy" : "allow # as it is today"}`,
    hosts.imdsV2
      ? "  imds_v2: true # the policies of the hosts' roles"
      : "  imds_v2: false # not every host's role says so; turn it on when every host is ready",
    ...(hosts.stolenCredentials === "off"
      ? []
      : [`  stolen_credentials: ${hosts.stolenCredentials} # the policies of the hosts' roles`]),
  ];
}

function keepLines({ kept }: Findings): readonly string[] {
  if (kept.bucket.length + kept.keys.length === 0) return [];
  return [
    "",
    "# what nothing above stands for, word for word",
    "keep:",
    ...(kept.bucket.length === 0
      ? []
      : ["  bucket:", ...kept.bucket.map((one) => `    - ${json(one)}`)]),
    ...(kept.keys.length === 0 ? [] : ["  keys:"]),
    ...kept.keys.flatMap(([arn, statements]) => [
      `    ${json(arn)}:`,
      ...statements.map((one) => `      - ${json(one)}`),
    ]),
  ];
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
