/** `postern rollback`: a group's previous generation on this host. @module */
import { PosternError } from "../core/errors.ts";
import type { Command, Surroundings } from "./command.ts";
import { chosenGroups, loadNamedConfig, withConfig } from "./configured.ts";
import { systemEffects } from "./effects.ts";
import { write } from "./output.ts";

export const rollback: Command = {
  name: "rollback",
  audience: "instances",
  summary: "put a group's previous generation back",
  manual: {
    description: [
      "Swaps the named group back to the generation before the current one, on this host alone, and holds that: what S3 has now is not applied again until it changes, or until refresh --release says so. A running daemon does it, and reloads what uses the group.",
      "The generation before the current one is kept until the next change. It lies in memory, so after a reboot there is none, the hold is forgotten, and the host takes what S3 has.",
    ],
    consults: ["configuration"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "rollback <group>",
      rollback.summary,
      (options) =>
        withConfig(options)
          .positional("group", { type: "string", demandOption: true, describe: "which group" })
          .option("json", { type: "boolean", describe: "print what happened as JSON" })
          .example("$0 rollback web", "the set before the last change"),
      async ({ group, config: file, json }) => {
        const { from, to, byDaemon } = await rollBackNamed(group, file, surroundings);
        const reload = byDaemon ? "" : "; no daemon runs, so nobody was told of it";
        await write(
          surroundings.terminal.stdout,
          json
            ? `${JSON.stringify({ group, from, to })}\n`
            : `${group}  rolled back from ${from} to ${to}, until it changes or a reboot${reload}\n`,
        );
      },
    ),
};

interface Done {
  readonly from: string;
  readonly to: string;
  readonly byDaemon: boolean;
}

async function rollBackNamed(
  name: string,
  file: string | undefined,
  surroundings: Surroundings,
): Promise<Done> {
  const config = await loadNamedConfig(file, surroundings);
  const [group] = chosenGroups(config, [name]);
  const { askDaemon } = await import("../daemon/admin-client.ts");
  const question = { method: "POST", path: "/v1/rollback", body: { group: name } } as const;
  const answer = await askDaemon(config.paths.run, question);
  if (answer !== undefined) return { ...answered(answer), byDaemon: true };
  if (group === undefined) throw new PosternError("Internal", "the group went away");
  const [{ rollBackByHand }, { withTree }, effects] = await Promise.all([
    import("../daemon/by-hand.ts"),
    import("../daemon/writer.ts"),
    systemEffects(surroundings),
  ]);
  const { paths, limits } = config;
  const turn = { paths, command: "rollback", waitMs: limits.passTimeoutMs };
  const owes = { owesReload: false };
  const done = await withTree(turn, effects, async (tree) =>
    rollBackByHand(tree, config, group, owes),
  );
  return { ...done, byDaemon: false };
}

function answered(answer: unknown): Omit<Done, "byDaemon"> {
  if (typeof answer === "object" && answer !== null && "from" in answer && "to" in answer)
    return { from: String(answer.from), to: String(answer.to) };
  throw new PosternError("Unavailable", "the daemon's answer is not understood");
}
