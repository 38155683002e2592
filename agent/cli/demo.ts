/** `postern demo`: all of it on this machine, checked step by step. @module */
import { dirname, join } from "node:path";
import { applyEnvironment, awsEnvironment } from "../aws/environment.ts";
import { systemChance } from "../core/clock.ts";
import { EXIT, PosternError } from "../core/errors.ts";
import type { SceneOptions } from "../demo/scene.ts";
import type { Command, Surroundings } from "./command.ts";
import type { Terminal } from "./report.ts";

export const demo: Command = {
  name: "demo",
  audience: "trying it out",
  summary: "show and check all of it on this machine",
  manual: {
    description: [
      "Starts a sandbox with a bucket, three groups that are sealed in different ways, and two instances with a role each. Who may do what is said by an access map, and decided by the policies that are generated from it. Then it runs the real program as each of them: a first fetch, a read, a denied read, three rotations while another process reads on, an outage, and a fetch with nothing to do. What is shown is also checked.",
    ],
    consults: ["terminal"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "demo",
      demo.summary,
      (options) =>
        options
          .epilogue(
            "Needs no AWS account and leaves nothing behind. Exits with 1 when a step fails.",
          )
          .example("$0 demo", "a bucket, two hosts, a rotation and an outage"),
      () => showDemo(surroundings),
    ),
};

async function showDemo({ terminal, clock, exitWith }: Surroundings): Promise<void> {
  const { createScreen, wantsColours } = await import("../demo/screen.ts");
  const { playDemo } = await import("../demo/demo.ts");
  const { stdout: out, env } = terminal;
  // the SDK, which seals here, would read the user's own settings
  applyEnvironment(awsEnvironment(env, { kind: "explicit" }, { from: "instance" }), env);
  const live = out.isTTY && env["TERM"] !== "dumb";
  const screen = createScreen({ out, live, colours: wantsColours(out.isTTY, env), clock });
  await interruptible(out, async (signal) => {
    const begun = clock.monotonic();
    const held = await playDemo({ ...ownPlace(env), chance: systemChance, signal }, screen);
    if (signal.aborted) return;
    const seconds = ((clock.monotonic() - begun) / 1000).toFixed(1);
    screen.title(held ? `Every step held, in ${seconds} s.` : "The demo failed.");
    exitWith(held ? EXIT.done : EXIT.internal);
  });
}

/** What the demo must know of the process that it runs in. */
function ownPlace(env: NodeJS.ProcessEnv): Omit<SceneOptions, "chance" | "signal"> {
  return {
    // seen from dist/launch.cjs, which it runs
    launcher: join(dirname(process.argv[1] ?? ""), "..", "bin", "postern"),
    env: { PATH: env["PATH"] ?? "/usr/bin:/bin", POSTERN_NODE: process.execPath },
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    pid: process.pid,
  };
}

const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Ends `work` by its signal when the process is told to end or nobody reads on, and then ends as told.
 * @throws {PosternError} CannotWrite when nobody read on
 */
async function interruptible(
  out: Terminal["stdout"],
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  let told: NodeJS.Signals | undefined;
  const end = (name: NodeJS.Signals): void => {
    told = name;
    over.abort();
  };
  for (const name of SIGNALS) process.on(name, end);
  out.on("error", () => over.abort());
  try {
    await work(over.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, end);
    if (told !== undefined) process.kill(process.pid, told);
  }
  if (over.signal.aborted) throw new PosternError("CannotWrite", "cannot write the output");
}
