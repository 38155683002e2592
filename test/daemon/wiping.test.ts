/** No plaintext outlives the pass that fetched it. @module */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseAccountId, parseBucketName, parseRegion } from "../../agent/core/names.ts";
import type { GroupOutcome } from "../../agent/core/outcome.ts";
import { openHost } from "../../agent/daemon/open-host.ts";
import { syncGroup } from "../../agent/daemon/sync.ts";
import { closeTree } from "../../agent/store/tree.ts";
import { failingFs } from "../support/failing-fs.ts";
import { fakeS3, type FakeS3 } from "../support/fake-s3.ts";
import { configOf, HEAD } from "../support/parsed-config.ts";
import { gid, newWorld, open, uid, type World } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

interface Row {
  readonly ends: GroupOutcome["kind"];
  readonly prepare?: (s3: FakeS3) => void;
  readonly world?: () => Partial<World>;
  readonly limits?: string;
}

const ROWS: Readonly<Record<string, Row>> = {
  "was written": { ends: "changed" },
  "is too much for this host": { ends: "failed", limits: "limits: { max_host_size: 1B }\n" },
  "is no longer what S3 holds": {
    ends: "waiting",
    prepare: (s3) => {
      s3.onGet = ({ key }) => void (key === "web/b" && s3.put("web/c", "late"));
    },
  },
  // far enough in for the objects to be there
  "finds no room on the disk": {
    ends: "failed",
    world: () => ({ fs: failingFs(60, "ENOSPC").fs }),
  },
};

describe("what was fetched", () => {
  const temp = memoryDir();

  for (const [why, row] of Object.entries(ROWS))
    it(`is wiped when it ${why}`, async () => {
      const s3 = fakeS3({ "web/a": "hunter2", "web/b": "hunter3" });
      row.prepare?.(s3);
      const outcome = await passOver(mkdtempSync(join(temp, "w-")), s3, row);
      assert.equal(outcome.kind, row.ends);
      assert.deepEqual(
        s3.bodies.map(({ length }) => length),
        [0, 0],
      );
    });

  it("is wiped when it is what the disk holds already", async () => {
    const root = mkdtempSync(join(temp, "w-"));
    const s3 = fakeS3({ "web/a": "hunter2" });
    for (const ends of ["changed", "unchanged"] as const) {
      s3.put("web/a", "hunter2");
      assert.equal((await passOver(root, s3, { ends })).kind, ends);
    }
    assert.deepEqual(
      s3.bodies.map(({ length }) => length),
      [0, 0],
    );
  });
});

async function passOver(
  root: string,
  s3: FakeS3,
  { world, limits = "" }: Row,
): Promise<GroupOutcome> {
  const config = configOf(`${HEAD}${limits}groups: { web: { prefix: web/ } }\n`);
  const [group] = config.groups;
  assert.ok(group);
  const parts = newWorld(root, world?.());
  const tree = open(parts);
  try {
    const home = {
      bucket: parseBucketName("acme-secrets"),
      owner: parseAccountId("111122223333"),
      region: parseRegion("us-east-1"),
    };
    const host = openHost({
      config,
      services: { s3: () => s3, kms: () => Promise.reject(new Error("nothing is sealed")) },
      home,
      tree,
      owners: () => Promise.resolve({ uid, gid }),
      clock: parts.clock,
      chance: parts.chance,
      uid,
      judge: { check: () => Promise.resolve(), verify: () => Promise.resolve() },
      owesReloads: false,
    });
    return await syncGroup(host, group, new AbortController().signal);
  } finally {
    closeTree(tree);
  }
}
