/**
 * Bundles the program into `dist/postern.cjs`, and keeps V8's compiled form of it in `dist/postern.cache`.
 *
 * CommonJS, because it loads faster than ESM. `main-fields=module,main` lets esbuild drop what is unused of
 * the SDK. `dynamic-import=false` turns `import()` into a lazy `require`: a script run from a code cache
 * cannot import. yargs asks for `import.meta.url`, which CommonJS lacks, hence the shim.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

await build({
  absWorkingDir: root,
  entryPoints: { postern: "agent/cli/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  // launch.cjs reads it as such
  charset: "ascii",
  target: "node20",
  format: "cjs",
  mainFields: ["module", "main"],
  supported: { "dynamic-import": false },
  define: {
    "import.meta.url": "bundleUrl",
    "process.env.POSTERN_VERSION": JSON.stringify(version),
  },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
});
const launch = join(root, "dist", "launch.cjs");
copyFileSync(join(root, "packaging", "launch.cjs"), launch);
await writeCache();

/**
 * Keeps what a whole pass compiled: V8 compiles a function when it is first called, so an empty run would leave
 * nearly all of it out. Where there can be no sandbox to pass over, what an empty run compiles has to do. What
 * opens sealed secrets stays out: it would make the cache half as large again, for every run to read.
 */
async function writeCache() {
  const folder = mkdtempSync(join(tmpdir(), "postern-bundle-"));
  const seed = join(folder, "seed");
  mkdirSync(join(seed, "web"), { recursive: true });
  for (const name of ["one", "two"]) writeFileSync(join(seed, "web", name), name);
  const config = join(folder, "postern.yaml");
  const words = ["--seed", seed, "--write-config", config, "--json", "--until-eof"];
  const sandbox = spawn(process.execPath, [launch, "sandbox", ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(sandbox, "exit");
  try {
    runForCache(["--version"]);
    await Promise.race([once(sandbox.stdout, "data"), ended]);
    runForCache(["fetch", "--config", config]);
  } finally {
    sandbox.stdin.end();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

function runForCache(words) {
  spawnSync(process.execPath, [launch, ...words], {
    env: { ...process.env, POSTERN_WRITE_CACHE: "1" },
    stdio: "ignore",
  });
}
