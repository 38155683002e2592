/** One host, ready for a pass: its configuration, AWS, and the tree that it writes. @module */
import type { Kms } from "../aws/kms.ts";
import type { S3 } from "../aws/s3.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { GroupName } from "../core/names.ts";
import type { OwnerLookup } from "../store/owners.ts";
import type { Tree } from "../store/tree.ts";
import type { Home } from "./services.ts";

/** What it takes to look. */
export interface Reach {
  readonly clock: Clock;
  readonly home: Home;
  readonly s3: S3;
  readonly kms: () => Promise<Kms>;
  readonly owners: OwnerLookup;
}

/** What it takes to write. */
export interface Host extends Reach {
  readonly config: Config;
  /** Open for writing, with the lock held. */
  readonly tree: Tree;
  /** Plaintext bytes of each group's newest generation, one that is just being staged included. */
  readonly sizes: Map<GroupName, number>;
}
