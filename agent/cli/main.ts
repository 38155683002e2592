/**
 * The command line: one yargs module a command, each loading its own work only when it runs.
 * @module
 */
import yargs from "yargs";
import { EXIT, PosternError } from "../core/errors.ts";
import { reportError, type Terminal } from "./report.ts";

const terminal: Terminal = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
};

async function main(): Promise<void> {
  const parser = yargs(process.argv.slice(2))
    .scriptName("postern")
    .version(process.env["POSTERN_VERSION"] ?? "0.0.0")
    .strict()
    .demandCommand(1, "expected a command")
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ?? new PosternError("Usage", message, { hint: "postern --help lists the commands" })
      );
    });
  await parser.parseAsync();
}

main().catch((error: unknown) => {
  process.exitCode = reportError(terminal, error) || EXIT.internal;
});
