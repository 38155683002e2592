/** A host made ready for passes from its configuration. @module */
import type { Config, GroupConfig } from "../config/config.ts";
import { loadS3 } from "../aws/s3.ts";
import type { Chance, Clock } from "../core/clock.ts";
import type { GroupName } from "../core/names.ts";
import { untilSent } from "../core/turn.ts";
import { generationBytes } from "../store/comparison.ts";
import { readCurrent } from "../store/generation.ts";
import type { OwnerLookup } from "../store/owners.ts";
import type { Tree } from "../store/tree.ts";
import { createFailover, type FailoverEvent } from "./failover.ts";
import type { HomeHealth } from "./home-health.ts";
import type { Host, Judge } from "./host.ts";
import { openPlaces } from "./places.ts";
import type { Home, Services } from "./services.ts";

export interface HostParts {
  readonly config: Config;
  readonly services: Pick<Services, "s3" | "kms">;
  readonly home: Home;
  readonly tree: Tree;
  readonly owners: OwnerLookup;
  readonly clock: Clock;
  readonly chance: Chance;
  /** What was heard of the same home bucket before. */
  readonly health?: HomeHealth | undefined;
  readonly onFailover?: ((event: FailoverEvent) => void) | undefined;
  /** The running user. */
  readonly uid: number;
  readonly judge: Judge;
  readonly owesReloads: boolean;
}

export function openHost({ services, chance, health, onFailover, ...parts }: HostParts): Host {
  const { home, config, tree, clock } = parts;
  const places = openPlaces(config, home, services);
  const { passTimeoutMs } = config.limits;
  return {
    ...parts,
    failover: createFailover({
      places,
      passTimeoutMs,
      clock,
      chance,
      ...(health === undefined ? {} : { health }),
      ...(onFailover === undefined ? {} : { onEvent: onFailover }),
    }),
    kms: () => services.kms(),
    sizes: heldSizes(config, tree),
  };
}

/**
 * Begins what the passes will need while nothing else can be done: getent(1) while IMDS makes a token, loading what
 * asks S3 while it says who this host is, and loading what opens sealed secrets, which takes longest, while S3 answers.
 * A failure is told where it is needed; this never rejects.
 */
export async function getReady(
  groups: readonly GroupConfig[],
  services: Services,
  owners: OwnerLookup,
): Promise<void> {
  const later = (): undefined => undefined;
  for (const { owner } of groups) owners(owner).catch(later);
  await services.imds.untilToken();
  await untilSent();
  loadS3().catch(later);
  const modes = new Set(groups.map(({ decrypt }) => decrypt.mode));
  if (!modes.has("kms") && !modes.has("envelope")) return;
  await services.provider.credentials().catch(later);
  await untilSent();
  services.kms().catch(later);
  if (modes.has("envelope")) import("../decrypt/envelope.ts").catch(later);
}

/** Of every group, also those that are not fetched now: they hold memory all the same. */
function heldSizes({ groups }: Config, tree: Tree): Map<GroupName, number> {
  return new Map(groups.map(({ name }) => [name, heldSize(tree, name)]));
}

function heldSize(tree: Tree, group: GroupName): number {
  try {
    const current = readCurrent(tree, group);
    return current.kind === "generation" ? generationBytes(current.generation.manifest) : 0;
  } catch {
    // what is in the way there is for that group's own pass to tell
    return 0;
  }
}
