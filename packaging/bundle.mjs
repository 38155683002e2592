/**
 * Bundles the program into `dist`, each part with V8's compiled form of what a pass needs of it beside it:
 *
 *     postern.cjs  postern.cache    the program
 *     fetch.cjs    fetch.cache      the same without the other commands: a fetch at boot is waited for
 *     sealed.cjs   sealed.cache     other people's code that opens envelopes and bundles
 *     daemon.cjs                    other people's code that the daemon alone needs
 *     template.cjs                  other people's code that templates need
 *     rest.cjs                      other people's code that few commands need
 *     account.cjs                   other people's code that one command needs
 *
 * Apart, because every run pays for the size of what it loads. Only other people's code is kept apart: of ours
 * a run loads one copy, with one class of errors.
 *
 * CommonJS, because it loads faster than ESM. `main-fields=module,main` lets esbuild drop what is unused of
 * the SDK. `dynamic-import=false` turns `import()` into a lazy `require`: a script run from a code cache
 * cannot import. yargs asks for `import.meta.url`, which CommonJS lacks, hence the shim.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { sealBundle } from "./sealed-sample.mjs";

const root = join(import.meta.dirname, "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Packages by the part that they are kept in. */
const APART = [
  ["sealed", /^(@aws-crypto\/([\w-]+-node|serialize)|tar-stream)$/],
  ["daemon", /^(pino|prom-client)$/],
  ["template", /^liquidjs$/],
  ["rest", /^(@aws-sdk\/(client-(kms|s3)|credential-providers)|fast-xml-parser)$/],
  ["account", /^@aws-sdk\/client-iam$/],
];

/**
 * The Encryption SDK loads these for keyrings that keep keys in DynamoDB, and for who names no client of KMS.
 * Neither is done here, and loading them takes longer than opening a bundle.
 */
const withoutClients = {
  name: "without clients",
  setup(bundler) {
    bundler.onResolve({ filter: /^@aws-sdk\/client-(dynamodb|kms)$/ }, ({ path }) => ({
      path,
      namespace: "unused",
    }));
    bundler.onLoad({ filter: /./, namespace: "unused" }, () => ({
      contents: "module.exports = {};",
    }));
  },
};

/** See points.ts. */
const nativePoints = {
  name: "native points",
  setup(bundler) {
    let isUsed = false;
    bundler.onResolve({ filter: /^\.\/ecc_decode$/ }, () => {
      isUsed = true;
      return { path: join(root, "packaging", "points.ts") };
    });
    bundler.onEnd(() => {
      if (!isUsed) throw new Error("the Encryption SDK reads points elsewhere now: see points.ts");
    });
  },
};

const common = {
  absWorkingDir: root,
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
  // the function that a module is to Node: launch.cjs would have to copy all of the text to put it round it
  banner: {
    js: `(function (exports, require, module, __filename, __dirname) {
const bundleUrl = require("node:url").pathToFileURL(__filename).href;`,
  },
  footer: { js: "})" },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
};
/** yargs checks itself with two functions of a module that takes Node 2 ms to load. */
const yargsAsserts = {
  name: "asserts of yargs",
  setup(bundler) {
    bundler.onResolve({ filter: /^assert$/ }, ({ path }) => ({ path, namespace: "asserts" }));
    bundler.onLoad({ filter: /./, namespace: "asserts" }, () => ({
      contents: `
        function check(holds, message) { if (!holds) throw new Error(message); }
        export const strictEqual = (one, other, message) => check(Object.is(one, other), message);
        export const notStrictEqual = (one, other, message) => check(!Object.is(one, other), message);`,
    }));
  },
};

const apart = {
  name: "apart",
  setup(bundler) {
    for (const [part, filter] of APART)
      bundler.onResolve({ filter }, () => ({ path: `./${part}.cjs`, external: true }));
  },
};

/** The program as `fetch` needs it knows no other command. */
const fetchAlone = {
  name: "fetch alone",
  setup(bundler) {
    bundler.onLoad({ filter: /\/agent\/cli\/commands\.ts$/ }, () => ({
      contents: `import { fetch } from "./fetch.ts"; export const commands = [fetch];`,
      loader: "ts",
      resolveDir: join(root, "agent", "cli"),
    }));
  },
};

await buildProgram("fetch", [fetchAlone]);
await buildProgram("postern", []);
for (const [part, filter] of APART) await buildPart(part, filter);
const launch = join(root, "dist", "launch.cjs");
copyFileSync(join(root, "packaging", "launch.cjs"), launch);
await writeCaches();

async function buildProgram(name, plugins) {
  await build({
    ...common,
    entryPoints: { [name]: "agent/cli/main.ts" },
    outdir: "dist",
    outExtension: { ".js": ".cjs" },
    plugins: [apart, yargsAsserts, ...plugins],
  });
}

/** Bundles of these packages what the sources name, so that the rest of them can be dropped. */
async function buildPart(part, filter) {
  const contents = [...namesOf(filter)]
    .map(([from, names]) => `export { ${[...names].join(", ")} } from "${from}";`)
    .join("\n");
  await build({
    ...common,
    stdin: { contents, resolveDir: root },
    outfile: join("dist", `${part}.cjs`),
    plugins: part === "sealed" ? [withoutClients, nativePoints] : [],
  });
}

/** What `agent` imports of the packages, by package. */
function namesOf(filter) {
  const names = new Map();
  for (const file of readdirSync(join(root, "agent"), { recursive: true })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(root, "agent", file), "utf8");
    for (const [, list, from] of text.matchAll(/^import \{([^}]*)\} from "([^"]+)";$/gm)) {
      if (!filter.test(from)) continue;
      const values = list.split(",").map((name) => name.trim().replace(/ as .*$/, ""));
      const known = names.get(from) ?? names.set(from, new Set()).get(from);
      for (const name of values) if (name !== "" && !name.startsWith("type ")) known.add(name);
    }
  }
  return names;
}

/**
 * Keeps what a whole pass compiled, over plain secrets and a bundle: V8 compiles a function when it is first
 * called, so an empty run would leave nearly all of it out. Where there can be no sandbox to pass over, what an
 * empty run compiles has to do.
 */
async function writeCaches() {
  const folder = mkdtempSync(join(tmpdir(), "postern-bundle-"));
  const seed = join(folder, "seed");
  for (const group of ["web", "sealed"]) mkdirSync(join(seed, group), { recursive: true });
  for (const name of ["one", "two"]) writeFileSync(join(seed, "web", name), name);
  const words = ["--seed", seed, "--json", "--until-eof"];
  const sandbox = spawn(process.execPath, [launch, "sandbox", ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(sandbox, "exit");
  try {
    runForCache(["--version"], {});
    runForCache(["fetch", "--help"], {});
    const started = await Promise.race([once(sandbox.stdout, "data"), ended.then(() => undefined)]);
    if (started === undefined) return;
    const { env, bucket, kms_key: key, publisher } = JSON.parse(String(started[0]));
    const where = { endpoint: env.AWS_ENDPOINT_URL_KMS, region: env.AWS_REGION };
    writeFileSync(
      join(seed, "sealed", "bundle"),
      await sealBundle({ ...where, bucket, key, publisher }),
    );
    const config = join(folder, "postern.yaml");
    writeFileSync(config, configOf(folder, bucket, key), { mode: 0o600 });
    for (const program of ["whole", "named"]) {
      for (const tree of ["run", "state"])
        rmSync(join(folder, tree), { recursive: true, force: true });
      runForCache(["fetch", "--config", config], env, program);
    }
  } finally {
    sandbox.stdin.end();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

function configOf(folder, bucket, key) {
  return `version: 1
bucket: ${bucket}
endpoints: environment
paths: { run: ${folder}/run, state: ${folder}/state }
defaults: { settle: 0s }
groups:
  web: { prefix: web/ }
  sealed: { bundle: sealed/bundle, decrypt: { mode: envelope, keys: ["${key}"] } }
`;
}

function runForCache(words, env, program = "named") {
  spawnSync(process.execPath, [launch, ...words], {
    env: { ...process.env, ...env, POSTERN_WRITE_CACHE: program },
    stdio: "ignore",
  });
}
