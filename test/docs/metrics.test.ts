import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createMetrics } from "../../agent/observe/metrics.ts";
import { root } from "../support/root.ts";

describe("docs/daemon.md", () => {
  it("names every metric that the daemon has, and no other", async () => {
    const requests = { list: 0, get: 0, notModified: 0, decrypt: 0, imds: 0, retries: 0 };
    const text = await createMetrics("1").text({
      groups: [],
      requests,
      credentialsExpireAt: undefined,
    });
    const has = [...text.matchAll(/^# TYPE (\w+) /gm)].map((match) => match[1] ?? "");
    const page = readFileSync(join(root, "docs", "daemon.md"), "utf8");
    const told = [...page.matchAll(/`((?:postern|process)_[a-z_]+)`/g)].map(
      (match) => match[1] ?? "",
    );
    assert.deepEqual(told.toSorted(), has.toSorted());
  });
});
