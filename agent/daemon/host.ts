/** One host, ready for a pass: its configuration, AWS, and the tree that it writes. @module */
import type { Kms } from "../aws/kms.ts";
import type { Config, GroupConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { GroupName } from "../core/names.ts";
import type { OwnerLookup } from "../store/owners.ts";
import type { Tree } from "../store/tree.ts";
import type { Failover } from "./failover.ts";
import type { Home } from "./services.ts";

/** What it takes to look. */
export interface Reach {
  readonly clock: Clock;
  readonly home: Home;
  /** S3, in the home bucket or in a replica. Its memory outlasts a pass. */
  readonly failover: Failover;
  readonly kms: () => Promise<Kms>;
  readonly owners: OwnerLookup;
  /** The running user. */
  readonly uid: number;
}

/** What it takes to write. */
export interface Host extends Reach {
  readonly config: Config;
  /** Open for writing, with the lock held. */
  readonly tree: Tree;
  /** Plaintext bytes of each group's newest generation, one that is just being staged included. */
  readonly sizes: Map<GroupName, number>;
  readonly judge: Judge;
  /** Whether somebody will reload what uses a set that changes: a daemon does, a single pass does not. */
  readonly owesReloads: boolean;
}

/** Who says whether a set may be used. Each resolves when it may, and rejects with CheckFailed when it may not. */
export interface Judge {
  /** `on_change.check`, before the swap. @param staged the new set's own directory */
  check(group: GroupConfig, staged: string, signal: AbortSignal): Promise<void>;
  /** `on_change.verify`, after the swap. */
  verify(group: GroupConfig, signal: AbortSignal): Promise<void>;
}
