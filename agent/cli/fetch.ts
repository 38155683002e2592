/** `postern fetch`: brings groups in step with S3, once. @module */
import { EXIT, type ExitCode, exitCodeOf, PosternError } from "../core/errors.ts";
import type { Changes, GroupOutcome, RequestCounts } from "../core/outcome.ts";
import type { FetchReport } from "../daemon/fetch.ts";
import type { Command, Surroundings } from "./command.ts";
import { chosenGroups, loadNamedConfig, withConfig } from "./configured.ts";
import { notifyTools, systemEffects } from "./effects.ts";
import { write } from "./output.ts";
import { reportError } from "./report.ts";
import { bytes, count, table } from "./words.ts";

export const fetch: Command = {
  name: "fetch",
  audience: "instances",
  summary: "bring groups in step with S3, once",
  repeatable: ["groups"],
  manual: {
    description: [
      "Brings every group, or the named ones, in step with S3: lists or asks for what changed, gets only that, opens it, and puts each group's whole set in place by one rename. A group that fails keeps the files it has, and stops no other group.",
      "One postern writes at a time: a second one waits for the first, as long as one pass may take, and then exits with 75.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "fetch [groups..]",
      fetch.summary,
      (options) =>
        withConfig(options)
          .positional("groups", { type: "string", array: true, describe: "all when none is named" })
          .option("detailed-exitcode", {
            type: "boolean",
            describe: "exit with 2 when a set changed",
          })
          .option("prune", {
            type: "boolean",
            describe: "remove groups that are no longer in the config",
          })
          .option("quiet", { type: "boolean", describe: "print failures only" })
          .option("json", { type: "boolean", describe: "print what happened as JSON" })
          .conflicts("json", "quiet")
          .example("$0 fetch", "all groups, as at boot")
          .example("$0 fetch web --detailed-exitcode", "one group; 2 means it changed"),
      async ({ groups, config, prune, "detailed-exitcode": detailed = false, quiet, json }) => {
        const report = await fetchNamed(groups ?? [], config, prune ?? false, surroundings);
        if (json) await write(surroundings.terminal.stdout, `${JSON.stringify(asJson(report))}\n`);
        else if (!quiet) await write(surroundings.terminal.stdout, asText(report));
        const failed = tellFailures(report, surroundings);
        const changed = report.outcomes.some(({ kind }) => kind === "changed");
        surroundings.exitWith(failed ?? (changed && detailed ? EXIT.changed : EXIT.done));
      },
    ),
};

async function fetchNamed(
  names: readonly string[],
  file: string | undefined,
  prune: boolean,
  surroundings: Surroundings,
): Promise<FetchReport> {
  const config = await loadNamedConfig(file, surroundings);
  const groups = chosenGroups(config, names);
  const [{ fetchGroups }, { judgeBy }, effects, tools] = await Promise.all([
    import("../daemon/fetch.ts"),
    import("../daemon/judging.ts"),
    systemEffects(surroundings),
    notifyTools(),
  ]);
  const judge = judgeBy(tools, config.paths);
  const lockWaitMs = config.limits.passTimeoutMs;
  return fetchGroups({ config, groups, lockWaitMs, prune }, { ...effects, judge });
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
      return `${count(outcome.secrets, "secret")}, ${bytes(outcome.bytes)}: ${saidChanges(outcome.changes)}`;
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

function saidChanges({ added, changed, removed }: Changes): string {
  const parts = [
    [added.length, "added"],
    [changed.length, "changed"],
    [removed.length, "removed"],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0).map(([amount, verb]) => `${amount} ${verb}`);
  return said.length === 0 ? "written anew" : said.join(", ");
}

function saidRequests({ list, get, notModified, decrypt, imds, retries }: RequestCounts): string {
  const again = retries === 0 ? "" : `, ${count(retries, "retry").replace("retrys", "retries")}`;
  return `requests: ${list} LIST, ${get} GET (${notModified} not modified), ${decrypt} Decrypt, ${imds} IMDS${again}`;
}

function asJson({ outcomes, status, requests, warnings, pruned }: FetchReport): unknown {
  return {
    groups: outcomes.map((outcome) => ({
      ...status.groups.find(({ group }) => group === outcome.group),
      outcome: outcome.kind,
      ...("changes" in outcome ? outcome.changes : {}),
      notes: "notes" in outcome ? outcome.notes : [],
    })),
    requests,
    warnings,
    pruned,
  };
}
