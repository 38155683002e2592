/**
 * What an instance's metadata say, as a tree below `/latest`: the host, where it is, and its role's credentials.
 * @see AWS EC2 User Guide, "Instance metadata categories" and "Retrieve security credentials from instance metadata"
 * @module
 */
import type { InstancePlace } from "./authorise.ts";
import type { TemporaryCredentials } from "./credentials.ts";
import { DEFAULT_VPC, INSTANCE_IP } from "./request-context.ts";
import type { ServiceContext } from "./service.ts";

export interface Instance {
  /** The role of its instance profile; a host without one has no credentials at all. */
  readonly role?: string;
}

/** EC2 has new credentials ready "at least five minutes before the expiration of the old". */
const RENEWAL_MS = 10 * 60_000;

/** A leaf is text; a folder is listed by its names, those of folders with a slash. */
export interface Folder {
  readonly [name: string]: string | Folder;
}

/**
 * A new host, described anew for each time it is asked: credentials that near their end are renewed then.
 * @returns the folder `/latest` at a time in epoch milliseconds
 */
export function describeInstance(
  context: ServiceContext,
  { role }: Instance,
): (now: number) => Folder {
  const { account, region, chance, clock } = context;
  const instanceId = `i-0${chance.bytes(8).toString("hex")}`;
  const zone = `${region}a`;
  const startedAt = seconds(clock.now());
  const profile = role === undefined ? undefined : createProfile(context, role, instanceId);
  const document = {
    accountId: account,
    architecture: "x86_64",
    availabilityZone: zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: "ami-0123456789abcdef0",
    instanceId,
    instanceType: "t3.micro",
    kernelId: null,
    pendingTime: startedAt,
    privateIp: INSTANCE_IP,
    ramdiskId: null,
    region,
    version: "2017-09-30",
  };
  return (now) => ({
    dynamic: { "instance-identity": { document: encodeJson(document) } },
    "meta-data": {
      "ami-id": document.imageId,
      ...(profile === undefined ? {} : { iam: profile(now) }),
      "instance-id": instanceId,
      "instance-life-cycle": "on-demand",
      "instance-type": document.instanceType,
      "local-ipv4": INSTANCE_IP,
      placement: { "availability-zone": zone, region },
      services: { domain: "amazonaws.com", partition: "aws" },
    },
  });
}

/** What `path` holds, or undefined. EC2 takes a slash at the end of anything, and botocore relies on it. */
export function readMetadata(latest: Folder, path: string): string | undefined {
  const segments = path.split("/").slice(1);
  if (segments.at(-1) === "") segments.pop();
  let here: string | Folder | undefined = { latest };
  for (const segment of segments) {
    if (typeof here === "string" || !Object.hasOwn(here, segment)) return undefined;
    here = here[segment];
    if (here === undefined) return undefined;
  }
  return typeof here === "string" ? here : list(here);
}

function list(folder: Folder): string {
  return Object.entries(folder)
    .map(([name, entry]) => (typeof entry === "string" ? name : `${name}/`))
    .join("\n");
}

/** @returns the folder `iam` at a time */
function createProfile(
  { account, region, credentials, network }: ServiceContext,
  role: string,
  instanceId: string,
): (now: number) => Folder {
  const place: InstancePlace = {
    arn: `arn:aws:ec2:${region}:${account}:instance/${instanceId}`,
    vpc: network?.vpc ?? DEFAULT_VPC,
    privateIp: INSTANCE_IP,
  };
  let current: { readonly keys: TemporaryCredentials; readonly issuedAt: number } | undefined;
  const currentAt = (now: number): NonNullable<typeof current> => {
    const lifetimeMs = current === undefined ? 0 : current.keys.expiresAt - current.issuedAt;
    const renewalMs = Math.min(RENEWAL_MS, lifetimeMs / 2);
    if (current === undefined || now >= current.keys.expiresAt - renewalMs)
      current = { keys: credentials.issue(role, instanceId, place), issuedAt: now };
    return current;
  };
  return (now) => {
    const { keys, issuedAt } = currentAt(now);
    const LastUpdated = seconds(issuedAt);
    return {
      info: encodeJson({
        Code: "Success",
        LastUpdated,
        InstanceProfileArn: `arn:aws:iam::${account}:instance-profile/${role}`,
        InstanceProfileId: "AIPAPOSTERNSANDBOX000",
      }),
      "security-credentials": {
        [role]: encodeJson({
          Code: "Success",
          LastUpdated,
          Type: "AWS-HMAC",
          AccessKeyId: keys.accessKeyId,
          SecretAccessKey: keys.secretAccessKey,
          Token: keys.sessionToken,
          Expiration: seconds(keys.expiresAt),
        }),
      },
    };
  };
}

/** As EC2 writes it: spaces on both sides of the colon. */
function encodeJson(value: Readonly<Record<string, string | null>>): string {
  const members = Object.entries(value).map(
    ([name, member]) => `  ${JSON.stringify(name)} : ${JSON.stringify(member)}`,
  );
  return `{\n${members.join(",\n")}\n}`;
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, "Z");
}
