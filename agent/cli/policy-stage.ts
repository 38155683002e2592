/** What `policy generate --stage` adds: what the stage takes from whom, and the way back. @module */
import type { Loss, Lost } from "../audit/stage-loss.ts";
import type { Stopped } from "../audit/stage-trail.ts";
import type { Generated } from "../generate/deployment.ts";
import type { DocumentFile } from "../generate/files.ts";
import { type Stage, STAGE_NAMES } from "../generate/stage.ts";
import type { Templates } from "../generate/templates.ts";
import type { AccessMap, PrincipalName } from "../map/access-map.ts";
import { valueOfFile } from "./value.ts";

export interface StageReport {
  /** Below undo/. */
  readonly files: readonly DocumentFile[];
  readonly lines: readonly string[];
}

/**
 * @param trail a file of CloudTrail events
 * @throws {PosternError} ConfigInvalid for documents that could not be undone; NotFound, Denied, BadData of the trail
 */
export async function reportStage(
  map: AccessMap,
  { stage, deployment }: Generated,
  templates: Templates,
  trail: string | undefined,
): Promise<StageReport> {
  const [{ generate }, { judgeUndo }, { lossesOf }, { undoFiles }] = await Promise.all([
    import("../generate/deployment.ts"),
    import("../audit/undo.ts"),
    import("../audit/stage-loss.ts"),
    import("../generate/stage-undo.ts"),
  ]);
  judgeUndo(map, deployment);
  const last = stageBefore(stage);
  const before =
    last === undefined ? undefined : generate(map, templates, { stage: last }).deployment;
  const undo = undoFiles(stage, before, deployment);
  const losses = before === undefined ? [] : lossesOf(map, before, deployment);
  return {
    files: undo.files,
    lines: [
      `stage ${stage} of 4, ${STAGE_NAMES[stage]}:`,
      ...(before === undefined
        ? ["- nothing denies; what a key's policy had of its own is no longer in it"]
        : lossLines(losses)),
      ...(before === undefined || trail === undefined
        ? []
        : await trailLines(map, trail, before, deployment)),
      `undo/: ${counted(undo.changed, "document")} as of the stage before; ${undo.added} to remove, as undo/README.md says`,
    ],
  };
}

function stageBefore(stage: Stage): Stage | undefined {
  const before: Readonly<Record<Stage, Stage | undefined>> = { 1: undefined, 2: 1, 3: 2, 4: 3 };
  return before[stage];
}

/** Principals who lose the same are told of together. */
function lossLines(losses: readonly Loss[]): readonly string[] {
  if (losses.length === 0) return ["- nobody loses anything that was asked"];
  const byWhat = new Map<string, PrincipalName[]>();
  for (const loss of losses) {
    const what = lossWords(loss);
    byWhat.set(what, [...(byWhat.get(what) ?? []), loss.principal]);
  }
  return [...byWhat].map(
    ([what, names]) => `- ${[...new Set(names)].join(", ")}: may no longer ${what}`,
  );
}

function lossWords({ bucket, way, lost, isAll }: Loss): string {
  const ofBucket = lost.filter(({ doing }) => doing !== "decrypt ciphertext of");
  const decrypting = lost.filter((one) => !ofBucket.includes(one));
  const what = isAll && ofBucket.length > 0 ? ["do anything"] : ofBucket.map(lostWords);
  return [
    ...(what.length === 0 ? [] : [`${what.join("; ")} in ${bucket}${way === "" ? "" : ` ${way}`}`]),
    ...decrypting.map(lostWords),
  ].join("; ");
}

/** A line of a table can hold so many names. */
const MANY = 8;

function lostWords({ doing, groups }: Lost): string {
  const named =
    groups.length > MANY ? [...groups.slice(0, 3), `${groups.length - 3} more`] : groups;
  return `${doing} ${named.join(", ")}`;
}

async function trailLines(
  map: AccessMap,
  file: string,
  before: Generated["deployment"],
  after: Generated["deployment"],
): Promise<readonly string[]> {
  const [{ parseTrail }, { stoppedBy }] = await Promise.all([
    import("../audit/trail.ts"),
    import("../audit/stage-trail.ts"),
  ]);
  const { events, skipped, reasons } = parseTrail((await valueOfFile(file)).toString("utf8"));
  const why = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(", ");
  const stopped = stoppedBy(map, before, after, events);
  return [
    `${file}: ${counted(events.length, "request")} that AWS allowed, of which this stage would have denied ${stopped.length}; ${counted(skipped, "event")} skipped${why === "" ? "" : `: ${why}`}`,
    ...stopped.map(stoppedLine),
  ];
}

function stoppedLine({ event: { time, request }, verdict }: Stopped): string {
  const { caller, action, resource } = request;
  const who = nameOf(caller);
  const [place] = verdict.statements;
  const why = place?.sid === undefined ? verdict.why : `statement ${place.sid} denies it`;
  return `- ${time} ${who} ${action} on ${resource ?? "?"}: ${why}`;
}

function nameOf(caller: Stopped["event"]["request"]["caller"]): string {
  if (caller.kind === "root") return `account ${caller.account}`;
  if (caller.kind === "service") return caller.name;
  return "arn" in caller ? caller.arn : caller.kind;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
