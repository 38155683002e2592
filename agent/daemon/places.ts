/** The buckets that may be read, each with its own region, owner and keys. @module */
import type { S3 } from "../aws/s3.ts";
import type { Config } from "../config/config.ts";
import type { KeyReach } from "../decrypt/pins.ts";
import type { Home, Services } from "./services.ts";

/** A bucket, how to ask it, and which keys open what it holds. */
export interface Place extends Home {
  readonly kind: "home" | "replica";
  readonly s3: S3;
  readonly keyReach: KeyReach;
}

/** The home bucket and its replicas in the order to try them. */
export interface Places {
  readonly home: Place;
  readonly replicas: readonly Place[];
}

/** Asks nothing yet. Keep the result: each opening has connections of its own. */
export function openPlaces(
  { failover }: Pick<Config, "failover">,
  home: Home,
  services: Pick<Services, "s3">,
): Places {
  const regions = [...new Set(failover.map(({ region }) => region))];
  return {
    home: {
      ...home,
      kind: "home",
      s3: services.s3(home.region),
      keyReach: { kind: "home", regions: regions.filter((region) => region !== home.region) },
    },
    replicas: failover.map(({ bucket, region, owner = home.owner, keys }) => ({
      kind: "replica",
      bucket,
      region,
      owner,
      s3: services.s3(region),
      keyReach: { kind: "replica", region, keys },
    })),
  };
}
