/**
 * Runs the compiled tests, every `*.test.js` below dist/test or those whose path contains an argument.
 * The judges in test/clients need other people's programs, test/browser a browser, test/boot a system to boot, and
 * test/endurance takes minutes: they run only when an argument names them.
 * Files are named one by one: `node --test FOLDER` also runs helpers on Node 20 and fails on 22.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const wanted = process.argv.slice(2);
const files = readdirSync(join(root, "dist", "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.js"))
  // what was compiled before its source went must not be run
  .filter((name) => existsSync(join(root, "test", name.replace(/js$/, "ts"))))
  .filter((name) =>
    ["boot", "browser", "clients", "endurance"].every(
      (heavy) => !name.startsWith(`${heavy}/`) || wanted.some((part) => part.startsWith(heavy)),
    ),
  )
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort()
  .map((name) => join("dist", "test", name));
if (files.length === 0) {
  process.stderr.write(`no test matches ${wanted.join(" ")}\n`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
