/** Publishers in the test's own process, each with credentials of its own, against one sandbox or another S3. */
import type { TestContext } from "node:test";
import type { Config } from "../../agent/config/config.ts";
import { parseConfig } from "../../agent/config/parse.ts";
import { type Clock, systemChance, systemClock } from "../../agent/core/clock.ts";
import { type Group, openGroup } from "../../agent/publish/group.ts";
import { openPublisher, type Publisher } from "../../agent/publish/publisher.ts";
import { type GroupSettings, postern, type TestHost } from "./host.ts";
import type { Ended } from "./command.ts";

export interface TestPublisher {
  readonly publisher: Publisher;
  group(name: string): Group;
}

/** The keys that a publisher signs with. */
export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A bucket, and where it is: a sandbox is one. */
export interface Place {
  readonly bucket: string;
  readonly region: string;
  /** That owns the bucket. */
  readonly account: string;
  readonly endpoints: { readonly s3: URL; readonly kms: URL };
}

/** A configuration of these groups in the place's bucket. */
export function configOf(
  place: Place,
  groups: Readonly<Record<string, GroupSettings>>,
  more: Readonly<Record<string, unknown>> = {},
): Config {
  const { bucket, region, account, endpoints } = place;
  const text = JSON.stringify({
    version: 1,
    bucket,
    region,
    bucket_owner: account,
    endpoints: { s3: endpoints.s3.origin, kms: endpoints.kms.origin, path_style: true },
    groups,
    ...more,
  });
  const runner = { uid: 0, defaultOwner: { user: "root", group: "root" }, memberOf: () => true };
  const { config, issues } = parseConfig([{ file: "p.yaml", text, isMain: true }], runner);
  if (config === undefined || issues.length > 0) throw new Error(JSON.stringify(issues));
  return config;
}

/** Waits for nothing: what is asked again is asked at once. */
export const impatientClock: Clock = {
  ...systemClock,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

/** A publisher that ends with the test. */
export async function publisherFor(
  t: Pick<TestContext, "after">,
  config: Config,
  keys: AccessKeys,
  clock: Clock = systemClock,
): Promise<TestPublisher> {
  const publisher = await openPublisher(config, {
    env: {},
    clock,
    chance: systemChance,
    load: () => Promise.resolve(keys),
  });
  t.after(() => publisher.close());
  return {
    publisher,
    group: (name) => {
      const group = config.groups.find((one) => one.name === name);
      if (group === undefined) throw new Error(`no group ${name}`);
      return openGroup(config, group, publisher);
    },
  };
}

/** Runs the real program as the sandbox's publisher. */
export function posternAs(
  host: TestHost,
  words: readonly string[],
  input = "",
  keys: AccessKeys = host.sandbox.publisher,
): Promise<Ended> {
  return postern(
    host,
    [...words, "--config", host.config],
    {
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_REGION: host.sandbox.region,
    },
    input,
  );
}
