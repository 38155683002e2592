/** `postern completion`: a script that completes postern's words at a prompt. @module */
import type { Command } from "./command.ts";
import { write } from "./output.ts";

/** The command that completes `commands` and itself. */
export function completionOf(commands: readonly Command[]): Command {
  const completion: Command = {
    name: "completion",
    audience: "trying it out",
    summary: "print a completion script for a shell",
    manual: {
      description: [
        "Prints a script that completes commands, options, and the names of this host's groups and secrets. The script lists the run directory by itself and starts no other program, so it is as fast as the shell; it sees what its user may see.",
      ],
      consults: [],
    },
    add: (parser, { terminal }) =>
      parser.command(
        "completion <shell>",
        completion.summary,
        (options) =>
          options
            .positional("shell", {
              type: "string",
              demandOption: true,
              choices: ["bash", "zsh"] as const,
              describe: "bash or zsh",
            })
            .example('eval "$($0 completion bash)"', "in ~/.bashrc")
            .example("$0 completion zsh > ~/.zfunc/_postern", "a folder of zsh's fpath"),
        async ({ shell }) => {
          const { completionScript } = await import("./completion-script.ts");
          await write(terminal.stdout, completionScript(shell, [...commands, completion]));
        },
      ),
  };
  return completion;
}
