/** What reading one secret costs, beside `cat` of the same file and an empty Node. @module */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bench, inTurn, commandContestant, ratio, type Verdict } from "./measure.ts";

const launcher = fileURLToPath(new URL("../../bin/postern", import.meta.url));
const ROUNDS = 15;
/** Runs in one go: 15 goes of 10 settle the ratios to about a tenth. */
const TIMES = 10;

export const bench: Bench = {
  name: "get",
  method:
    "one secret of a tree in memory or on disk; wall time against cat of the same file and an empty Node",
  run: measureGet,
};

async function measureGet(): Promise<readonly Verdict[]> {
  const run = mkdtempSync(join(tmpdir(), "postern-bench-"));
  try {
    const file = makeTree(run);
    // nothing else of the environment: NODE_EXTRA_CA_CERTS alone would triple an empty Node 20
    const env = { PATH: "/usr/bin:/bin", POSTERN_RUN: run };
    const get = [launcher, "get", "web/token"];
    const medians = await inTurn(
      [
        commandContestant("cat", ["cat", file], env, TIMES),
        commandContestant("get", get, env, TIMES),
        commandContestant("get --max-age", [...get, "--max-age", "1h"], env, TIMES),
        commandContestant("node", [process.execPath, "-e", "0"], env, TIMES),
      ],
      ROUNDS,
    );
    return [
      { what: "postern get / cat", ratio: ratio(medians, "get", "cat"), atMost: 4 },
      {
        what: "postern get --max-age / cat",
        ratio: ratio(medians, "get --max-age", "cat"),
        atMost: 4,
      },
      { what: "postern get / node -e 0", ratio: ratio(medians, "get", "node"), atMost: 0.2 },
    ];
  } finally {
    rmSync(run, { recursive: true });
  }
}

/** A run directory with one secret; gives its path. */
function makeTree(run: string): string {
  const home = join(run, "groups", "web");
  mkdirSync(join(home, "gen", "7f3a9c"), { recursive: true });
  for (const folder of ["secrets", "state"]) mkdirSync(join(run, folder));
  writeFileSync(join(home, "gen", "7f3a9c", "token"), "x".repeat(64));
  symlinkSync("gen/7f3a9c", join(home, "current"));
  symlinkSync("../groups/web/current", join(run, "secrets", "web"));
  const now = Math.floor(Date.now() / 1000);
  writeFileSync(join(run, "state", "web"), `fresh ${now} ${now + 3600} 7f3a9c\n`);
  return join(run, "secrets", "web", "token");
}
