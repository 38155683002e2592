import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { root } from "./support/root.ts";

/** Folder by folder, what it may import below `agent/`; the order is design section 7. */
const STAGES = [
  "config",
  "credentials",
  "source",
  "decrypt",
  "render",
  "store",
  "notify",
  "observe",
];
const BELOW_STAGES = ["aws", "core"];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "cli",
    "demo",
    "doctor",
    "daemon",
    "publish",
    "sandbox",
    "audit",
    "account",
    "lint",
    "prove",
    "generate",
    "map",
    "policy",
    ...STAGES,
    ...BELOW_STAGES,
  ],
  // plays the program from outside, as a child process: it needs its sandbox, and policies for it
  demo: ["demo", "sandbox", "generate", "map", "policy", "observe", "core"],
  doctor: ["doctor", "daemon", "policy", ...STAGES, ...BELOW_STAGES],
  daemon: ["daemon", "policy", ...STAGES, ...BELOW_STAGES],
  publish: ["publish", "policy", ...STAGES, ...BELOW_STAGES],
  sandbox: ["sandbox", "policy", ...STAGES, ...BELOW_STAGES],
  audit: [
    "audit",
    "account",
    "lint",
    "prove",
    "generate",
    "map",
    "policy",
    ...STAGES,
    ...BELOW_STAGES,
  ],
  // asks AWS what the documents of a map are compared with, and judges nothing
  account: ["account", "map", "policy", "credentials", "aws", "core"],
  lint: ["lint", "map", "policy", "config", "core"],
  // what is proved and what proves share the map and the evaluator, and nothing of each other
  prove: ["prove", "map", "policy", "config", "core"],
  generate: ["generate", "map", "policy", "config", "core"],
  map: ["map", "policy", "config", "core"],
  policy: ["policy", ...STAGES, ...BELOW_STAGES],
  ...Object.fromEntries(STAGES.map((stage) => [stage, [stage, ...BELOW_STAGES]])),
  aws: ["aws", "core"],
  core: ["core"],
};
const FORBIDDEN_NAMES = /^(index|utils?|helpers?|common|types|constants)(\.ts)?$/;

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly imports: readonly string[];
}

const files = readdirSync(join(root, "agent"), { recursive: true, encoding: "utf8" }).filter(
  (path) => path.endsWith(".ts"),
);
const sources: readonly Source[] = files.map((path) => {
  const text = readFileSync(join(root, "agent", path), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
  return {
    path,
    folder: path.split("/")[0] ?? "",
    imports: specifiers.map((specifier) => join(path, "..", specifier)),
  };
});

describe("the house", () => {
  it("has sources to check", () => {
    assert.ok(sources.length > 5 && sources.some((source) => source.imports.length > 0));
  });

  it("has two levels of folders and no catch-all names", () => {
    for (const { path } of sources) {
      const parts = path.split("/");
      assert.equal(parts.length, 2, `agent/${path}: expected <folder>/<file>.ts`);
      for (const part of parts) assert.doesNotMatch(part, FORBIDDEN_NAMES, `agent/${path}`);
      assert.ok(
        parts[0] !== undefined && parts[0] in MAY_IMPORT,
        `agent/${path}: a folder that the layout does not know`,
      );
    }
  });

  it("imports only downward, and stages never each other", () => {
    for (const { path, folder, imports } of sources) {
      for (const target of imports) {
        const targetFolder = target.split("/")[0] ?? "";
        assert.ok(
          MAY_IMPORT[folder]?.includes(targetFolder),
          `agent/${path} imports agent/${target}: ${folder} may not import ${targetFolder}`,
        );
      }
    }
  });

  it("imports in no circle, types included", () => {
    const byPath = new Map(sources.map((source) => [source.path, source.imports]));
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): void => {
      assert.ok(!trail.includes(path), `a circle: ${[...trail, path].join(" -> ")}`);
      if (done.has(path)) return;
      for (const target of byPath.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const path of byPath.keys()) visit(path, []);
  });
});
