import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { runCommand } from "./command.ts";
import { root } from "./root.ts";
import type { Came, Story } from "./story.ts";

export type Played =
  | { readonly kind: "skipped"; readonly why: string }
  /** One for each step, in their order. */
  | { readonly kind: "played"; readonly came: readonly Came[] };

type Environment = Readonly<Record<string, string>>;

/** Plays a story in a fresh folder, and leaves neither the folder nor a process behind. */
export async function playStory(story: Story): Promise<Played> {
  const work = mkdtempSync(join(realpathSync(tmpdir()), "postern-story-"));
  const started: ChildProcess[] = [];
  try {
    for (const { name, text } of story.files) placeFile(work, name, text);
    let env = environmentIn(work);
    for (const need of story.needs) {
      if ((await shell(need, work, env)).code !== 0)
        return { kind: "skipped", why: `needs: ${need}` };
    }
    const came: Came[] = [];
    for (const step of story.steps) {
      if (step.kind === "run") came.push(await shell(step.command, work, env));
      else {
        env = { ...env, ...(await start(step.command, work, env, started)) };
        came.push({ stdout: "", stderr: "", code: 0 });
      }
    }
    return { kind: "played", came };
  } finally {
    await Promise.all(started.map(end));
    rmSync(work, { recursive: true, force: true });
  }
}

function placeFile(work: string, name: string, text: string): void {
  const path = join(work, name);
  assert.ok(
    !relative(work, path).startsWith(".."),
    `${name}: expected a file of the story's folder`,
  );
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function environmentIn(work: string): Environment {
  return {
    PATH: `${join(root, "bin")}:${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: work,
    WORK: work,
    POSTERN_RUN: join(work, "run"),
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
}

async function shell(command: string, work: string, env: Environment): Promise<Came> {
  const { code, stdout, stderr } = await runCommand(["sh", "-c", command], { cwd: work, env });
  const hidden = (text: string): string => text.replaceAll(work, "$WORK");
  return { code, stdout: hidden(stdout.toString("utf8")), stderr: hidden(stderr) };
}

/** Starts a process, and gives the variables that its first line of output sets. */
async function start(
  command: string,
  work: string,
  env: Environment,
  started: ChildProcess[],
): Promise<Environment> {
  // exec, so that the signal which ends it reaches the process itself
  const child = spawn("sh", ["-c", `exec ${command}`], {
    cwd: work,
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  started.push(child);
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      reject(new Error(`${command}: ended with ${code} before it was ready\n${stderr}`)),
    );
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes("\n")) resolve();
    });
  });
  return variablesOf(stdout.slice(0, stdout.indexOf("\n")));
}

function variablesOf(line: string): Environment {
  const ready = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { env, ...others } = ready;
  const texts = Object.entries(others).flatMap(([name, value]) => textsIn(name, value));
  return {
    ...(env as Environment | undefined),
    ...Object.fromEntries(texts.map(([name, text]) => [`STORY_${name.toUpperCase()}`, text])),
  };
}

/** A text under its name, or those of an object under both names. */
function textsIn(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[name, value]];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([inner, text]) => textsIn(`${name}_${inner}`, text));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, "close");
  child.stdin?.end();
  child.kill("SIGTERM");
  const stubborn = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await closed;
  clearTimeout(stubborn);
}
