/**
 * The access keys that a sandbox knows: permanent ones of users, temporary ones of roles.
 * @see AWS "Unique identifiers": AKIA for users' keys, ASIA for temporary ones
 * @module
 */
import type { InstancePlace, Principal } from "./authorise.ts";
import type { Chance, Clock } from "../core/clock.ts";

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface TemporaryCredentials extends AccessKey {
  readonly sessionToken: string;
  /** Epoch milliseconds, whole seconds. */
  readonly expiresAt: number;
}

/** What signature checking needs to know of an access key. */
export interface KnownCredentials {
  readonly secret: string;
  readonly token?: string;
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
  readonly principal: Principal;
}

export interface CredentialsRegistry {
  lookup(accessKeyId: string): KnownCredentials | undefined;
  /**
   * Fresh credentials of a role.
   * @param session an instance's id, where EC2 delivers them
   * @param instance to which they are delivered, where one is
   */
  issue(role: string, session?: string, instance?: InstancePlace): TemporaryCredentials;
  /** A permanent access key of a user. */
  addUser(name: string): AccessKey;
}

/** A registry that keeps expired credentials: AWS answers them ExpiredToken, not InvalidAccessKeyId. */
export function createCredentials(options: {
  readonly account: string;
  readonly clock: Clock;
  readonly chance: Chance;
  /** How long issued credentials last, in milliseconds; at least 1000. */
  readonly lifetimeMs: number;
  /** Of the roles and users that have a path; undefined: it has none. */
  arnOf?(kind: "role" | "user", name: string): string | undefined;
}): CredentialsRegistry {
  const { account, clock, chance, lifetimeMs } = options;
  const arnOf = (kind: "role" | "user", name: string): string =>
    options.arnOf?.(kind, name) ?? `arn:aws:iam::${account}:${kind}/${name}`;
  const known = new Map<string, KnownCredentials>();
  return {
    lookup: (accessKeyId) => known.get(accessKeyId),
    issue(role, session = "sandbox", instance) {
      const key = newAccessKey("ASIA", chance);
      const sessionToken = chance.bytes(192).toString("base64");
      const expiresAt = Math.floor((clock.now() + lifetimeMs) / 1000) * 1000;
      const arn = arnOf("role", role);
      // a role may be another account's
      const owner = arn.split(":")[4] ?? account;
      const principal: Principal = {
        kind: "role",
        arn,
        account: owner,
        name: role,
        sessionArn: `arn:aws:sts::${owner}:assumed-role/${role}/${session}`,
        ...(instance === undefined ? {} : { instance }),
      };
      const { accessKeyId, secretAccessKey: secret } = key;
      known.set(accessKeyId, { secret, token: sessionToken, expiresAt, principal });
      return { ...key, sessionToken, expiresAt };
    },
    addUser(name) {
      const key = newAccessKey("AKIA", chance);
      const principal: Principal = { kind: "user", arn: arnOf("user", name), account, name };
      known.set(key.accessKeyId, { secret: key.secretAccessKey, principal });
      return key;
    },
  };
}

function newAccessKey(kind: "AKIA" | "ASIA", chance: Chance): AccessKey {
  const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const id = [...chance.bytes(16)].map((byte) => base32[byte % 32]).join("");
  return { accessKeyId: `${kind}${id}`, secretAccessKey: chance.bytes(30).toString("base64") };
}
