/**
 * Two publishers at work on one group, request by request in a chosen order, and what each was told.
 * @module
 */
import { PosternError } from "../../agent/core/errors.ts";
import type { Group } from "../../agent/publish/group.ts";
import { parseSecretName } from "../../agent/core/names.ts";
import { see } from "../../agent/publish/put.ts";
import type { Past } from "../../agent/publish/restore.ts";
import { type Gate, type Knock, openGate, type Passage } from "./gate.ts";
import { publishTexts, putText, removeNamed, restoreTo } from "./publishing-acts.ts";
import type { Values } from "./store.ts";
import { createTurnstile } from "./turnstile.ts";

export type Job =
  | { readonly kind: "put"; readonly name: string; readonly text: string; readonly looks: boolean }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "publish"; readonly values: Values }
  | { readonly kind: "restore"; readonly past: Past };

/**
 * What a publisher was told of one job.
 *
 * - `done`, `nothing`: it was done, or there was nothing to do.
 * - `conflict`: another one was first; of a set of objects `subject` names the one.
 * - `unknown`: nobody knows.
 */
export interface Told {
  readonly publisher: number;
  readonly job: Job;
  readonly kind: "done" | "nothing" | "conflict" | "unknown";
  readonly message: string;
  /** Of a change of the whole set: what it was to become. */
  readonly after: Values | undefined;
  /** The versions that it was made from, by name; of a bundle under its group's. Undefined for none. */
  readonly bases: ReadonlyMap<string, string | undefined> | undefined;
  /** The versions that it said it wrote, likewise. */
  readonly versions: ReadonlyMap<string, string | undefined>;
  readonly revision: number | undefined;
}

export interface Plan {
  readonly jobs: readonly (readonly Job[])[];
  /** Whose turn it is each time; when they are used up, in turn. */
  readonly turns: readonly number[];
  /** By publisher, what befalls its request of that number. */
  readonly faults: readonly ReadonlyMap<number, Passage>[];
}

/**
 * @param s3 where S3 is
 * @param groupAt the group as a publisher has it whose S3 is there
 */
export async function workTogether(
  s3: URL,
  groupAt: (publisher: number, s3: URL) => Promise<Group>,
  { jobs, turns, faults }: Plan,
): Promise<readonly Told[]> {
  let at = 0;
  const turnstile = createTurnstile([...jobs.keys()], (waiting) => {
    const chosen = turns[at] ?? at;
    at += 1;
    return waiting[chosen % waiting.length] ?? 0;
  });
  const gates: Gate[] = [];
  const told: Told[] = [];
  const work = async (mine: readonly Job[], publisher: number): Promise<void> => {
    const admit = async ({ number, writes }: Knock): Promise<Passage> => {
      await turnstile.enter(publisher);
      const passage = faults[publisher]?.get(number) ?? "pass";
      return passage === "contested" && !writes ? "refused" : passage;
    };
    try {
      const gate = await openGate(s3, admit, () => turnstile.passed());
      gates.push(gate);
      const group = await groupAt(publisher, gate.url);
      for (const job of mine) told.push(await tell(group, publisher, job));
    } finally {
      turnstile.leave(publisher);
    }
  };
  try {
    await Promise.all(jobs.map(work));
  } finally {
    await Promise.all(gates.map((gate) => gate.close()));
  }
  return told;
}

const QUIET = new Set(["NotFound"]);
const LOST = new Set(["Unavailable", "Throttled"]);

async function tell(group: Group, publisher: number, job: Job): Promise<Told> {
  const about: { after?: Values; bases?: Told["bases"] } = {};
  const onBase: Parameters<typeof restoreTo>[2] = ({ after, baseId, baseIds }) => {
    const isBundle = group.config.layout.kind === "bundle";
    about.after = after;
    about.bases = isBundle ? new Map([[group.config.name, baseId]]) : baseIds;
  };
  const say = (kind: Told["kind"], more: Partial<Told> = {}): Told => ({
    publisher,
    job,
    kind,
    message: "",
    after: about.after,
    bases: about.bases,
    versions: new Map(),
    revision: undefined,
    ...more,
  });
  try {
    switch (job.kind) {
      case "put": {
        const seen = job.looks ? await see(group, parseSecretName(job.name)) : undefined;
        if (seen !== undefined && group.config.layout.kind !== "bundle")
          about.bases = new Map([
            [job.name, seen.base.kind === "version" ? seen.base.versionId : undefined],
          ]);
        const { versionId, revision } = await putText(group, job.name, job.text, seen);
        return say("done", { versions: new Map([[nameOf(group, job.name), versionId]]), revision });
      }
      case "remove": {
        const [removed] = await removeNamed(group, [job.name]);
        const versions = new Map([[nameOf(group, job.name), removed?.versionId]]);
        return say("done", { versions, revision: removed?.revision });
      }
      case "publish":
      case "restore": {
        const { published } =
          job.kind === "publish"
            ? await publishTexts(group, job.values, onBase)
            : await restoreTo(group, job.past, onBase);
        if (published === undefined) return say("nothing");
        const { versionId, revision } = published;
        const own = new Map([[group.config.name as string, versionId]]);
        return say("done", {
          versions: revision === undefined ? published.versions : own,
          revision,
        });
      }
      default:
        return job satisfies never;
    }
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    const { code, message } = error;
    if (code === "Conflict") return say("conflict", { message });
    if (LOST.has(code)) return say("unknown", { message });
    if (QUIET.has(code)) return say("nothing", { message });
    throw error;
  }
}

function nameOf({ config }: Group, name: string): string {
  return config.layout.kind === "bundle" ? config.name : name;
}
