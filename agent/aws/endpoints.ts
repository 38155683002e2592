/** Where the services are asked: the config's word, or the SDK's own variables when the config says so. @module */
import { BlockList, isIP } from "node:net";
import { PosternError } from "../core/errors.ts";
import { quote, type Region } from "../core/names.ts";

/** The part of the configuration that decides; structurally `EndpointsConfig`. */
export type EndpointChoice =
  | { readonly kind: "aws" }
  | { readonly kind: "environment"; readonly pathStyle: boolean }
  | {
      readonly kind: "explicit";
      readonly s3: URL | undefined;
      readonly kms: URL | undefined;
      readonly imds: URL | undefined;
      readonly pathStyle: boolean;
    };

/** Undefined URLs: the region's public endpoints, and IMDS at its link-local address. */
export interface Endpoints {
  readonly s3: URL | undefined;
  readonly kms: URL | undefined;
  readonly imds: URL | undefined;
  readonly pathStyle: boolean;
  readonly fips: boolean;
  readonly dualStack: boolean;
}

const PUBLIC: Endpoints = {
  s3: undefined,
  kms: undefined,
  imds: undefined,
  pathStyle: false,
  fips: false,
  dualStack: false,
};

/**
 * @throws {PosternError} ConfigInvalid for a variable that is no URL, or plain `http:` to another host
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function resolveEndpoints(choice: EndpointChoice, env: NodeJS.ProcessEnv): Endpoints {
  switch (choice.kind) {
    case "aws":
      return PUBLIC;
    case "explicit":
      return { ...PUBLIC, ...choice };
    case "environment": {
      return {
        s3: endpointIn(env, "S3"),
        kms: endpointIn(env, "KMS"),
        imds: parseEndpoint(
          "AWS_EC2_METADATA_SERVICE_ENDPOINT",
          env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || imdsOfMode(env),
        ),
        pathStyle: choice.pathStyle,
        fips: env["AWS_USE_FIPS_ENDPOINT"] === "true",
        dualStack: env["AWS_USE_DUALSTACK_ENDPOINT"] === "true",
      };
    }
    default:
      return choice satisfies never;
  }
}

/**
 * Where the environment says that a service is asked; undefined for its public endpoint.
 * @throws {PosternError} ConfigInvalid as above
 */
export function endpointIn(
  env: NodeJS.ProcessEnv,
  service: "S3" | "KMS" | "IAM" | "EC2" | "STS",
): URL | undefined {
  if (env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] === "true") return undefined;
  const own = `AWS_ENDPOINT_URL_${service}`;
  const name = env[own] ? own : "AWS_ENDPOINT_URL";
  return parseEndpoint(name, env[name]);
}

// without it, IMDS is asked over IPv4
function imdsOfMode(env: NodeJS.ProcessEnv): string | undefined {
  const mode = env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"];
  return mode?.toLowerCase() === "ipv6" ? "http://[fd00:ec2::254]" : undefined;
}

/**
 * Whether a region is of the partition "aws", and its services' hosts are called `SERVICE.REGION.amazonaws.com`:
 * those of China, GovCloud and the isolated partitions have other names.
 */
export function isUsualRegion(region: Region): boolean {
  return /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d$/.test(region);
}

/** Whether secrets may travel to `url` unencrypted: it never leaves this host, or is a link-local service. */
export function isNear(url: URL): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(host);
  if (family === 0) return host === "localhost" || host.endsWith(".localhost");
  return near().check(host, family === 4 ? "ipv4" : "ipv6");
}

function near(): BlockList {
  const list = new BlockList();
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addSubnet("169.254.0.0", 16, "ipv4");
  list.addAddress("::1", "ipv6");
  list.addSubnet("fe80::", 10, "ipv6");
  // IMDS and its siblings over IPv6
  list.addSubnet("fd00:ec2::", 32, "ipv6");
  return list;
}

function parseEndpoint(name: string, text: string | undefined): URL | undefined {
  if (text === undefined || text === "") return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new PosternError("ConfigInvalid", `invalid ${name}: expected an http or https URL`);
  if (url.protocol === "http:" && !isNear(url))
    throw new PosternError(
      "ConfigInvalid",
      `invalid ${name} ${quote(url.origin)}: expected https, or http to loopback or link-local`,
      { hint: "if it must be, a configuration may name it in its endpoints, with insecure: true" },
    );
  return url;
}
