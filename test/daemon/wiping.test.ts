/** No plaintext outlives the pass that fetched it. @module */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SecretBytes } from "../../agent/core/secret-bytes.ts";
import { parseAccountId, parseBucketName, parseRegion } from "../../agent/core/names.ts";
import type { GroupOutcome } from "../../agent/core/outcome.ts";
import { openHost } from "../../agent/daemon/open-host.ts";
import { syncGroup } from "../../agent/daemon/sync.ts";
import { type FileSystem, systemFileSystem } from "../../agent/store/file-system.ts";
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
  /** More of the group's own settings. */
  readonly more?: string;
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

const PLACED = `files: { a: { path: ROOT/a, as: copy }, b: { path: ROOT/b, as: copy } }, render: [{ path: ROOT/all.json, format: json }]`;

describe("what was read and made of it", () => {
  const temp = memoryDir();

  const rows: Readonly<Record<string, Row & { readonly edited?: string }>> = {
    "was written": { ends: "changed" },
    "proved to be another's": { ends: "changed", edited: "hunter!" },
    "is too much for this host": { ends: "failed", limits: "limits: { max_host_size: 1B }\n" },
  };
  for (const [why, row] of Object.entries(rows))
    it(`is in no buffer any more once it ${why}`, async () => {
      const root = mkdtempSync(join(temp, "w-"));
      const s3 = fakeS3({ "web/a": "hunter2", "web/b": "hunter3" });
      await passOver(root, s3, { ends: "changed", more: PLACED });
      // the other one is kept: read for the render, and copied
      s3.put("web/b", "hunter4");
      for (const path of [join(root, "run/secrets/web/a"), join(root, "a")])
        if (row.edited !== undefined) {
          chmodSync(path, 0o600);
          writeFileSync(path, row.edited);
          chmodSync(path, 0o400);
        }
      const { fs, held, seen } = watchingFs();
      const second = { ...row, more: PLACED, world: () => ({ fs }) };
      assert.equal((await passOver(root, s3, second)).kind, row.ends);
      assert.ok(seen() > 0);
      assert.deepEqual(held(), []);
    });

  it("is wiped when the render after it fails", async (t) => {
    const wiped: string[] = [];
    const wipe = Reflect.get(SecretBytes.prototype, "wipe");
    t.mock.method(SecretBytes.prototype, "wipe", function (this: SecretBytes) {
      wiped.push(this.expose().toString());
      Reflect.apply(wipe, this, []);
    });
    const more =
      "render: [{ path: ROOT/all.json, format: json }, { path: ROOT/env, format: dotenv }]";
    // one variable
    const s3 = fakeS3({ "web/a.b": "hunter2", "web/a_b": "hunter2" });
    const outcome = await passOver(mkdtempSync(join(temp, "w-")), s3, { ends: "failed", more });
    assert.equal(outcome.kind === "failed" && outcome.error.code, "BadName");
    const made = wiped.filter((text) => text.startsWith("{"));
    assert.deepEqual(
      made.map((text) => JSON.parse(text)),
      [{ "a.b": "hunter2", a_b: "hunter2" }],
    );
  });
});

/** The real file system, which remembers every buffer that a value went through. */
function watchingFs(): {
  readonly fs: FileSystem;
  /** What of them still holds one. */
  readonly held: () => readonly string[];
  readonly seen: () => number;
} {
  const buffers = new Set<Buffer>();
  const watch = (buffer: Buffer): void => {
    if (buffer.includes("hunter")) buffers.add(buffer);
  };
  return {
    held: () => [...buffers].map(String).filter((text) => text.includes("hunter")),
    seen: () => buffers.size,
    fs: {
      ...systemFileSystem,
      read: (fd, into, offset, position) => {
        const count = systemFileSystem.read(fd, into, offset, position);
        watch(into);
        return count;
      },
      write: (fd, bytes, offset) => {
        watch(bytes);
        return systemFileSystem.write(fd, bytes, offset);
      },
    },
  };
}

async function passOver(
  root: string,
  s3: FakeS3,
  { world, limits = "", more }: Row,
): Promise<GroupOutcome> {
  const own = more === undefined ? "" : `, ${more.replaceAll("ROOT", root)}`;
  const config = configOf(`${HEAD}${limits}groups: { web: { prefix: web/${own} } }\n`);
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
