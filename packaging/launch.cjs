/**
 * Runs `postern.cjs` from V8's code cache when there is one for this very Node and bundle, else compiles it.
 * V8 checks the cache itself (version, flags, source) and a refused one only costs the compilation.
 */
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { Script } = require("node:vm");
const { createRequire } = require("node:module");

const dist = __dirname;
const bundle = join(dist, "postern.cjs");
const cache = join(dist, "postern.cache");

let cachedData;
try {
  cachedData = readFileSync(cache);
} catch {
  // not built yet, or a package without it: compiling works everywhere
}
// latin1 is read three times as fast as utf8, and the bundle is ASCII
const wrapped = `(function(exports,require,module,__filename,__dirname){${readFileSync(bundle, "latin1")}\n})`;
const script = new Script(wrapped, { filename: bundle, cachedData });
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, createRequire(bundle), module_, bundle, dist);
if (process.env.POSTERN_WRITE_CACHE) {
  process.on("exit", () => writeFileSync(cache, script.createCachedData()));
}
