/**
 * `postern doctor`: tries each thing that a pass needs, for real and with no more rights than a pass has.
 *
 * It writes nothing, and never shows a value. What cannot be tried because of an earlier failure is skipped,
 * so that the first failure is the one to put right.
 * @module
 */
import type { Config, GroupConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";
import { examineBucket } from "./bucket.ts";
import { examineChanges } from "./change.ts";
import { type DestinationEffects, examineDestination } from "./destination.ts";
import { examineGroup } from "./group.ts";
import { examineHost, type HostEffects } from "./host.ts";
import { examineIdentity, type Identity } from "./identity.ts";
import { attempt, failed, type Finding, isFault, ok, type Section, skipped } from "./finding.ts";
import { type Asking, bytesOf, closeOpening, openGroup, type Opening } from "./opening.ts";
import { openPlaces, type Place } from "../daemon/places.ts";
import { atReplica, ofGroup } from "./replica.ts";
import { rootBytesOf } from "../daemon/planned-set.ts";
import { openServices, type ServiceEffects, type Services } from "../daemon/services.ts";

export interface DoctorRequest {
  /** As it was loaded, or why it could not be. */
  readonly config: Config | PosternError;
  /** Of the config's groups, those to examine. */
  readonly groups: readonly GroupConfig[];
}

export type DoctorEffects = ServiceEffects & DestinationEffects & HostEffects;

/** The sections in the order in which to read them, each as soon as it is known. */
export async function* examine(
  { config, groups }: DoctorRequest,
  effects: DoctorEffects,
): AsyncGenerator<Section, void, void> {
  if (isFault(config)) {
    yield { title: "config", findings: [failed("files", config)] };
    yield { title: "host", findings: await examineHost(effects, DEFAULT_RUN) };
    yield { title: "aws", findings: [skipped("everything else", "a sound config")] };
    return;
  }
  yield { title: "config", findings: judgeConfig(config) };
  yield { title: "host", findings: await examineHost(effects, config.paths.run) };
  let wantedBytes = 0;
  for await (const section of examineAws(config, groups, effects)) {
    wantedBytes += section.bytes;
    yield section;
  }
  const destination = await examineDestination(config, groups, wantedBytes, effects);
  yield { title: "destination", findings: destination };
  const changes = await examineChanges(config, groups, effects);
  if (changes.length > 0) yield { title: "changes", findings: changes };
}

// where the tree would be, as far as nobody can tell
const DEFAULT_RUN = "/run/postern";

function judgeConfig({ files, groups }: Config): readonly Finding[] {
  const read = files.map((file) => quote(file)).join(", ");
  const names = groups.map(({ name }) => name).join(", ") || "none";
  return [ok("files", read), ok("groups", names)];
}

interface SizedSection extends Section {
  /** What it found to lie in S3. */
  readonly bytes: number;
}

async function* examineAws(
  config: Config,
  groups: readonly GroupConfig[],
  effects: DoctorEffects,
): AsyncGenerator<SizedSection, void, void> {
  const services = await attempt(() => openServices(config, effects));
  if (isFault(services)) {
    yield { title: "aws", findings: [failed("endpoints", services)], bytes: 0 };
    yield* skipGroups(groups, "the endpoints");
    return;
  }
  try {
    const { findings, value } = await examineIdentity(config, services, effects.clock);
    yield { title: "aws", findings: [...judgeEndpoints(services), ...findings], bytes: 0 };
    if (value === undefined) yield* skipGroups(groups, "credentials and a home");
    else yield* examineS3({ config, groups, services, identity: value }, effects);
  } finally {
    services.close();
  }
}

// nothing to say of the region's own
function judgeEndpoints({ endpoints }: Services): readonly Finding[] {
  const named = (["s3", "kms", "imds"] as const).flatMap((service) => {
    const url = endpoints[service];
    return url === undefined ? [] : [`${service} at ${url.origin}`];
  });
  return named.length === 0 ? [] : [ok("endpoints", named.join(", "))];
}

interface Examining {
  readonly config: Config;
  readonly groups: readonly GroupConfig[];
  readonly services: Services;
  readonly identity: Identity;
}

async function* examineS3(
  examining: Examining,
  { clock }: DoctorEffects,
): AsyncGenerator<SizedSection, void, void> {
  const { config, services, identity } = examining;
  const { home, replicas } = openPlaces(config, identity.home, services);
  yield* examinePlace(home, examining, clock);
  for (const replica of replicas) {
    const at = examining.groups.map((group) => atReplica(group, replica));
    const findings: Finding[] = [];
    const groups = at.map(({ group }) => group);
    for await (const section of examinePlace(replica, { ...examining, groups }, clock))
      findings.push(...section.findings.map((finding) => ofGroup(section.group, finding)));
    for (const { group, findings: found } of at)
      findings.push(...found.map((finding) => ofGroup(group.name, finding)));
    // what it holds is what the home holds: it takes no further room
    yield { title: `replica ${replica.bucket}`, findings, bytes: 0 };
  }
}

interface PlaceSection extends SizedSection {
  /** Undefined for the bucket as a whole. */
  readonly group?: string;
}

async function* examinePlace(
  place: Place,
  examining: Examining,
  clock: Clock,
): AsyncGenerator<PlaceSection, void, void> {
  const { groups, identity } = examining;
  const asking = { s3: place.s3, home: place, clock };
  const openings = await Promise.all(groups.map((group) => openGroup(group, asking)));
  try {
    const { findings, value } = examineBucket(openings, { ...identity, home: place });
    yield { title: `bucket ${place.bucket}`, findings, bytes: 0 };
    if (value === undefined) yield* skipGroups(groups, "the bucket");
    else yield* examineGroups(openings, asking, examining);
  } finally {
    for (const opening of openings) closeOpening(opening);
  }
}

async function* examineGroups(
  openings: readonly Opening[],
  asking: Asking,
  { config, services, identity }: Examining,
): AsyncGenerator<PlaceSection, void, void> {
  const shared = { ...identity, asking, kms: () => services.kms() };
  for (const opening of openings) {
    const { group } = opening;
    // before the bodies are used up
    const bytes = bytesOf(opening);
    const rootBytes = rootBytesOf(config.paths, group);
    const findings = await examineGroup(opening, { ...shared, rootBytes });
    yield { title: titleOf(group), group: group.name, findings, bytes };
  }
}

function* skipGroups(groups: readonly GroupConfig[], needs: string): Generator<PlaceSection> {
  for (const group of groups) {
    const findings = [skipped("objects", needs)];
    yield { title: titleOf(group), group: group.name, findings, bytes: 0 };
  }
}

function titleOf({ name }: GroupConfig): string {
  return `group ${name}`;
}
