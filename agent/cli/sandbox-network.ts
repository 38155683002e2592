/** Where the requests of a sandbox come from, as it is told on the command line. @module */
import { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import type { EndpointDocuments } from "../policy/deployment.ts";
import type { Network } from "../sandbox/request-context.ts";

const MEMBERS: Readonly<Record<string, readonly [member: keyof Network, form: RegExp]>> = {
  vpce: ["vpce", /^vpce-[0-9a-f]{8,17}$/],
  "kms-vpce": ["kmsVpce", /^vpce-[0-9a-f]{8,17}$/],
  vpc: ["vpc", /^vpc-[0-9a-f]{8,17}$/],
  ip: ["vpcSourceIp", /^[0-9a-fA-F.:]+$/],
  "public-ip": ["sourceIp", /^[0-9a-fA-F.:]+$/],
};

/** @throws {PosternError} Usage */
export function parseNetwork(text: string): Network {
  const network: { -readonly [Member in keyof Network]: Network[Member] } = {};
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.split(/=(.*)/s);
    const [member, form] = (Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined) ?? [];
    if (member === undefined || form?.test(value) !== true)
      throw new PosternError(
        "Usage",
        `invalid network ${quote(part)}: expected ${Object.keys(MEMBERS).join("=…, ")}=…`,
      );
    network[member] = value;
  }
  return network;
}

/** That of the policies: through their endpoints in the region, where they have some. */
export function networkOf(endpoints: readonly EndpointDocuments[], region: string): Network {
  const idOf = (service: "s3" | "kms"): string | undefined =>
    endpoints.find((one) => one.service === service && one.region === region)?.id;
  const [vpce, kmsVpce] = [idOf("s3"), idOf("kms")];
  return {
    ...(vpce === undefined ? {} : { vpce }),
    ...(kmsVpce === undefined ? {} : { kmsVpce }),
  };
}
