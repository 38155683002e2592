/** What `postern sandbox` is told on the command line, checked. @module */
import { resolve } from "node:path";
import type { Argv } from "yargs";
import { encodeDuration, parseDuration } from "../config/units.ts";
import { PosternError } from "../core/errors.ts";
import {
  parseAccountId,
  parseBucketName,
  parseGroupName,
  parseRegion,
  quote,
  type GroupName,
} from "../core/names.ts";
import { LEVELS } from "../policy/rights.ts";
import type { FaultRule } from "../sandbox/faults.ts";
import type { PublisherOfLevel } from "../sandbox/publishers.ts";
import type { Network } from "../sandbox/request-context.ts";
import { parseNetwork } from "./sandbox-network.ts";
import { parseFault } from "./sandbox-faults.ts";

/** Complete: defaults filled in, units converted, paths absolute. */
export interface SandboxFlags {
  readonly seed: string | undefined;
  /** A folder of documents, which say what is not said here. */
  readonly policies: string | undefined;
  readonly bucket: string | undefined;
  readonly region: string | undefined;
  readonly account: string | undefined;
  readonly role: RoleFlag | undefined;
  readonly org: string | undefined;
  readonly network: Network | undefined;
  readonly publishers: readonly PublisherOfLevel[];
  readonly ports: { readonly s3: number; readonly kms: number; readonly imds: number };
  readonly latencyMs: number;
  readonly faults: readonly FaultRule[];
  readonly credentialsLifetimeMs: number;
  readonly writeConfig: string | undefined;
  readonly json: boolean;
  readonly untilEof: boolean;
}

export interface RoleFlag {
  readonly name: string;
  /** The groups that it may read; undefined: everything, and write it too. */
  readonly groups: readonly GroupName[] | undefined;
}

/** As yargs hands them over. */
export interface RawFlags {
  readonly seed?: string | undefined;
  readonly policies?: string | undefined;
  readonly bucket?: string | undefined;
  readonly region?: string | undefined;
  readonly account?: string | undefined;
  readonly role?: string | undefined;
  readonly org?: string | undefined;
  readonly network?: string | undefined;
  readonly publisher: readonly string[];
  readonly "port-s3": string;
  readonly "port-kms": string;
  readonly "port-imds": string;
  readonly latency: string;
  readonly fault: readonly string[];
  readonly "credentials-lifetime": string;
  readonly "write-config"?: string | undefined;
  readonly json: boolean;
  readonly "until-eof": boolean;
}

/** Adds the flags to a yargs command. */
export function addFlags(options: Argv): Argv<RawFlags> {
  const text = (describe: string) => ({ type: "string", requiresArg: true, describe }) as const;
  const texts = (describe: string, fallback: string) =>
    ({ ...text(describe), default: fallback }) as const;
  return options
    .option("seed", text("serve this folder live: GROUP/SECRET is a file"))
    .option("policies", text("put the documents in this folder in force"))
    .option("bucket", text("the bucket's name (postern-sandbox)"))
    .option("region", text("the region that everything is in (us-east-1)"))
    .option("account", text("the account that owns everything (111122223333)"))
    .option("role", text("the instance's role (postern-sandbox); NAME=GROUP,… reads only those"))
    .option("org", text("the organisation that the account belongs to"))
    .option("network", text("where requests come from: vpce=ID,vpc=ID,ip=IP or public-ip=IP"))
    .option("publisher", {
      type: "string",
      array: true,
      // one word each: what follows is not a publisher
      nargs: 1,
      default: [] as string[],
      describe: "a user too, NAME=LEVEL:GROUP,… with write, edit or restore",
    })
    .option("port-s3", texts("where S3 listens; 0 picks a free port", "0"))
    .option("port-kms", texts("where KMS listens", "0"))
    .option("port-imds", texts("where IMDS listens", "0"))
    .option("latency", texts("answer every request this much later (20ms)", "0ms"))
    .option("fault", {
      type: "string",
      array: true,
      // one word each: what follows is not a fault
      nargs: 1,
      default: [] as string[],
      describe: "misbehave: [SERVICE[.OPERATION]=]KIND[:AMOUNT][*TIMES], as s3=503*2",
    })
    .option("credentials-lifetime", texts("how long the role's credentials last", "1h"))
    .option("write-config", text("write a postern.yaml for this sandbox"))
    .option("json", { type: "boolean", default: false, describe: "say it in one line of JSON" })
    .option("until-eof", {
      type: "boolean",
      default: false,
      describe: "end when standard input does",
    });
}

/**
 * @param cwd what relative paths are relative to
 * @throws {PosternError} Usage
 */
export function readFlags(raw: RawFlags, cwd: string): SandboxFlags {
  if (raw.policies !== undefined && (raw.publisher.length > 0 || raw.role?.includes("=") === true))
    throw new PosternError("Usage", "--policies: expected no rights beside theirs", {
      hint: "name the role alone, and leave --publisher out",
    });
  return {
    seed: raw.seed === undefined ? undefined : resolve(cwd, raw.seed),
    policies: raw.policies === undefined ? undefined : resolve(cwd, raw.policies),
    bucket: optional("bucket", raw.bucket, parseBucketName),
    region: optional("region", raw.region, parseRegion),
    account: optional("account", raw.account, parseAccountId),
    role: optional("role", raw.role, parseRole),
    org: optional("org", raw.org, parseOrg),
    network: optional("network", raw.network, parseNetwork),
    publishers: raw.publisher.map((text) => flag("publisher", text, parsePublisher)),
    ports: {
      s3: flag("port-s3", raw["port-s3"], parsePort),
      kms: flag("port-kms", raw["port-kms"], parsePort),
      imds: flag("port-imds", raw["port-imds"], parsePort),
    },
    latencyMs: flag("latency", raw.latency, parseDurationFrom(0)),
    faults: raw.fault.map((text) => flag("fault", text, parseFault)),
    credentialsLifetimeMs: flag(
      "credentials-lifetime",
      raw["credentials-lifetime"],
      parseDurationFrom(1000),
    ),
    writeConfig: raw["write-config"] === undefined ? undefined : resolve(cwd, raw["write-config"]),
    json: raw.json,
    untilEof: raw["until-eof"],
  };
}

/** A value that cannot be is a misuse of the command, and says of which flag. */
function flag<Value>(name: string, text: string, parse: (text: string) => Value): Value {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    throw new PosternError("Usage", `--${name}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function optional<Value>(
  name: string,
  text: string | undefined,
  parse: (text: string) => Value,
): Value | undefined {
  return text === undefined ? undefined : flag(name, text, parse);
}

function parseOrg(text: string): string {
  if (/^o-[a-z0-9]{10,32}$/.test(text)) return text;
  throw new PosternError("Usage", `invalid organisation ${quote(text)}: expected o-…`);
}

function parseRole(text: string): RoleFlag {
  const [, name, groups] = /^([\w+.@-]{1,64})(?:=(.*))?$/.exec(text) ?? [];
  if (name === undefined)
    throw new PosternError("Usage", `invalid role ${quote(text)}: expected NAME or NAME=GROUP,…`);
  return { name, groups: groups?.split(",").map(parseGroupName) };
}

function parsePublisher(text: string): PublisherOfLevel {
  const [, name = "", word, groups = ""] = /^([\w+.@-]{1,64})=(\w+):(.+)$/.exec(text) ?? [];
  const level = LEVELS.find((one) => one === word);
  if (level !== undefined) return { name, level, groups: groups.split(",").map(parseGroupName) };
  throw new PosternError(
    "Usage",
    `invalid publisher ${quote(text)}: expected NAME=LEVEL:GROUP,… with one of ${LEVELS.join(", ")}`,
  );
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new PosternError("Usage", `invalid port ${quote(text)}: expected 0 to 65535`);
  return Number(text);
}

/** A day is more than any delay, and than credentials of a role ever last. */
const MOST_MS = 86_400_000;

function parseDurationFrom(leastMs: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms >= leastMs && ms <= MOST_MS) return ms;
    const range = `${encodeDuration(leastMs)} to ${encodeDuration(MOST_MS)}`;
    throw new PosternError("Usage", `invalid duration ${quote(text)}: expected ${range}`);
  };
}
