/**
 * An access map from its YAML; pure. All faults are told at once, each with its line.
 *
 * 1. Parse the text as YAML.
 * 2. Check its shape.
 * 3. Fill in what is left out: keys, hosts, principals, groups, targets.
 * 4. Judge it as a whole.
 * @module
 */
import * as v from "valibot";
import { parseConfigDocument, type ConfigDocument } from "../config/document.ts";
import { encodeIssues, type Issue, type PathPart } from "../config/issue.ts";
import { PosternError } from "../core/errors.ts";
import type { AccessMap, Group, MapExpectation, PrincipalName } from "./access-map.ts";
import {
  type Account,
  completeGroup,
  completeGuards,
  completePrincipal,
  generatedRole,
  type KeyOf,
  reachOf,
} from "./complete.ts";
import { bucketsOf, defaultsOf, replicasOf } from "./complete-buckets.ts";
import { type GrantedHosts, grantHosts } from "./hosts.ts";
import { completeKeep, judgeKeep } from "./keep.ts";
import { judgeMap } from "./judge.ts";
import { judgeSettings, type Report } from "./judge-settings.ts";
import { keyNames } from "./keys.ts";
import { mapSchema, type MapSettings } from "./schema.ts";
import { parsePrincipalName } from "./words.ts";

/**
 * @param file names the map in errors and annotations
 * @throws {PosternError} ConfigInvalid, with every fault and its place
 */
export function parseMap(text: string, file: string): AccessMap {
  // (1)
  const document = parseConfigDocument(file, text);
  const issues: Issue[] = [...document.issues];
  const report: Report = (path, message, at) => {
    issues.push(document.issueAt(path, message, at));
  };
  // (2)
  const settings = document.isReadable ? shaped(document, issues) : undefined;
  // (3) and (4)
  const map = settings && completeMap(settings, document, report);
  if (map === undefined || issues.length > 0) {
    const lines = encodeIssues(issues, [file]);
    throw new PosternError("ConfigInvalid", lines[0] ?? `${file}: expected an access map`, {
      issues: lines,
    });
  }
  return map;
}

function shaped(document: ConfigDocument, issues: Issue[]): MapSettings | undefined {
  const result = v.safeParse(mapSchema, document.value);
  for (const issue of result.issues ?? []) {
    const path = (issue.path ?? []).map(({ key }): PathPart =>
      typeof key === "number" ? key : String(key),
    );
    const at = issue.path?.at(-1)?.origin === "key" ? "key" : "value";
    issues.push(document.issueAt(path, issue.message, at));
  }
  return result.success ? result.output : undefined;
}

function completeMap(settings: MapSettings, document: ConfigDocument, report: Report): AccessMap {
  const { account: id, partition = "aws", region } = settings;
  const account: Account = { id, partition, region };
  judgeSettings(settings, report);
  const keys = keyNames(settings.keys ?? [], report);
  const keyOf: KeyOf = (reference, path) => keys.resolve(reference, path);
  const hosts = grantHosts(settings.hosts ?? [], account);
  const defaults = defaultsOf(settings, keyOf);
  const groups = settings.groups.flatMap((entry): readonly Group[] => {
    const reach = reachOf(entry[1]);
    const { bucket = settings.bucket } = entry[1];
    return reach === undefined
      ? []
      : [
          completeGroup(entry, reach, {
            keyOf,
            hosts: rolesReading(entry[0], hosts),
            bucket,
            byDefault: defaults.get(bucket) ?? { type: "s3" },
          }),
        ];
  });
  const buckets = bucketsOf(settings, groups, defaults);
  const replication =
    settings.replicas === undefined ? undefined : parsePrincipalName("replication");
  const replicas = replicasOf(settings, keys, report);
  const map: AccessMap = {
    file: document.file,
    account: id,
    partition,
    ...buckets,
    replicas,
    endpointIds: new Set(
      [buckets.home, ...replicas].flatMap(({ endpoints }) => endpoints.map(({ id }) => id)),
    ),
    replication,
    groups,
    principals: [
      ...settings.principals.map(([name, one]) => completePrincipal(name, one, account)),
      ...hosts.principals.map(({ principal }) => principal),
      ...(replication === undefined ? [] : [replicator(replication, account)]),
    ],
    hosts: hosts.hosts,
    deployers: settings.deployers,
    breakGlass: settings.break_glass,
    auditors: settings.auditors ?? [],
    guards: completeGuards(settings.guards),
    expectations: expectationsOf(settings, hosts, document),
    doctor: settings.doctor ?? false,
    accepted: settings.accept ?? [],
    keep: completeKeep(settings.keep, { keyOf, report }),
    lineOf: linesOf(document),
  };
  judgeMap(map, report);
  judgeKeep(map, report);
  return map;
}

/** Each place is looked up once: proofs ask for a few of them thousands of times. */
function linesOf(document: ConfigDocument): AccessMap["lineOf"] {
  const known = new Map<string, number>();
  return (path) => {
    const name = path.join("\n");
    const found = known.get(name) ?? document.issueAt(path, "", "key").line;
    known.set(name, found);
    return found;
  };
}

function rolesReading(group: string, { principals }: GrantedHosts): readonly PrincipalName[] {
  return principals
    .filter(({ groups }) => groups.some((one) => one === group))
    .map(({ principal }) => principal.name);
}

function replicator(name: PrincipalName, account: Account): AccessMap["principals"][number] {
  return {
    name,
    network: { kind: "any" },
    kind: "service",
    arn: generatedRole(name, account),
    service: "s3.amazonaws.com",
  };
}

/** Who is named may be a host, which means its role. */
function expectationsOf(
  { expect = [] }: MapSettings,
  { hosts }: GrantedHosts,
  document: ConfigDocument,
): readonly MapExpectation[] {
  return expect.map((one, at): MapExpectation => {
    const host = hosts.find(({ name }) => name === one.principal);
    const { line } = document.issueAt(["expect", at], "");
    return { ...one, principal: host?.principal ?? one.principal, line };
  });
}
