/** A group's new set, whatever its layout and however it is sealed: asked of S3 and opened. @module */
import { quote } from "../core/names.ts";
import { createOpener, type Opener } from "../decrypt/open.ts";
import type { Fetched, FetchedObject, FetchOutcome } from "../source/fetched.ts";
import { fetchOnly } from "../source/only.ts";
import { fetchPrefix } from "../source/prefix.ts";
import type { PlannedSecret } from "../store/set.ts";
import {
  type Collected,
  type CollectedSet,
  type CollectRequest,
  toldOf,
  wipeSet,
} from "./collected.ts";
import type { Place } from "./places.ts";

/**
 * Asks the home bucket, or a replica while the home is out.
 * @throws {PosternError} whatever source and decrypt refuse or fail with; nothing fresh is left then
 */
export function collect(request: CollectRequest): Promise<Collected> {
  const { reach, group, hasGeneration, signal } = request;
  return reach.failover.read({
    ask: (place, within) => collectFrom({ ...request, signal: within }, place),
    // a bundle's revision tells old from new; of anything else a replica may hold what the home has deleted,
    // and that is taken only by a host that has nothing
    mayUseReplica: group.layout.kind === "bundle" || !hasGeneration,
    signal,
  });
}

async function collectFrom(request: CollectRequest, place: Place): Promise<Collected> {
  const { reach, group, signal } = request;
  const { s3, bucket, owner } = place;
  const opener = createOpener({
    decrypt: group.decrypt,
    group: group.name,
    bucket: reach.home.bucket,
    keyReach: place.keyReach,
    kms: reach.kms,
    signal,
  });
  const shared = {
    s3,
    bucket,
    owner,
    known: request.known.secrets,
    maxObjectBytes: group.maxObjectBytes,
    maxGroupBytes: group.maxGroupBytes,
    settleMs: group.settleMs,
    now: () => reach.clock.now(),
    signal,
  };
  const { layout } = group;
  switch (layout.kind) {
    case "prefix": {
      const { onBadName, allowEmpty } = group;
      const { rootBytes } = request;
      return openAll(
        await fetchPrefix({ ...shared, ...layout, onBadName, allowEmpty, rootBytes }),
        opener,
        place,
      );
    }
    case "only":
      return openAll(await fetchOnly({ ...shared, ...layout }), opener, place);
    case "bundle": {
      const { collectBundle } = await import("./collect-bundle.ts");
      return collectBundle(request, layout, opener, place);
    }
    default:
      return layout satisfies never;
  }
}

async function openAll(found: FetchOutcome, opener: Opener, place: Place): Promise<Collected> {
  if (found.kind === "unchanged") return { ...found, ...toldOf(place) };
  if (found.kind !== "fetched") return found;
  const opened = await Promise.allSettled(found.objects.map((object) => openOne(object, opener)));
  const secrets = opened.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const failed = opened.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    wipeSet(secrets);
    throw failed.reason;
  }
  return setOf(secrets, found, place);
}

function setOf(secrets: readonly PlannedSecret[], found: Fetched, place: Place): CollectedSet {
  const { from, notes } = toldOf(place);
  const all = [
    ...notes,
    ...found.skipped.map(({ key, why }) => `skipped ${quote(key)}: ${why}`),
    ...found.ignored.map((key) => `ignored the folder marker ${quote(key)}`),
  ];
  const confirm = (): Promise<"same" | "moved"> => found.confirm();
  return { kind: "set", from, secrets, bundle: undefined, notes: all, confirm };
}

async function openOne(object: FetchedObject, opener: Opener): Promise<PlannedSecret> {
  const { name, key, etag, versionId, lastModified, body } = object;
  const source = { name, key, etag, versionId, lastModified };
  if (body === undefined) return { ...source, content: { kind: "kept" } };
  return { ...source, content: { kind: "fresh", bytes: await opener.object(key, body) } };
}
