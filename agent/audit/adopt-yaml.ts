/** What was found out about a bucket as an access map, each thing with where it was seen. @module */
import type { BucketDocuments, Deployment, PolicyJson } from "../policy/deployment.ts";
import type { Level } from "../policy/rights.ts";
import type { FoundGroups } from "./adopt-groups.ts";
import type { FoundGuards } from "./adopt-guards.ts";
import type { FoundPrincipal } from "./adopt-principals.ts";

/** All that was found out about a bucket, before it is written down. */
export interface Findings {
  readonly deployment: Deployment;
  readonly bucket: BucketDocuments;
  readonly principals: readonly FoundPrincipal[];
  readonly groups: FoundGroups["groups"];
  readonly guards: FoundGuards;
  readonly kept: {
    readonly bucket: readonly PolicyJson[];
    readonly keys: readonly (readonly [arn: string, statements: readonly PolicyJson[]])[];
  };
  /** By group and then principal. */
  readonly readers: ReadonlyMap<string, readonly string[]>;
  readonly publishers: ReadonlyMap<string, readonly (readonly [name: string, level: Level])[]>;
  readonly deployers: readonly string[];
}

/** YAML; every value in it is JSON, which YAML takes as it is. */
export function encodeMap(findings: Findings): string {
  const { deployment, bucket, principals, groups, deployers } = findings;
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
    ...principals.map(({ name, settings, from }) => {
      const all = { ...settings, ...networkOf(findings) };
      return `  ${json(name)}: ${json(all)} # ${from}`;
    }),
    "",
    "groups:",
    ...groups.flatMap((group) => groupLines(findings, group)),
    "",
    "# who may change the bucket's policy today",
    `deployers: ${json(deployers)}`,
    "# a guess: nobody was seen who is only this",
    `break_glass: ${json(deployers.slice(0, 1))}`,
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

/** A network that the bucket asks of everybody is one of each. */
function networkOf({ guards: { vpces, cidrs } }: Findings): Readonly<Record<string, unknown>> {
  if (vpces.length + cidrs.length === 0) return {};
  return {
    network: {
      ...(vpces.length === 0 ? {} : { vpce: vpces }),
      ...(cidrs.length === 0 ? {} : { cidr: cidrs }),
    },
  };
}

function groupLines(
  { bucket, readers, publishers }: Findings,
  { name, prefix, from }: Findings["groups"][number],
): readonly string[] {
  const { encryption } = bucket.settings;
  const type = encryption?.algorithm === "aws:kms:dsse" ? "dsse" : "kms";
  const reading = readers.get(name) ?? [];
  const publishing = publishers.get(name) ?? [];
  return [
    `  ${json(name)}: # ${from}`,
    `    prefix: ${json(prefix)}`,
    ...(encryption?.key === undefined ? [] : [`    sse: ${json({ type, key: encryption.key })}`]),
    ...(reading.length === 0 ? [] : [`    readers: ${json(reading)}`]),
    ...(publishing.length === 0 ? [] : [`    publishers: ${json(Object.fromEntries(publishing))}`]),
  ];
}

/** Those that the policy has; what it lacks stays off, so that nobody is stopped by what is new. */
function guardLines({ guards: { tls, org, presigned } }: Findings): readonly string[] {
  return [
    "guards:",
    ...(tls === undefined ? [] : [`  tls: ${json(tls)} # the bucket's policy`]),
    ...(org === undefined ? [] : [`  org: ${org} # the bucket's policy`]),
    `  presigned: ${presigned ? "deny # the bucket's policy" : "allow # as it is today"}`,
    "  imds_v2: false # no policy of the bucket says so; turn it on when every host is ready",
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
