/** A group's new set, whatever its layout and however it is sealed: asked of S3 and opened. @module */
import { quote } from "../core/names.ts";
import { createOpener, type Opener } from "../decrypt/open.ts";
import type { Fetched, FetchedObject, FetchOutcome } from "../source/fetched.ts";
import { fetchOnly } from "../source/only.ts";
import { fetchPrefix } from "../source/prefix.ts";
import type { PlannedSecret } from "../store/set.ts";
import { type Collected, type CollectedSet, type CollectRequest, wipeSet } from "./collected.ts";

/** @throws {PosternError} whatever source and decrypt refuse or fail with; nothing fresh is left then */
export async function collect(request: CollectRequest): Promise<Collected> {
  const { reach, group, signal } = request;
  const { bucket, owner } = reach.home;
  const opener = createOpener({
    decrypt: group.decrypt,
    group: group.name,
    bucket,
    kms: reach.kms,
    signal,
  });
  const shared = {
    s3: reach.s3,
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
      );
    }
    case "only":
      return openAll(await fetchOnly({ ...shared, ...layout }), opener);
    case "bundle": {
      const { collectBundle } = await import("./collect-bundle.ts");
      return collectBundle(request, layout, opener);
    }
    default:
      return layout satisfies never;
  }
}

async function openAll(found: FetchOutcome, opener: Opener): Promise<Collected> {
  if (found.kind !== "fetched") return found;
  const opened = await Promise.allSettled(found.objects.map((object) => openOne(object, opener)));
  const secrets = opened.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const failed = opened.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    wipeSet(secrets);
    throw failed.reason;
  }
  return setOf(secrets, found);
}

function setOf(secrets: readonly PlannedSecret[], found: Fetched): CollectedSet {
  const notes = found.skipped.map(({ key, why }) => `skipped ${quote(key)}: ${why}`);
  for (const key of found.ignored) notes.push(`ignored the folder marker ${quote(key)}`);
  return { kind: "set", secrets, bundle: undefined, notes, confirm: () => found.confirm() };
}

async function openOne(object: FetchedObject, opener: Opener): Promise<PlannedSecret> {
  const { name, key, etag, versionId, lastModified, body } = object;
  const source = { name, key, etag, versionId, lastModified };
  if (body === undefined) return { ...source, content: { kind: "kept" } };
  return { ...source, content: { kind: "fresh", bytes: await opener.object(key, body) } };
}
