import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { parseMap } from "../../agent/map/parse.ts";
import { runCommand } from "../support/command.ts";
import { exportOf, SMALL } from "../support/exports.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const folder = tempDir();
for (const { path, text } of exportOf(SMALL, "single")) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function run(...words: readonly string[]) {
  const ended = await runCommand([join(root, "bin/postern"), "policy", "adopt", ...words]);
  return { ...ended, stdout: ended.stdout.toString() };
}

describe("postern policy adopt", () => {
  it("prints a map that can be read, and below it who would lose and gain", async () => {
    const { code, stdout, stderr } = await run("--from", folder);
    assert.equal(code, 0, stderr);
    const map = parseMap(stdout, "adopted.yaml");
    assert.deepEqual(
      map.groups.map(({ name, readers }) => [name, readers]),
      [["web", ["web"]]],
    );
    const [, below = ""] = stdout.split("\n# To look at:\n");
    assert.match(
      below,
      /^# {3}tls is new: .*\n# {3}every object is allowed by policy postern of .*infra: /,
    );
    // a bucket in use that nobody watches has no such role yet
    assert.match(
      below,
      /# Would lose access: nobody\n# Would gain access:\n# {3}infra: read web\n/,
    );
  });

  it("prints the same as JSON", async () => {
    const { stdout } = await run("--from", folder, "--json");
    const value = JSON.parse(stdout) as { version: number; map: string; lost: string[] };
    assert.equal(value.version, 1);
    assert.deepEqual(value.lost, []);
    assert.equal(parseMap(value.map, "adopted.yaml").home.bucket, "acme-secrets");
  });

  it("says what is missing of a folder that has no such bucket", async () => {
    const { code, stderr } = await run("--from", folder, "--bucket", "other");
    assert.equal(code, 65);
    assert.match(stderr, /expected the documents of bucket "other", got acme-secrets/);
  });
});
