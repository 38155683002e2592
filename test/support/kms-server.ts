/** The sandbox's KMS, with a publisher's clients, a host's, and keys that are in trouble. */
import { KMS } from "@aws-sdk/client-kms";
import { createConnection } from "../../agent/aws/connection.ts";
import { createKms, type Kms } from "../../agent/aws/kms.ts";
import { type KmsKeyArn, parseKmsKeyArn, type Region } from "../../agent/core/names.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { PUBLIC, wiredCall } from "./aws.ts";
import { awsEnvironment } from "./judge.ts";

/** What a key answers instead of doing its work. */
export type Trouble =
  | "AccessDeniedException"
  | "DisabledException"
  | "KMSInternalException"
  | "ThrottlingException";

export interface KmsServer {
  /** In us-east-1 unless said otherwise; a multi-Region one has a replica in eu-west-1. */
  createKey(wanted?: { readonly region?: string; readonly multiRegion?: boolean }): KmsKeyArn;
  trouble(key: KmsKeyArn, trouble: Trouble): void;
  /** Every request since the last call, as "Decrypt KEYARN". */
  asked(): readonly string[];
  /** A publisher's client: each call is one request. */
  client(region: Region): KMS;
  /** A host's, with its retries. */
  readonly kms: Kms;
  /** By which other people's clients find it, as a publisher. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const FAR = "eu-west-1";

export async function startKms(): Promise<KmsServer> {
  const sandbox = await startSandbox({ otherRegions: [FAR] });
  const { keys, log, faults, publisher, endpoints } = sandbox;
  const clients = new Map<Region, KMS>();
  const client = (region: Region): KMS => {
    const made =
      clients.get(region) ??
      new KMS({ region, endpoint: endpoints.kms.href, credentials: publisher, maxAttempts: 1 });
    clients.set(region, made);
    return made;
  };
  const connection = createConnection(2000);
  const { call, requests } = wiredCall();
  const kms = createKms({
    credentials: () => Promise.resolve(publisher),
    endpoints: { ...PUBLIC, kms: endpoints.kms },
    connection,
    call,
    requests,
    now: () => Date.now(),
  });

  const denied = new Set<string>();
  sandbox.setAuthoriser({
    decide: ({ action, resource }) =>
      action === "kms:Decrypt" && denied.has(resource)
        ? { allowed: false, explicit: false, layer: "identity" }
        : { allowed: true },
  });
  const disable = (arn: KmsKeyArn): void => {
    const found = keys.find(arn.split(":")[3] ?? "", arn);
    if (found.kind === "key") keys.transition(found.key, "Disabled");
  };
  return {
    createKey: ({ region = "us-east-1", multiRegion = false } = {}) =>
      parseKmsKeyArn(keys.create({ region, ...(multiRegion ? { replicas: [FAR] } : {}) }).arn),
    trouble: (key, trouble) => {
      if (trouble === "AccessDeniedException") denied.add(key);
      else if (trouble === "DisabledException") disable(key);
      else {
        const kind = trouble === "ThrottlingException" ? "throttle" : "500";
        faults.add({ service: "kms", kind, keyPattern: key });
      }
    },
    asked: () => {
      const asked = log.entries().map(({ operation, key }) => `${operation} ${key}`);
      log.clear();
      return asked;
    },
    client,
    kms,
    env: awsEnvironment(sandbox),
    close: async () => {
      for (const made of clients.values()) made.destroy();
      connection.destroy();
      await sandbox.close();
    },
  };
}

/** The replica of a multi-Region key that `createKey` made beside it. */
export function replicaOf(key: KmsKeyArn): KmsKeyArn {
  return parseKmsKeyArn(key.replace(/:kms:[^:]+:/, `:kms:${FAR}:`));
}
