/**
 * Bundles the program into `dist/postern.cjs`, and keeps V8's compiled form of it in `dist/postern.cache`.
 *
 * CommonJS, because it loads faster than ESM. `main-fields=module,main` lets esbuild drop what is unused of
 * the SDK. `dynamic-import=false` turns `import()` into a lazy `require`: a script run from a code cache
 * cannot import. yargs asks for `import.meta.url`, which CommonJS lacks, hence the shim.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
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
copyFileSync(join(root, "packaging", "launch.cjs"), join(root, "dist", "launch.cjs"));
execFileSync(process.execPath, [join(root, "dist", "launch.cjs"), "--version"], {
  env: { ...process.env, POSTERN_WRITE_CACHE: "1" },
});
