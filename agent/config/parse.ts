/**
 * The texts of the config's files as one complete `Config`; pure.
 *
 * 1. Parse each text as YAML.
 * 2. Check the shape of postern.yaml and of each added file, its groups left out.
 * 3. Check the shape of each group by itself.
 * 4. Complete the host's settings, then each group with what it inherits.
 * 5. Judge the groups against each other.
 * 6. Note what this version does not act on.
 *
 * Each step goes on with what the one before could read, so that one reading tells every fault.
 * @module
 */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import { parseGroupName, quote, type GroupName } from "../core/names.ts";
import type { Config, GroupConfig } from "./config.ts";
import { parseConfigDocument, type ConfigDocument } from "./document.ts";
import { completeGroup, type Inherited, type Report, type Runner } from "./group.ts";
import { completeReplicas, judgeReplicas } from "./failover.ts";
import { completeHost, judgeHost, type Host } from "./host.ts";
import type { Issue, PathPart } from "./issue.ts";
import { findNameClashes, findOverlaps } from "./overlap.ts";
import { defaultRequestsPerMinute } from "./request-rate.ts";
import {
  addedSchema,
  defaultsSchema,
  groupSchema,
  mainSchema,
  type GroupSettings,
  type MainSettings,
} from "./schema.ts";
import { isMapping, type Schema } from "./shapes.ts";

export interface ConfigText {
  readonly file: string;
  readonly text: string;
  /** postern.yaml, not one of conf.d. */
  readonly isMain: boolean;
}

export interface ParsedConfig {
  /** To be used only when there are no issues; undefined when postern.yaml itself is too faulty. */
  readonly config: Config | undefined;
  readonly issues: readonly Issue[];
}

/** A group as one file writes it. */
interface GroupSource {
  readonly document: ConfigDocument;
  readonly name: GroupName;
  /** Of a faulty group its sound part; undefined when that says too little to be judged by. */
  readonly settings: GroupSettings | undefined;
}

/** Never throws for what the texts say. `texts` in the order of the files, postern.yaml first. */
export function parseConfig(texts: readonly ConfigText[], runner: Runner): ParsedConfig {
  // (1)
  const documents = texts.map(({ file, text, isMain }) => ({
    isMain,
    document: parseConfigDocument(file, text),
  }));
  const issues = documents.flatMap(({ document }) => document.issues);
  const readable = documents.filter(({ document }) => document.isReadable);
  // (2)
  const main = readable.find(({ isMain }) => isMain)?.document;
  const settings = main && checked(mainSchema, main, [], main.value, issues);
  for (const { document, isMain } of readable)
    if (!isMain) checked(addedSchema, document, [], document.value, issues);
  // (3)
  const sources = distinct(
    readable.flatMap(({ document }) => groupSources(document, issues)),
    issues,
  );
  // (4)
  const known: Partial<MainSettings> = settings ?? { defaults: defaultsOf(main) };
  const host = completeHost(known);
  // what postern.yaml was too faulty to say, no group is measured by
  const everyMs = settings ? host.refresh.everyMs : 0;
  const { maxAgeMs } = host;
  const inherited: Inherited = { everyMs, maxAgeMs, defaults: known.defaults ?? {}, runner };
  if (main && settings) {
    const report: Report = (path, message) => issues.push(main.issueAt(path, message));
    judgeHost(host, report);
    judgeReplicas(settings, report);
  }
  const groups = sources.flatMap((source) => completed(source, inherited, issues));
  // (5)
  for (const { name, message } of findNameClashes(sources.map((source) => source.name))) {
    const document = sources.find((source) => source.name === name)?.document;
    if (document) issues.push(document.issueAt(["groups", name], message));
  }
  for (const { group, path, message } of findOverlaps(groups, settings && host.paths)) {
    const document = sources.find(({ name }) => name === group.name)?.document;
    if (document) issues.push(document.issueAt(["groups", group.name, ...path], message));
  }
  if (settings === undefined) return { config: undefined, issues };
  // (6)
  const files = texts.map(({ file }) => file);
  return { config: assembled(settings, { host, groups, files, runner }), issues };
}

interface Parts {
  readonly host: Host;
  readonly groups: readonly GroupConfig[];
  readonly files: readonly string[];
  readonly runner: Runner;
}

function assembled(settings: MainSettings, { host, groups, files, runner }: Parts): Config {
  const { bucket, bucket_owner: owner, region, limits } = settings;
  return {
    files,
    home: { bucket, owner, region },
    failover: completeReplicas(settings),
    refresh: host.refresh,
    credentials: settings.credentials ?? { from: "instance" },
    endpoints: settings.endpoints ?? { kind: "aws" },
    paths: host.paths,
    controlGroup: settings.control?.group ?? runner.defaultOwner.group,
    metricsListen: settings.metrics?.listen,
    limits: {
      ...host.limits,
      requestsPerMinute:
        limits?.requests_per_minute ?? defaultRequestsPerMinute(groups, host.refresh.everyMs),
    },
    groups,
  };
}

/** The value at `path` read by `schema`; undefined when it is faulty, its faults added to `issues`. */
function checked<Output>(
  schema: Schema<Output>,
  document: ConfigDocument,
  path: readonly PathPart[],
  value: unknown,
  issues: Issue[],
): Output | undefined {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const below = (issue.path ?? []).map(({ key }) =>
      typeof key === "number" ? key : String(key),
    );
    const at = issue.path?.at(-1)?.origin === "key" ? "key" : "value";
    issues.push(document.issueAt([...path, ...below], issue.message, at));
  }
  return undefined;
}

function groupSources(document: ConfigDocument, issues: Issue[]): GroupSource[] {
  const groups = isMapping(document.value) ? document.value["groups"] : undefined;
  if (!isMapping(groups)) return [];
  return Object.entries(groups).flatMap(([key, value]) => {
    const settings =
      checked(groupSchema, document, ["groups", key], value, issues) ?? soundPart(value);
    const name = groupName(key);
    if (name === undefined) {
      const expected = "letters, digits, '.', '_' and '-', at most 64, the first a letter or digit";
      const message = `expected ${expected}, got ${quote(key)}`;
      issues.push(document.issueAt(["groups", key], message, "key"));
    }
    return name === undefined ? [] : [{ document, name, settings }];
  });
}

/** What a group reads and how: with a fault in these, what else could be said of it would be a guess. */
const DECIDING: readonly string[] = ["prefix", "only", "bundle", "decrypt"];

/** The settings of a faulty group without its faulty keys, so that its other faults are told as well. */
function soundPart(value: unknown): GroupSettings | undefined {
  if (!isMapping(value)) return undefined;
  const { issues = [] } = v.safeParse(groupSchema, value);
  const faulty = new Set(issues.map(({ path }) => path?.[0].key));
  if (DECIDING.some((key) => faulty.has(key))) return undefined;
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !faulty.has(key)));
  // a misspelt prefix is one fault, not two
  if (!("prefix" in rest) && !("bundle" in rest)) return undefined;
  const result = v.safeParse(groupSchema, rest);
  return result.success ? result.output : undefined;
}

function groupName(text: string): GroupName | undefined {
  try {
    return parseGroupName(text);
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}

/** The first of each name; a second, in another file, is an issue. */
function distinct(sources: readonly GroupSource[], issues: Issue[]): GroupSource[] {
  return sources.filter(({ document, name }, index) => {
    const first = sources.findIndex((other) => other.name === name);
    const other = sources[first];
    if (first === index || other === undefined) return true;
    const message = `expected each group once, got it again after ${other.document.file}`;
    issues.push(document.issueAt(["groups", name], message, "key"));
    return false;
  });
}

/** `defaults` by itself: when another key of postern.yaml is faulty, the groups are still judged with them. */
function defaultsOf(main: ConfigDocument | undefined): NonNullable<MainSettings["defaults"]> {
  const value = isMapping(main?.value) ? main.value["defaults"] : undefined;
  const result = v.safeParse(defaultsSchema, value);
  return result.success ? result.output : {};
}

function completed(
  { document, name, settings }: GroupSource,
  inherited: Inherited,
  issues: Issue[],
): GroupConfig[] {
  if (settings === undefined) return [];
  const group = completeGroup(name, settings, inherited, (path, message) =>
    issues.push(document.issueAt(["groups", name, ...path], message)),
  );
  return group ? [group] : [];
}
