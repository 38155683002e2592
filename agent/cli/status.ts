/** `postern status`: where every group stands, as the last pass left it. @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, EXIT, type ExitCode, PosternError } from "../core/errors.ts";
import type { GroupState } from "../core/group-state.ts";
import { quote } from "../core/names.ts";
import { nearestWord } from "../core/nearest.ts";
import { currentState, type GroupStatus, parseStatus, type Status } from "../observe/status.ts";
import type { Command } from "./command.ts";
import { write } from "./output.ts";
import { runDirectory } from "./reading.ts";
import { bytes, count, duration, table } from "./words.ts";

export const status: Command = {
  name: "status",
  audience: "instances",
  summary: "where every group stands",
  repeatable: ["groups"],
  manual: {
    description: [
      "Prints where each group stood at the end of the last pass, read from status.json in the run directory; states that depend on the time are worked out anew. It asks nothing of AWS and needs no configuration.",
      "States: fresh (in step with S3), stale (the last pass failed, the files are younger than max_age), expired (older than max_age), pending (never had a set), denied (AWS denied), rejected (the set in S3 cannot be taken as it is).",
    ],
    consults: ["run directory"],
  },
  add: (parser, { terminal, clock, cwd, exitWith }) =>
    parser.command(
      "status [groups..]",
      status.summary,
      (options) =>
        options
          .positional("groups", { type: "string", array: true, describe: "all when none is named" })
          .option("json", {
            type: "boolean",
            describe: "print status.json, states as they are now",
          })
          .epilogue(
            "Exits with 0 when every group is fresh or stale, else with the code of the first that is not.",
          )
          .example("$0 status", "a line for each group")
          .example("$0 status web --json", "one group, for a script"),
      async ({ groups = [], json }) => {
        const now = clock.now();
        const known = aged(readStatus(runDirectory(terminal.env, cwd)), now);
        const chosen = choose(known, groups);
        await write(
          terminal.stdout,
          json ? `${JSON.stringify({ ...known, groups: chosen })}\n` : asText(chosen, now),
        );
        exitWith(chosen.map(exitCodeFor).find((code) => code !== EXIT.done) ?? EXIT.done);
      },
    ),
};

function readStatus(run: string): Status {
  const path = join(run, "status.json");
  try {
    return parseStatus(readFileSync(path, "utf8"));
  } catch (error) {
    if (errnoOf(error) === "ENOENT")
      throw new PosternError("NotReady", "not ready: postern has not run on this host yet", {
        hint: `run postern fetch, or name its run directory in POSTERN_RUN if it is not ${quote(run)}`,
      });
    if (errnoOf(error) === "EACCES")
      throw new PosternError("Denied", `denied: ${quote(path)} is not readable by this user`);
    throw error;
  }
}

function aged(known: Status, now: number): Status {
  return {
    ...known,
    groups: known.groups.map((group) => ({ ...group, state: currentState(group, now) })),
  };
}

function choose({ groups }: Status, names: readonly string[]): readonly GroupStatus[] {
  const known = groups.map(({ group }) => group);
  const missing = names.find((name) => !known.includes(name));
  if (missing !== undefined) {
    const near = nearestWord(missing, known);
    throw new PosternError("NotFound", `no such group ${quote(missing)}`, {
      hint: near === undefined ? `it has: ${known.join(", ")}` : `did you mean "${near}"?`,
    });
  }
  return names.length === 0 ? groups : groups.filter(({ group }) => names.includes(group));
}

function asText(groups: readonly GroupStatus[], now: number): string {
  const rows = groups.map((group) => [
    group.group,
    group.state,
    group.secrets === null ? "-" : count(group.secrets, "secret"),
    group.bytes === null ? "-" : bytes(group.bytes),
    group.lastSuccess === null ? "never" : `${duration(now - Date.parse(group.lastSuccess))} ago`,
    group.generation ?? "-",
  ]);
  const lines = table([["GROUP", "STATE", "SECRETS", "SIZE", "IN STEP", "GENERATION"], ...rows]);
  const errors = groups.flatMap(({ group, error }) =>
    error === null
      ? []
      : [
          `${group}: ${error.message}`,
          ...(error.hint === null ? [] : [`${group}: hint: ${error.hint}`]),
        ],
  );
  return [...lines, ...errors, ""].join("\n");
}

/** An outage within `max_age` is no fault of what is on the disk. */
const EXIT_OF: Readonly<Record<GroupState, ExitCode>> = {
  fresh: EXIT.done,
  stale: EXIT.done,
  held: EXIT.done,
  expired: EXIT.notReady,
  pending: EXIT.notReady,
  denied: EXIT.denied,
  rejected: EXIT.badData,
};

function exitCodeFor({ state }: GroupStatus): ExitCode {
  return EXIT_OF[state];
}
