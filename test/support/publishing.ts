/** Publishers in the test's own process, each with credentials of its own, against one sandbox or another S3. */
import type { TestContext } from "node:test";
import type { Config } from "../../agent/config/config.ts";
import { parseConfig } from "../../agent/config/parse.ts";
import { systemChance, systemClock } from "../../agent/core/clock.ts";
import { type Group, openGroup } from "../../agent/publish/group.ts";
import { openPublisher, type Publisher } from "../../agent/publish/publisher.ts";
import type { Sandbox } from "../../agent/sandbox/sandbox.ts";
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
}

/** A configuration of these groups in the sandbox's bucket. */
export function configOf(
  sandbox: Sandbox,
  groups: Readonly<Record<string, GroupSettings>>,
): Config {
  const { bucket, region, account, endpoints } = sandbox;
  const text = JSON.stringify({
    version: 1,
    bucket,
    region,
    bucket_owner: account,
    endpoints: { s3: endpoints.s3.origin, kms: endpoints.kms.origin, path_style: true },
    groups,
  });
  const runner = { uid: 0, defaultOwner: { user: "root", group: "root" }, memberOf: () => true };
  const { config, issues } = parseConfig([{ file: "p.yaml", text, isMain: true }], runner);
  if (config === undefined || issues.length > 0) throw new Error(JSON.stringify(issues));
  return config;
}

/** A publisher that ends with the test. */
export async function publisherFor(
  t: Pick<TestContext, "after">,
  config: Config,
  keys: AccessKeys,
): Promise<TestPublisher> {
  const publisher = await openPublisher(config, {
    env: {},
    clock: systemClock,
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
