/**
 * Makes a clone ready to work in: installs the locked dependencies when they are missing or the lockfile
 * has changed since, and with `--bundle` builds the program when a source is newer than it.
 * Runs before any dependency exists, so it uses Node alone. Idempotent; says only what it does.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const stamp = join(root, "node_modules", ".postern-lock");
const bundle = join(root, "dist", "postern.cjs");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`postern needs Node 20.19 or newer, this is ${process.versions.node}`, 1);
}

const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .update(process.version)
  .digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  process.stderr.write("installing dependencies …\n");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}
if (process.argv.includes("--bundle") && newest(join(root, "agent")) > modified(bundle)) {
  process.stderr.write("building postern …\n");
  run(process.execPath, [join(root, "packaging", "bundle.mjs")]);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0)
    fail(`${command} ${args[0]} failed${error ? `: ${error.message}` : ""}`, status ?? 1);
}

function newest(folder) {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true }).map((name) => modified(join(folder, name))),
  );
}

function modified(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
