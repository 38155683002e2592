/** Prometheus' own judge of metrics and rules. @module */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** What to give as `skip`: false, or the reason. */
export const withoutPromtool: string | false =
  spawnSync("promtool", ["--version"]).error !== undefined && "promtool not installed";

/** Runs promtool; it must have nothing to say against its input. */
export function assertSound(words: readonly string[], input = ""): void {
  const { status, stdout, stderr } = spawnSync("promtool", words, { input, encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.equal(stderr, "");
}
