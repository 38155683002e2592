/**
 * What the bucket policy asks of each request, whoever makes it: the wire, the organisation, the network, the encryption.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
 * @module
 */
import type { Group, Network, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { insidersOf } from "./closed-world.ts";
import { type Draft, draft, type Sources } from "./draft.ts";
import { joinLabels } from "./labels.ts";
import { arnsOf, keyAt, objectsOf, pathOf, type Place, principalNamed } from "./place.ts";

export function guardRails(sources: Sources, place: Place): readonly Draft[] {
  return [
    ...wire(sources, place),
    ...networks(sources, place),
    ...(place.isHome ? encryption(sources, place) : []),
  ];
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html (s3:authType) */
function wire(sources: Sources, { bucket }: Place): readonly Draft[] {
  const { guards } = sources.map;
  return [
    draft(sources, "bucket-policy/deny-insecure-transport", { bucket }, [["guards", "tls"]]),
    draft(sources, "bucket-policy/deny-old-tls", { bucket, tls: guards.tls }, [["guards", "tls"]]),
    ...(guards.org === undefined
      ? []
      : [
          draft(sources, "bucket-policy/deny-outside-org", { bucket, org: guards.org }, [
            ["guards", "org"],
          ]),
        ]),
    ...(guards.presigned === "allow"
      ? []
      : [draft(sources, "bucket-policy/deny-presigned", { bucket }, [["guards", "presigned"]])]),
  ];
}

/**
 * One statement for all principals of the same network. Endpoint and address are of one statement, so that either
 * admits: a request through an endpoint has no public address, and the other way round.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpce
 */
function networks(sources: Sources, place: Place): readonly Draft[] {
  const { map, labels } = sources;
  const byNetwork = new Map<string, readonly PrincipalName[]>();
  for (const name of insidersOf(sources, place)) {
    const { network } = principalNamed(map, name);
    if (network.kind === "any") continue;
    const key = JSON.stringify([network.vpces, network.cidrs]);
    byNetwork.set(key, [...(byNetwork.get(key) ?? []), name]);
  }
  return [...byNetwork.values()].flatMap((names) => {
    const [first] = names;
    if (first === undefined) return [];
    const { template, values } = networkTemplate(principalNamed(map, first).network);
    const label = joinLabels(names.map((name) => labels.principals.get(name) ?? ""));
    const principals = { pattern: arnsOf(map, names) };
    const from = names.map((name): MapPath => [...pathOf(map, name), "network"]);
    return [draft(sources, template, { bucket: place.bucket, label, principals, ...values }, from)];
  });
}

function networkTemplate(network: Network): {
  readonly template: string;
  readonly values: Readonly<Record<string, readonly string[]>>;
} {
  const { vpces, cidrs } = network.kind === "any" ? { vpces: [], cidrs: [] } : network;
  if (cidrs.length === 0)
    return { template: "bucket-policy/deny-outside-endpoints", values: { endpoints: vpces } };
  if (vpces.length === 0)
    return { template: "bucket-policy/deny-outside-addresses", values: { addresses: cidrs } };
  return {
    template: "bucket-policy/deny-outside-network",
    values: { endpoints: vpces, addresses: cidrs },
  };
}

/**
 * Where the bucket's default encryption counts, a PUT without the header must pass, and the map's judge has seen to it
 * that the default is the group's own.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
 */
function encryption(sources: Sources, place: Place): readonly Draft[] {
  const perGroup = sources.map.groups.flatMap((group) => groupEncryption(sources, place, group));
  const { bucket } = place;
  return [
    ...perGroup,
    draft(sources, "bucket-policy/deny-customer-keys", { bucket }, [["default_encryption"]]),
  ];
}

function groupEncryption(sources: Sources, place: Place, group: Group): readonly Draft[] {
  const { sse, name } = group;
  // by default S3 encrypts by itself, and with which header is the same to whom it lets read
  if (sse.type === "s3" && sse.header === "default") return [];
  const label = sources.labels.groups.get(name) ?? "";
  const values = { label, objects: { pattern: objectsOf(group, place) } };
  const kind = { s3: "AES256", kms: "aws:kms", dsse: "aws:kms:dsse" }[sse.type];
  const from: readonly MapPath[] = [["groups", name, "sse"]];
  const verb = sse.header === "required" ? "require" : "check";
  const header = draft(
    sources,
    `bucket-policy/${verb}-encryption-header`,
    { ...values, encryption: kind },
    from,
  );
  if (sse.type === "s3") return [header];
  const key = keyAt(place, sse.key);
  return [
    header,
    draft(sources, `bucket-policy/${verb}-encryption-key`, { ...values, key }, from),
    ...(verb === "require"
      ? []
      : [
          draft(
            sources,
            "bucket-policy/deny-encryption-without-key",
            { ...values, encryption: kind },
            from,
          ),
        ]),
  ];
}
