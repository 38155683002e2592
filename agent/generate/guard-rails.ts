/**
 * What the bucket policy asks of each request, whoever makes it: the wire, the organisation, the network, the encryption.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
 * @module
 */
import type { Group, Network, PrincipalName } from "../map/access-map.ts";
import type { MapPath } from "../map/complete.ts";
import { type Draft, draft, type Sources } from "./draft.ts";
import type { Values } from "./fill.ts";
import { insidersOf } from "./insiders.ts";
import { joinLabels } from "./labels.ts";
import { sorted } from "./order.ts";
import { membersOf } from "./pack-names.ts";
import { keyAt, objectsOf, pathOf, type Place, principalNamed } from "./place.ts";

export function guardRails(sources: Sources, place: Place): readonly Draft[] {
  return [...wire(sources, place), ...networks(sources, place)];
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
 *
 * Among insiders, it may instead name those who have another network, where that is shorter.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpce
 */
function networks(sources: Sources, place: Place): readonly Draft[] {
  const { map, labels, form } = sources;
  const insiders = insidersOf(sources, place);
  const byNetwork = new Map<string, readonly PrincipalName[]>();
  for (const name of insiders) {
    const { network } = principalNamed(map, name);
    if (network.kind === "any") continue;
    const key = JSON.stringify([network.vpces, network.cidrs]);
    byNetwork.set(key, [...(byNetwork.get(key) ?? []), name]);
  }
  return [...byNetwork.values()].flatMap((names) => {
    const [first] = names;
    if (first === undefined) return [];
    const { network } = principalNamed(map, first);
    const label = joinLabels(names.map((name) => labels.principals.get(name) ?? ""));
    const from = names.map((name): MapPath => [...pathOf(map, name), "network"]);
    const common = { bucket: place.bucket, label };
    const others = insiders.filter((name) => !names.includes(name));
    if (form.names === "among insiders" && others.length > 0 && others.length < names.length) {
      const values = { ...networkValues(network), others: membersOf(sources, place, others) };
      return [
        draft(sources, "bucket-policy/deny-outside-network-but", { ...common, ...values }, from),
      ];
    }
    const { template, values } = networkTemplate(network);
    const principals = membersOf(sources, place, names);
    return [draft(sources, template, { ...common, principals, ...values }, from)];
  });
}

/** Undefined for what the network has none of. */
function networkValues(network: Network): Values {
  const { vpces, cidrs } = network.kind === "any" ? { vpces: [], cidrs: [] } : network;
  return {
    endpoints: vpces.length === 0 ? undefined : vpces,
    addresses: cidrs.length === 0 ? undefined : cidrs,
  };
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
export function encryptionRules(sources: Sources, place: Place): readonly Draft[] {
  const { bucket } = place;
  const demands = demandsOf(sources, place);
  return [
    ...demands.map(({ template, groups, values }) =>
      draft(
        sources,
        template,
        {
          ...values,
          label: joinLabels(groups.map(({ name }) => sources.labels.groups.get(name) ?? "")),
          objects: { pattern: sorted(groups.flatMap((group) => objectsOf(group, place))) },
        },
        groups.map(({ name }) => ["groups", name, "sse"]),
      ),
    ),
    draft(sources, "bucket-policy/deny-customer-keys", { bucket }, [
      [...place.target.path, "default_encryption"],
    ]),
  ];
}

interface Demand {
  readonly template: string;
  readonly values: Readonly<Record<string, string>>;
  readonly groups: readonly Group[];
}

function demandsOf(sources: Sources, place: Place): readonly Demand[] {
  const demands = sources.map.groups.flatMap((group) =>
    groupDemands(group, place).map((one) => ({ ...one, groups: [group] })),
  );
  if (sources.form.alike === "by group") return demands;
  const byDemand = new Map<string, Demand>();
  for (const demand of demands) {
    const key = JSON.stringify([demand.template, demand.values]);
    const groups = [...(byDemand.get(key)?.groups ?? []), ...demand.groups];
    byDemand.set(key, { ...demand, groups });
  }
  return [...byDemand.values()];
}

function groupDemands({ sse }: Group, place: Place): readonly Omit<Demand, "groups">[] {
  // by default S3 encrypts by itself, and with which header is the same to whom it lets read
  if (sse.type === "s3" && sse.header === "default") return [];
  const encryption = { s3: "AES256", kms: "aws:kms", dsse: "aws:kms:dsse" }[sse.type];
  const verb = sse.header === "required" ? "require" : "check";
  const header = { template: `bucket-policy/${verb}-encryption-header`, values: { encryption } };
  if (sse.type === "s3") return [header];
  const key = { key: keyAt(place, sse.key) };
  return [
    header,
    { template: `bucket-policy/${verb}-encryption-key`, values: key },
    ...(verb === "require"
      ? []
      : [{ template: "bucket-policy/deny-encryption-without-key", values: { encryption } }]),
  ];
}
