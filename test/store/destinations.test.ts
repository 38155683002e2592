import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../agent/core/errors.ts";
import { PosternError } from "../../agent/core/errors.ts";
import type { Destination } from "../../agent/store/destination.ts";
import { pendingDestinations } from "../../agent/store/pending.ts";
import { readJournal } from "../../agent/store/journal.ts";
import { filesIn } from "../../agent/store/manifest.ts";
import { listGroups, removeGroup } from "../../agent/store/sweep.ts";
import {
  destination,
  etcHolds,
  etcOf,
  journalText,
  place,
  removeAll,
  withTree,
} from "../support/placing.ts";
import { refusedAs } from "../support/refusal.ts";
import {
  generationIn,
  gid,
  needsRoot,
  newWorld,
  pass,
  uid,
  web,
  type World,
} from "../support/store.ts";
import { memoryDir, tempDir } from "../support/temp.ts";

const SET = { key: "canary key", crt: "crt" };
const LINK = "-> run/secrets/web/key";

describe("a further path", () => {
  const temp = memoryDir();
  const worldOf = async (set: Readonly<Record<string, string>> = SET): Promise<World> => {
    const world = newWorld(mkdtempSync(join(temp, "w-")));
    await pass(world, set);
    return world;
  };
  const both = (world: World): readonly Destination[] => [
    destination(world, "site.key", "key"),
    destination(world, "site.pem", "key", { as: "copy" }),
  ];

  it("is a link to the stable path, or a copy with the secret's owner and mode", async () => {
    const world = await worldOf();
    const { placed } = place(world, both(world));
    assert.deepEqual(
      placed,
      both(world).map(({ path }) => path),
    );
    assert.deepEqual(etcHolds(world), { "site.key": LINK, "site.pem": "400 canary key" });
    const { uid: owner, gid: group } = statSync(join(etcOf(world), "site.pem"));
    assert.deepEqual([owner, group], [uid, gid]);
    assert.doesNotMatch(journalText(world), /canary/);
  });

  it("is not touched while it is as it should be", async () => {
    const world = await worldOf();
    place(world, both(world));
    const look = (): unknown =>
      [...both(world).map(({ path }) => path), join(world.root, "state/destinations.json")].map(
        (path) => [lstatSync(path).ino, lstatSync(path).ctimeMs],
      );
    const before = look();
    assert.deepEqual(place(world, both(world)), { placed: [], removed: [], notes: [] });
    assert.deepEqual(look(), before);
  });

  it("follows the set: a copy is made anew, a link needs nothing", async () => {
    const world = await worldOf();
    place(world, both(world));
    await pass(world, { ...SET, key: "new" });
    assert.deepEqual(place(world, both(world)).placed, [join(etcOf(world), "site.pem")]);
    assert.deepEqual(etcHolds(world), { "site.key": LINK, "site.pem": "400 new" });
  });

  const EDITS: readonly (readonly [why: string, edit: (etc: string) => void, told: number])[] = [
    ["other content", (etc) => overwrite(join(etc, "site.pem"), "edited"), 1],
    [
      "other content of the same length",
      (etc) => overwrite(join(etc, "site.pem"), "Canary key"),
      1,
    ],
    ["another mode", (etc) => chmodSync(join(etc, "site.pem"), 0o444), 1],
    ["a link in place of the copy", (etc) => relink("/etc/passwd", join(etc, "site.pem")), 1],
    ["another link", (etc) => relink("/etc/passwd", join(etc, "site.key")), 1],
    ["no copy any more", (etc) => unlinkSync(join(etc, "site.pem")), 0],
    ["no link any more", (etc) => unlinkSync(join(etc, "site.key")), 0],
  ];
  for (const [why, edit, told] of EDITS)
    it(`is put right after ${why}`, async () => {
      const world = await worldOf();
      place(world, both(world));
      edit(etcOf(world));
      const { placed, notes } = place(world, both(world));
      assert.deepEqual([placed.length, notes.length], [1, told]);
      assert.deepEqual(etcHolds(world), { "site.key": LINK, "site.pem": "400 canary key" });
    });

  it("goes when it leaves the config", async () => {
    const world = await worldOf();
    place(world, both(world));
    const [first] = both(world);
    assert.deepEqual(place(world, first ? [first] : []).removed, [join(etcOf(world), "site.pem")]);
    assert.deepEqual(etcHolds(world), { "site.key": LINK });
    assert.deepEqual(removeAll(world).removed, [join(etcOf(world), "site.key")]);
    assert.deepEqual(etcHolds(world), {});
    assert.deepEqual(JSON.parse(journalText(world)), { version: 1, destinations: [] });
  });

  const NOT_OURS: readonly (readonly [why: string, edit: (etc: string) => void])[] = [
    ["an edited copy", (etc) => overwrite(join(etc, "site.pem"), "edited")],
    ["a link to elsewhere", (etc) => relink("/etc/passwd", join(etc, "site.key"))],
    [
      "a file in place of the link",
      (etc) => {
        unlinkSync(join(etc, "site.key"));
        writeFileSync(join(etc, "site.key"), "theirs");
      },
    ],
  ];
  for (const [why, edit] of NOT_OURS)
    it(`stays, and is told of, when it leaves the config as ${why}`, async () => {
      const world = await worldOf();
      place(world, both(world));
      edit(etcOf(world));
      const { notes } = removeAll(world);
      assert.equal(notes.length, 1);
      assert.match(notes[0] ?? "", /^left ".*": it is no longer what postern made$/);
      assert.equal(Object.keys(etcHolds(world)).length, 1);
    });

  it("that went with its folder is forgotten", async () => {
    const world = await worldOf();
    place(world, both(world));
    rmSync(etcOf(world), { recursive: true });
    assert.equal(removeAll(world).removed.length, 2);
  });

  it("turns from link to copy and back, and from one secret to another", async () => {
    const world = await worldOf();
    const turn = (name: string, as: "link" | "copy"): Readonly<Record<string, string>> => {
      place(world, [destination(world, "x", name, { as })]);
      return etcHolds(world);
    };
    assert.deepEqual(turn("key", "link"), { x: LINK });
    assert.deepEqual(turn("crt", "copy"), { x: "400 crt" });
    assert.deepEqual(turn("key", "copy"), { x: "400 canary key" });
    assert.deepEqual(turn("crt", "link"), { x: "-> run/secrets/web/crt" });
  });

  it("goes with its group, which is known by it when all else is gone", async () => {
    const world = await worldOf();
    place(world, both(world));
    rmSync(join(world.root, "run"), { recursive: true });
    withTree(world, (tree) => {
      assert.deepEqual(listGroups(tree), ["web"]);
      removeGroup(tree, web);
      assert.deepEqual(listGroups(tree), []);
    });
    assert.deepEqual(etcHolds(world), {});
  });

  it("is taken for ours without a journal when it is just what we would make", async () => {
    const world = await worldOf();
    place(world, both(world));
    const journal = journalText(world);
    unlinkSync(join(world.root, "state/destinations.json"));
    assert.deepEqual(place(world, both(world)).placed, []);
    assert.equal(journalText(world), journal);
  });

  it("replaces what is not ours only where it may", async () => {
    const world = await worldOf();
    for (const name of ["site.key", "site.pem"]) writeFileSync(join(etcOf(world), name), "theirs");
    const may = both(world).map((one) => ({ ...one, replace: true }));
    assert.equal(place(world, may).placed.length, 2);
    assert.deepEqual(etcHolds(world), { "site.key": LINK, "site.pem": "400 canary key" });
  });

  it("that fails keeps no other from its place, and each is told", async () => {
    const world = await worldOf();
    const [key, pem] = both(world);
    const wanted = [
      destination(world, "nope/a", "key"),
      ...(key ? [key] : []),
      destination(world, "nope/b", "key"),
      ...(pem ? [pem] : []),
    ];
    assert.throws(
      () => place(world, wanted),
      (error) => error instanceof PosternError && error.issues.length === 2,
    );
    assert.deepEqual(etcHolds(world), { "site.key": LINK, "site.pem": "400 canary key" });
    mkdirSync(join(etcOf(world), "nope"));
    assert.equal(place(world, wanted).placed.length, 2);
  });

  const REFUSED: readonly (readonly [
    why: string,
    spoil: (etc: string, root: string) => void,
    parts: Partial<Destination>,
    code: ErrorCode,
    message: RegExp,
  ])[] = [
    [
      "a file that postern did not make",
      (etc) => writeFileSync(join(etc, "x"), "canary"),
      {},
      "CannotWrite",
      /etc\/x" is there, and postern did not make it$/,
    ],
    [
      "a link that postern did not make",
      (etc) => symlinkSync("/etc/passwd", join(etc, "x")),
      {},
      "CannotWrite",
      /did not make it$/,
    ],
    [
      "a folder, even where files may be replaced",
      (etc) => mkdirSync(join(etc, "x")),
      { replace: true },
      "CannotWrite",
      /etc\/x" is a directory: expected a file, or nothing$/,
    ],
    [
      "no folder",
      (etc) => rmSync(etc, { recursive: true }),
      {},
      "CannotWrite",
      /folder is missing$/,
    ],
    [
      "a folder that is a link",
      (etc, root) => {
        renameSync(etc, join(root, "real"));
        symlinkSync("real", etc);
      },
      {},
      "UnsafeTree",
      /etc" is a symbolic link/,
    ],
    [
      "a folder that others may write",
      (etc) => chmodSync(etc, 0o777),
      {},
      "UnsafeTree",
      /mode 0777$/,
    ],
    [
      "a sticky folder that others may write",
      (etc) => chmodSync(etc, 0o1777),
      {},
      "UnsafeTree",
      /mode 0777$/,
    ],
    [
      "a folder above it that others may write",
      (etc) => chmodSync(etc, 0o775),
      { path: "deep/x" },
      "UnsafeTree",
      /etc" is not safe .* mode 0775$/,
    ],
    [
      "a secret that is not there",
      () => undefined,
      { name: "nope" as never },
      "BadData",
      /no "nope"/,
    ],
  ];
  for (const as of ["link", "copy"] as const)
    for (const [why, spoil, parts, code, message] of REFUSED)
      it(`is refused as ${as} for ${why}, and nothing is written`, async () => {
        const world = await worldOf();
        const { path: below = "x", ...rest } = parts;
        const wanted = [destination(world, below, "key", { as, ...rest })];
        mkdirSync(join(etcOf(world), "deep"));
        spoil(etcOf(world), world.root);
        const spoilt = safe(() => etcHolds(world));
        assert.throws(() => place(world, wanted), refusedAs(code, message));
        assert.deepEqual(
          safe(() => etcHolds(world)),
          spoilt,
        );
        assert.deepEqual(withTree(world, readJournal), []);
      });

  it("is refused below a folder of another user", { skip: needsRoot }, async () => {
    const world = await worldOf();
    const wanted = [destination(world, "theirs/x", "key")];
    mkdirSync(join(etcOf(world), "theirs"));
    chownSync(join(etcOf(world), "theirs"), 1234, 1234);
    assert.throws(() => place(world, wanted), refusedAs("UnsafeTree", /got user 1234$/));
  });

  it("is not followed to where a link leads that stood in the way", async () => {
    const world = await worldOf();
    writeFileSync(join(world.root, "victim"), "whole");
    for (const as of ["link", "copy"] as const) {
      symlinkSync("../victim", join(etcOf(world), as));
      place(world, [destination(world, as, "key", { as, replace: true })]);
    }
    assert.equal(statSync(join(world.root, "victim")).size, 5);
  });

  it("is told of before it is made", async () => {
    const world = await worldOf();
    const kinds = (wanted: readonly Destination[]): readonly string[] =>
      withTree(world, (tree) => {
        const manifest = generationIn(tree)?.manifest ?? assert.fail();
        const expected = { ...manifest, files: filesIn(manifest) };
        const pending = pendingDestinations(tree, readJournal(tree), expected, wanted);
        return pending.map(({ verdict }) => verdict.kind);
      });
    assert.deepEqual(kinds(both(world)), ["missing", "missing"]);
    place(world, both(world));
    assert.deepEqual(kinds(both(world)), ["in place", "in place"]);
    overwrite(join(etcOf(world), "site.pem"), "edited");
    assert.deepEqual(kinds(both(world)), ["in place", "differs"]);
    assert.deepEqual(kinds([]), ["leaves", "leaves"]);
  });
});

describe("a copy", () => {
  const disk = tempDir("/var/tmp");

  it("lies on a disk only where it may", async () => {
    const world = newWorld(mkdtempSync(join(disk, "d-")));
    await pass(world, SET);
    const wanted = destination(world, "x", "key", { as: "copy" });
    assert.throws(
      () => place(world, [{ ...wanted, onDisk: false }]),
      refusedAs("CannotWrite", /not on tmpfs/),
    );
    place(world, [wanted]);
    assert.deepEqual(etcHolds(world), { x: "400 canary key" });
    place(world, [{ ...wanted, as: "link", onDisk: false }]);
    assert.deepEqual(etcHolds(world), { x: LINK });
  });
});

function overwrite(path: string, text: string): void {
  const { mode } = statSync(path);
  chmodSync(path, 0o600);
  writeFileSync(path, text);
  chmodSync(path, mode);
}

function relink(text: string, path: string): void {
  unlinkSync(path);
  symlinkSync(text, path);
}

function safe(look: () => unknown): unknown {
  try {
    return look();
  } catch {
    return undefined;
  }
}
