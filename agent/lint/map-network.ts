/**
 * Rules about where requests come from, and about guards that are off.
 * @module
 */
import { isIPv4 } from "node:net";
import type { AccessMap, PrincipalName } from "../map/access-map.ts";
import { isHost } from "./map-duties.ts";
import type { MapHarm, Rule } from "./rule.ts";

const KEYS =
  "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html";

export const MAP_NETWORK_RULES: readonly Rule[] = [
  {
    id: "presigned-allowed",
    severity: "warning",
    title: "presigned URLs that are allowed",
    why: "A URL that leaks into a log or a chat opens the secret for whoever has it.",
    page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html",
    fix: "remove `presigned: allow`: postern itself never makes one",
    witness: false,
    judges: "map",
    find: ({ guards }) =>
      guards.presigned === "deny"
        ? []
        : [{ path: ["guards", "presigned"], message: "expected presigned: deny, got allow" }],
  },
  {
    id: "old-imds-allowed",
    severity: "warning",
    title: "credentials that came over version 1 of the metadata service",
    why: "Version 1 gives them to any request that an application can be made to send, with no header to stop it.",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    fix: "remove `imds_v2: false`, and launch instances with HttpTokens required",
    witness: false,
    judges: "map",
    find: (map) =>
      map.guards.imdsV2 || !map.principals.some(isHost)
        ? []
        : [{ path: ["guards", "imds_v2"], message: "expected imds_v2: true, got false" }],
  },
  {
    id: "stolen-credentials-usable",
    severity: "warning",
    title: "an instance that reads, whose credentials work from anywhere",
    why: "Copied from the instance, they read its secrets from any network until they expire.",
    page: `${KEYS}#condition-keys-ec2instancesourcevpc`,
    fix: "set `guards.stolen_credentials`, or limit the `network`",
    witness: false,
    judges: "map",
    find: usable,
  },
  {
    id: "network-of-everyone",
    severity: "warning",
    title: "a network with a range that holds a large part of the internet",
    why: "It looks like a limit and is none.",
    page: `${KEYS}#condition-keys-sourceip`,
    fix: "name the addresses that requests come from, or say `network: any`",
    witness: false,
    judges: "map",
    find: (map) =>
      rangesOf(map, (range) =>
        isWide(range) ? `expected addresses of one's own, got "${range}"` : undefined,
      ),
  },
  {
    id: "private-addresses",
    severity: "warning",
    title: "a network with a private range",
    why: "S3 sees the public address of a request, and none for what comes through an endpoint: the range admits nobody.",
    page: `${KEYS}#condition-keys-sourceip`,
    fix: "name the endpoint in `vpce`, or the public address of the gateway",
    witness: false,
    judges: "map",
    find: (map) =>
      rangesOf(map, (range) =>
        isPrivate(range) ? `expected public addresses, got "${range}"` : undefined,
      ),
  },
];

function usable(map: AccessMap): readonly MapHarm[] {
  const { guards, groups, principals } = map;
  if (guards.stolenCredentials !== "off") return [];
  const readers = new Set(groups.flatMap((group) => group.readers));
  return principals
    .filter((one) => isHost(one) && one.kind !== "service")
    .filter(({ name, network }) => readers.has(name) && network.kind === "any")
    .map(({ name }) => ({
      path: placeOf(map, name),
      message: `expected guards.stolen_credentials, or a network of ${name}, got neither`,
    }));
}

function rangesOf(
  map: AccessMap,
  fault: (range: string) => string | undefined,
): readonly MapHarm[] {
  return map.principals.flatMap(({ name, network }) =>
    network.kind === "any"
      ? []
      : network.cidrs.flatMap((range, at): readonly MapHarm[] => {
          const message = fault(range);
          const path = [...placeOf(map, name), "network", "cidr", at];
          return message === undefined ? [] : [{ path, message }];
        }),
  );
}

/** Nobody's own addresses are more than an eighth of a registry's first byte, or a /16 of IPv6. */
function isWide(range: string): boolean {
  const [address = "", bits = ""] = range.split("/");
  return Number(bits) < (isIPv4(address) ? 8 : 16);
}

/** @see https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html */
function isPrivate(range: string): boolean {
  const private4 =
    /^(10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
  return private4.test(range) || /^(f[cd]|fe[89ab])[0-9a-f]{0,2}:/i.test(range);
}

/** What was made for hosts stands there. */
function placeOf({ hosts }: AccessMap, name: PrincipalName): MapHarm["path"] {
  const host = hosts.find(({ principal }) => principal === name);
  return host === undefined ? ["principals", name] : ["hosts", host.name];
}
