/** A group as its publisher has it: where it lies, and how it is opened and sealed. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { PosternError } from "../core/errors.ts";
import {
  keyIn,
  type KmsKeyArn,
  parseSecretName,
  quote,
  type S3Key,
  type SecretName,
} from "../core/names.ts";
import { createOpener, type Opener } from "../decrypt/open.ts";
import type { Publisher } from "./publisher.ts";
import { createSealer, type Sealer } from "./seal.ts";

export interface Group {
  readonly config: GroupConfig;
  readonly publisher: Publisher;
  readonly opener: Opener;
  readonly sealer: Sealer;
  /** Keys in the regions of the replicas: what is sealed for the home opens there as well. */
  readonly replicaKeys: readonly KmsKeyArn[];
}

/** Asks nothing yet. */
export function openGroup(config: Config, group: GroupConfig, publisher: Publisher): Group {
  const { name, decrypt } = group;
  const { bucket } = publisher;
  const bound = { decrypt, group: name, bucket };
  const replicaKeys =
    decrypt.mode === "envelope" ? config.failover.flatMap(({ keys }) => keys) : [];
  return {
    config: group,
    publisher,
    replicaKeys,
    opener: createOpener({ ...bound, kms: () => Promise.resolve(publisher.kms) }),
    sealer: createSealer({
      ...bound,
      replicaKeys,
      client: publisher.sealing,
    }),
  };
}

/**
 * A secret's name in the group.
 * @throws {PosternError} BadName, also for a name that no host would read
 */
export function nameIn({ config }: Group, text: string): SecretName {
  const name = parseSecretName(text);
  const { layout } = config;
  if (layout.kind === "only" && !layout.names.includes(name))
    throw new PosternError(
      "BadName",
      `no host reads ${quote(name)} in group "${config.name}": expected one of ${layout.names.join(", ")}`,
      { hint: "add it to only: in the config, for the hosts as well" },
    );
  return name;
}

/** The object that holds the secret: its own, or the whole group's. */
export function keyOf({ config }: Group, name: SecretName): S3Key {
  const { layout } = config;
  return layout.kind === "bundle" ? layout.key : keyIn(layout.prefix, name);
}
