/**
 * A pass and what is told of it: made by the running daemon if there is one, since it alone writes then, else by this
 * process.
 * @module
 */
import type { Config } from "../config/config.ts";
import { EXIT, type ExitCode, exitCodeOf, PosternError } from "../core/errors.ts";
import type { GroupOutcome, RequestCounts } from "../core/outcome.ts";
import type { Answer, AnsweredGroup } from "../daemon/answer.ts";
import type { FetchReport } from "../daemon/fetch-turn.ts";
import type { Surroundings } from "./command.ts";
import { chosenGroups } from "./configured.ts";
import { systemEffects, systemJudge } from "./effects.ts";
import { write } from "./output.ts";
import { reportError } from "./report.ts";
import { bytes, changes, count, table } from "./words.ts";

export interface PassWishes {
  /** All when none is named. */
  readonly groups: readonly string[];
  readonly prune: boolean;
  readonly release: boolean;
  readonly acceptOlder: boolean;
}

export interface PassForm {
  readonly json: boolean;
  /** Failures only. */
  readonly quiet: boolean;
  /** Whether a change has an exit code of its own. */
  readonly detailed: boolean;
}

/** @throws {PosternError} what concerns the whole host; what concerns a group is told, and decides the exit code */
export async function passAndTell(
  config: Config,
  wishes: PassWishes,
  form: PassForm,
  surroundings: Surroundings,
): Promise<void> {
  const groups = chosenGroups(config, wishes.groups);
  const { askDaemon } = await import("../daemon/admin-client.ts");
  const question = { method: "POST", path: "/v1/refresh", body: wishes } as const;
  const answer = await askDaemon(config.paths.run, question);
  if (answer !== undefined) {
    const { parseAnswer } = await import("../daemon/answer.ts");
    await tellAnswer(parseAnswer(answer), answer, form, surroundings);
    return;
  }
  const [{ fetchGroups }, effects] = await Promise.all([
    import("../daemon/fetch.ts"),
    systemEffects(surroundings),
  ]);
  const judge = systemJudge(config.paths);
  const lockWaitMs = config.limits.passTimeoutMs;
  const request = { ...wishes, config, groups, lockWaitMs };
  await tellReport(await fetchGroups(request, { ...effects, judge }), form, surroundings);
}

async function tellReport(
  report: FetchReport,
  { json, quiet, detailed }: PassForm,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, exitWith } = surroundings;
  if (json) {
    const { encodeAnswer } = await import("../daemon/answer.ts");
    await write(terminal.stdout, `${JSON.stringify(encodeAnswer(report))}\n`);
  } else if (!quiet) await write(terminal.stdout, asText(report));
  const failed = tellFailures(report, surroundings);
  const changed = report.outcomes.some(({ kind }) => kind === "changed");
  exitWith(failed ?? (changed && detailed ? EXIT.changed : EXIT.done));
}

/** The same of what the daemon did. */
async function tellAnswer(
  answer: Answer,
  raw: unknown,
  { json, quiet, detailed }: PassForm,
  { terminal, exitWith }: Surroundings,
): Promise<void> {
  if (json) await write(terminal.stdout, `${JSON.stringify(raw)}\n`);
  else if (!quiet) await write(terminal.stdout, answeredText(answer));
  for (const warning of answer.warnings) terminal.stderr.write(`postern: warning: ${warning}\n`);
  const failed = answer.groups.filter(({ outcome }) => outcome === "failed");
  for (const { group, error } of failed) {
    terminal.stderr.write(`postern: ${group}: ${error?.message ?? "failed"}\n`);
    if (error !== null && error.hint !== null)
      terminal.stderr.write(`postern: ${group}: hint: ${error.hint}\n`);
  }
  const changed = answer.groups.some(({ outcome }) => outcome === "changed");
  const code = failed[0] && (failed[0].error?.exitCode ?? EXIT.internal);
  exitWith(code ?? (changed && detailed ? EXIT.changed : EXIT.done));
}

function answeredText({ groups, pruned }: Answer): string {
  const rows = groups.map((group) => [group.group, group.outcome, answeredSaying(group)]);
  const notes = groups.flatMap(({ group, notes: said }) => said.map((note) => `${group}: ${note}`));
  const removed = pruned.map((group) => `${group}: removed, it is no longer in the config`);
  return [...table(rows), ...notes, ...removed, "done by the running daemon", ""].join("\n");
}

function answeredSaying(group: AnsweredGroup): string {
  if (group.outcome === "failed") return group.error?.code ?? "";
  if (group.secrets === null || group.bytes === null) return "";
  const size = `${count(group.secrets, "secret")}, ${bytes(group.bytes)}`;
  return group.outcome === "changed" ? `${size}: ${changes(group) || ANEW}` : size;
}

/** Tells every failure; the exit code is the first one's. */
function tellFailures(report: FetchReport, { terminal }: Surroundings): ExitCode | undefined {
  for (const warning of report.warnings) terminal.stderr.write(`postern: warning: ${warning}\n`);
  const faults = report.outcomes.flatMap((outcome) => faultOf(outcome, report) ?? []);
  for (const { group, error } of faults) reportError(terminal, error, group);
  return faults[0] && exitCodeOf(faults[0].error.code);
}

interface Fault {
  readonly group: string;
  readonly error: PosternError;
}

// who waits for a publisher has its last set; who never had one is not ready
function faultOf(outcome: GroupOutcome, { status }: FetchReport): Fault | undefined {
  const { group } = outcome;
  if (outcome.kind === "failed") return { group, error: outcome.error };
  const generation = status.groups.find((known) => known.group === group)?.generation;
  if (outcome.kind !== "waiting" || typeof generation === "string") return undefined;
  return {
    group,
    error: new PosternError("NotReady", `not ready: ${WAITING[outcome.why]}`, {
      hint: "fetch again when its publisher is done",
    }),
  };
}

const WAITING: Readonly<Record<"settling" | "moved", string>> = {
  settling: "its newest secrets are younger than settle",
  moved: "the set went on changing while it was read",
};

// of the same secrets, with other owners or modes
const ANEW = "written anew";

const HELD: Readonly<Record<"verify" | "reload" | "operator", string>> = {
  verify: "what S3 holds failed its verification here",
  reload: "what S3 holds was rolled back here: the reload failed on it",
  operator: "what S3 holds was rolled back here, as asked",
};

function asText({ outcomes, requests, pruned }: FetchReport): string {
  const rows = outcomes.map((outcome) => [outcome.group, outcome.kind, saying(outcome)]);
  const notes = outcomes.flatMap((outcome) =>
    "notes" in outcome ? outcome.notes.map((note) => `${outcome.group}: ${note}`) : [],
  );
  const removed = pruned.map((group) => `${group}: removed, it is no longer in the config`);
  return [...table(rows), ...notes, ...removed, saidRequests(requests), ""].join("\n");
}

function saying(outcome: GroupOutcome): string {
  switch (outcome.kind) {
    case "changed":
      return `${count(outcome.secrets, "secret")}, ${bytes(outcome.bytes)}: ${changes(outcome.changes) || ANEW}`;
    case "unchanged":
      return `${count(outcome.secrets, "secret")}, ${bytes(outcome.bytes)}`;
    case "held":
      return `${count(outcome.secrets, "secret")}, ${bytes(outcome.bytes)}: ${HELD[outcome.why]}`;
    case "waiting":
      return WAITING[outcome.why];
    case "failed":
      return outcome.error.code;
    default:
      return outcome satisfies never;
  }
}

function saidRequests({ list, get, notModified, decrypt, imds, retries }: RequestCounts): string {
  const again = retries === 0 ? "" : `, ${count(retries, "retry").replace("retrys", "retries")}`;
  return `requests: ${list} LIST, ${get} GET (${notModified} not modified), ${decrypt} Decrypt, ${imds} IMDS${again}`;
}
