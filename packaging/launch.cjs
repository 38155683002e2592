/**
 * Runs `postern.cjs`, or `fetch.cjs` for that command, from V8's code cache when there is one for this very Node and
 * bundle, else compiles it; and so the parts beside it, when it asks for them.
 * V8 checks the cache itself (version, flags, source) and a refused one only costs the compilation.
 */
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { Script } = require("node:vm");
const { createRequire } = require("node:module");

const requireElse = createRequire(path.join(__dirname, "postern.cjs"));
const parts = new Map();
// much imports these, the first question to IMDS needs neither, and they take Node some 6 ms to load
const LATE = new Set(["node:crypto", "node:child_process"]);

function load(name) {
  const known = parts.get(name);
  if (known !== undefined) return known.exports;
  const filename = path.join(__dirname, name);
  const module_ = { exports: {} };
  parts.set(name, module_);
  // latin1 is read three times as fast as utf8, and the bundle is ASCII
  const script = new Script(readFileSync(filename, "latin1"), {
    filename,
    cachedData: cacheOf(filename),
  });
  script.runInThisContext()(module_.exports, requirePart, module_, filename, __dirname);
  if (process.env.POSTERN_WRITE_CACHE) {
    process.on("exit", () => writeFileSync(cacheName(filename), script.createCachedData()));
  }
  return module_.exports;
}

function requirePart(name) {
  if (name.startsWith("./")) return load(name.slice(2));
  return LATE.has(name) ? whenUsed(name) : requireElse(name);
}

/** Stands in for a module of Node until something of it is asked for. */
function whenUsed(name) {
  let loaded;
  return new Proxy({}, { get: (_, member) => (loaded ??= requireElse(name))[member] });
}

function cacheOf(filename) {
  try {
    return readFileSync(cacheName(filename));
  } catch {
    // not built yet, or a package without it: compiling works everywhere
    return undefined;
  }
}

function cacheName(filename) {
  return filename.replace(/cjs$/, "cache");
}

// with nothing left to do, and all of it written: to take the heap down piece by piece would take some milliseconds more
process.on("beforeExit", () => process.exit());

// the whole program's cache also wants a fetch
const isWhole = process.argv[2] !== "fetch" || process.env.POSTERN_WRITE_CACHE === "whole";
load(isWhole ? "postern.cjs" : "fetch.cjs");
