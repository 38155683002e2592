/** What of a map is wrong before anything is filled in: names that nothing bears, choices that exclude each other. @module */
import { didYouMean } from "../config/issue.ts";
import { quote } from "../core/names.ts";
import type { MapPath } from "./complete.ts";
import { needTheSame } from "./hosts.ts";
import type { EncryptionSettings, GroupSettings, MapSettings } from "./schema.ts";

/** Tells of one fault: what was expected, then what came. */
export type Report = (path: MapPath, message: string, at?: "key" | "value") => void;

export function judgeSettings(settings: MapSettings, report: Report): void {
  for (const [name, group] of settings.groups) judgeGroup(["groups", name], group, report);
  judgeEncryptionSettings(["default_encryption"], settings.default_encryption, report);
  for (const [at, { default_encryption: encryption }] of (settings.replicas ?? []).entries())
    judgeEncryptionSettings(["replicas", at, "default_encryption"], encryption, report);
  judgeBuckets(settings, report);
  judgeNames(settings, report);
  judgeHosts(settings, report);
  const { principals } = settings;
  for (const [name, { network }] of principals)
    if (network !== undefined && network !== "any" && !network.vpce && !network.cidr)
      report(["principals", name, "network"], "expected vpce, cidr or both, got neither");
}

/** Each bucket is another, and what is said of one is said of one that there is. */
function judgeBuckets(settings: MapSettings, report: Report): void {
  const { bucket, further_buckets: further = [], replicas = [], groups } = settings;
  const homes: readonly string[] = [bucket, ...further.map(([name]) => name)];
  const seen = new Set<string>();
  const once = (path: MapPath, name: string, at?: "key"): void => {
    if (seen.has(name)) report(path, `expected each bucket once, got ${quote(name)} again`, at);
    seen.add(name);
  };
  once(["bucket"], bucket);
  for (const [name, { default_encryption: encryption }] of further) {
    once(["further_buckets", name], name, "key");
    judgeEncryptionSettings(["further_buckets", name, "default_encryption"], encryption, report);
    if (!groups.some(([, group]) => group.bucket === name))
      report(["further_buckets", name], "expected groups that lie in it, got none", "key");
  }
  if (groups.every(([, group]) => group.bucket !== undefined && group.bucket !== bucket))
    report(["bucket"], "expected groups that lie in it, got none");
  for (const [at, replica] of replicas.entries()) once(["replicas", at, "bucket"], replica.bucket);
  const known = (path: MapPath, name: string | undefined): void => {
    if (name === undefined || homes.includes(name)) return;
    report(
      path,
      `expected bucket or one of further_buckets, got ${quote(name)}${didYouMean(name, homes)}`,
    );
  };
  for (const [name, group] of groups) known(["groups", name, "bucket"], group.bucket);
  for (const [at, replica] of replicas.entries()) known(["replicas", at, "of"], replica.of);
}

function judgeGroup(
  path: MapPath,
  { prefix, only, bundle, sse, seal }: GroupSettings,
  report: Report,
): void {
  if (bundle !== undefined && (prefix !== undefined || only !== undefined))
    report([...path, "bundle"], "expected prefix or bundle, got both");
  else if (bundle === undefined && prefix === undefined)
    report(path, "expected prefix or bundle, got neither");
  if (bundle !== undefined && seal?.mode !== "envelope")
    report(
      [...path, "seal"],
      `expected mode envelope, which every bundle is sealed in, got ${seal?.mode ?? "none"}`,
    );
  judgeEncryptionSettings([...path, "sse"], sse, report);
  if (seal?.bind === "none" && seal.context === undefined)
    report(
      [...path, "seal"],
      "expected an explicit context with bind none ({} for none), got nothing",
    );
  for (const [name] of seal?.context ?? [])
    if (/^(postern:|aws)/i.test(name) || !/^[\w:./@-]+$/.test(name))
      report(
        [...path, "seal", "context", name],
        `expected a name of letters, digits and "_:./@-" that starts with neither "postern:" nor "aws", got ${quote(name)}`,
        "key",
      );
  for (const [name, value] of seal?.context ?? [])
    if (/[*?$]/.test(value))
      report(
        [...path, "seal", "context", name],
        `expected a value without "*", "?" and "$", got ${quote(value)}`,
      );
}

function judgeEncryptionSettings(
  path: MapPath,
  settings: EncryptionSettings | undefined,
  report: Report,
): void {
  if (settings === undefined || (settings.type === "s3") === (settings.key === undefined)) return;
  report(
    path,
    settings.type === "s3"
      ? "expected no key with type s3, got one"
      : `expected key with type ${settings.type}, got none`,
  );
}

/** Every name of a principal or group, wherever one is used. */
function judgeNames(settings: MapSettings, report: Report): void {
  const principals = settings.principals.map(([name]) => name);
  const groups = settings.groups.map(([name]) => name);
  const known = (path: MapPath, name: string, names: readonly string[], what: string): void => {
    if (names.includes(name)) return;
    report(path, `expected ${what}, got ${quote(name)}${didYouMean(name, names)}`);
  };
  const each = (path: MapPath, names: readonly string[]): void => {
    for (const [at, name] of names.entries())
      known([...path, at], name, principals, "one of principals");
  };
  for (const [name, { readers = [], publishers = [] }] of settings.groups) {
    each(["groups", name, "readers"], readers);
    for (const [principal] of publishers)
      known(["groups", name, "publishers", principal], principal, principals, "one of principals");
  }
  each(["deployers"], settings.deployers);
  each(["break_glass"], settings.break_glass);
  each(["auditors"], settings.auditors ?? []);
  for (const [name, host] of settings.hosts ?? [])
    for (const [at, group] of host.groups.entries())
      known(["hosts", name, "groups", at], group, groups, "one of groups");
}

function judgeHosts({ hosts = [], principals }: MapSettings, report: Report): void {
  for (const [at, [name, host]] of hosts.entries()) {
    const path = ["hosts", name];
    if (principals.some(([one]) => one === name))
      report(path, `expected a name that no principal has, got ${quote(name)}`, "key");
    if (host.as !== undefined && host.role !== undefined)
      report([...path, "as"], "expected as or role, got both");
    if (host.role !== undefined && host.with_policies !== undefined)
      report([...path, "with_policies"], "expected none with a role of its own, got some");
    if (host.as === undefined) continue;
    if (principals.some(([one]) => one === host.as))
      report([...path, "as"], `expected a name that no principal has, got ${quote(host.as)}`);
    const other = hosts.slice(0, at).find(([, one]) => one.as === host.as);
    if (other !== undefined && !needTheSame(other[1], host))
      report(
        [...path, "as"],
        `expected the same needs as ${other[0]}, which runs as ${quote(host.as)} too, got others`,
      );
  }
}
