import assert from "node:assert/strict";
import type { Config } from "../../agent/config/config.ts";
import type { Runner } from "../../agent/config/group.ts";
import { encodeIssues } from "../../agent/config/issue.ts";
import { parseConfig } from "../../agent/config/parse.ts";

/** postern run by root. */
export const asRoot: Runner = {
  uid: 0,
  defaultOwner: { user: "root", group: "root" },
  memberOf: () => false,
};
/** postern run by user ada, 1000, who is a member of www-data. */
export const asUser: Runner = {
  uid: 1000,
  defaultOwner: { user: "ada", group: "1000" },
  memberOf: (group) => group === "www-data",
};
/** The least that a config says: two lines. */
export const HEAD = "version: 1\nbucket: acme-secrets\n";
/** A key's ARN. */
export const KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/** The faults of postern.yaml (`p.yaml`) and of added files (`0.yaml`, `1.yaml` …), as lines. */
export function issuesOf(
  text: string,
  runner: Runner = asRoot,
  added: readonly string[] = [],
): string[] {
  const texts = [
    { file: "p.yaml", text, isMain: true },
    ...added.map((text, index) => ({ file: `${index}.yaml`, text, isMain: false })),
  ];
  const files = texts.map(({ file }) => file);
  return encodeIssues(parseConfig(texts, runner).issues, files);
}

/** The config that `text` says, which must be without faults. */
export function configOf(text: string, runner: Runner = asRoot): Config {
  assert.deepEqual(issuesOf(text, runner), []);
  const { config } = parseConfig([{ file: "p.yaml", text, isMain: true }], runner);
  assert.ok(config);
  return config;
}
