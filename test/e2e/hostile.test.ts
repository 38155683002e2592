/** What stands in the way on the host: nothing lands outside its target, and the message says what to do. @module */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { hasCommand, runCommand } from "../support/command.ts";
import {
  configure,
  fetchAll,
  hostFor,
  postern,
  publish,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { launcher } from "../support/reading-host.ts";
import { isRoot, needsRoot } from "../support/store.ts";
import { memoryDir } from "../support/temp.ts";

/** Where nothing may land: a folder with one file, outside both trees. */
interface Victim {
  readonly folder: string;
  readonly file: string;
}

interface Obstacle {
  readonly why: string;
  readonly plant: (host: TestHost, victim: Victim) => void;
  /** The exit code of the next pass, and what it says; 0: it puts things right. */
  readonly code: number;
  readonly says?: RegExp;
  /** It concerns the whole tree, not one group's part of it. */
  readonly everyone?: true;
}

const IN_THE_WAY = /is in the way|expected|not safe|symbolic link|belongs/;

const OBSTACLES: readonly Obstacle[] = [
  ...["secrets", "groups", "state", "groups/web", "groups/web/gen"].map((name): Obstacle => ({
    why: `${name} leads elsewhere`,
    plant: ({ run }, { folder }) => replace(join(run, name), (path) => symlinkSync(folder, path)),
    code: 73,
    says: IN_THE_WAY,
    ...(name.includes("/") ? {} : { everyone: true }),
  })),
  {
    why: "secrets is a file",
    plant: ({ run }) => replace(join(run, "secrets"), (path) => writeFileSync(path, "")),
    code: 73,
    says: IN_THE_WAY,
    everyone: true,
  },
  {
    why: "groups/web is a file",
    plant: ({ run }) => replace(join(run, "groups/web"), (path) => writeFileSync(path, "")),
    code: 73,
    says: IN_THE_WAY,
  },
  {
    why: "state/web is a folder",
    plant: ({ run }) => replace(join(run, "state/web"), (path) => mkdirSync(path)),
    code: 73,
    says: /state\/web/,
  },
  {
    why: "status.json is a folder",
    plant: ({ run }) => replace(join(run, "status.json"), (path) => mkdirSync(path)),
    code: 73,
    says: /status\.json/,
    everyone: true,
  },
  ...["secrets/web", "groups/web/current"].map((name): Obstacle => ({
    why: `${name} is a folder`,
    plant: ({ run }) =>
      replace(join(run, name), (path) => {
        mkdirSync(path);
        writeFileSync(join(path, "mine"), "precious");
      }),
    code: 73,
    says: /is in the way: expected a symbolic link/,
  })),
  ...["groups/web/current", "secrets/web"].map((name): Obstacle => ({
    why: `${name} leads elsewhere`,
    plant: ({ run }, { folder }) => replace(join(run, name), (path) => symlinkSync(folder, path)),
    code: 0,
  })),
  ...["state/web", "status.json"].map((name): Obstacle => ({
    why: `${name} leads to another file`,
    plant: ({ run }, { file }) => replace(join(run, name), (path) => symlinkSync(file, path)),
    code: 0,
  })),
  {
    why: "the lock leads to another file",
    plant: ({ run }, { file }) => replace(join(run, "lock"), (path) => symlinkSync(file, path)),
    everyone: true,
    code: 73,
    says: /lock/,
  },
  {
    why: "the host key leads to another file",
    plant: ({ state }, { file }) =>
      replace(join(state, "host.key"), (path) => symlinkSync(file, path)),
    everyone: true,
    code: 73,
    says: /host\.key/,
  },
  {
    why: "a secret leads to another file",
    plant: ({ run }, { file }) =>
      replace(join(run, "secrets/web/a"), (path) => symlinkSync(file, path)),
    code: 0,
  },
  {
    why: "a secret's folder leads elsewhere",
    plant: ({ run }, { folder }) =>
      replace(join(run, "secrets/web/b"), (path) => symlinkSync(folder, path)),
    code: 0,
  },
  ...["state/web", "status.json", "secrets/web/a"].map((name): Obstacle => ({
    why: `${name} is a fifo`,
    plant: ({ run }) => replace(join(run, name), makeFifo),
    code: 0,
  })),
  {
    why: "a manifest is a fifo",
    plant: ({ run }) => replace(`${join(run, "groups/web", currentOf(run))}.manifest`, makeFifo),
    code: 0,
  },
  {
    why: "the run directory is writable by others",
    plant: ({ run }) => chmodSync(run, 0o777),
    everyone: true,
    code: 73,
    says: /writable by others/,
  },
  {
    why: "the group's directory is writable by others",
    plant: ({ run }) => chmodSync(join(run, "groups/web"), 0o777),
    code: 73,
    says: /writable by others/,
  },
];

describe("on a hostile host", { concurrency: 5 }, () => {
  const folder = memoryDir();

  for (const { why, plant, code, says, everyone } of OBSTACLES) {
    it(`nothing lands outside the tree: ${why}`, async (t) => {
      const { host, victim } = await readyHost(t, folder);
      plant(host, victim);
      const [before, planted] = [lookOf(victim.folder), lookOf(host.run)];
      for (const group of ["web", "well"]) await publish(host, group, { a: "new" });
      const { code: got, stdout, stderr } = await postern(host, ["fetch", "--config", host.config]);
      assert.equal(got, code, `${String(stdout)}${stderr}`);
      assert.deepEqual(lookOf(victim.folder), before);
      if (everyone === undefined) {
        assert.match(readFileSync(join(host.run, "state/well"), "utf8"), /^fresh /);
        assert.deepEqual(setOf(host, "well"), { a: "new" });
      }
      if (code === 0) {
        assert.deepEqual(setOf(host, "web"), { a: "new", "b/c": "c" });
        assert.equal((await fetchAll(host)).group("web").outcome, "unchanged");
        return;
      }
      assert.match(stderr, says ?? /./);
      // what a person put there is still there
      for (const line of planted.filter((entry) => entry.includes("precious")))
        assert.ok(lookOf(host.run).includes(line), line);
    });
  }

  for (const tree of ["run", "state"] as const) {
    it(`refuses the ${tree} tree of another user`, { skip: needsRoot }, async (t) => {
      const { host } = await readyHost(t, folder);
      chownSync(host[tree], 65_534, 65_534);
      const { code, stderr } = await postern(host, ["fetch", "--config", host.config]);
      assert.equal(code, 73);
      assert.match(stderr, /belongs to another user/);
    });
  }

  for (const mask of ["000", "027", "077"]) {
    it(`makes the same modes under umask ${mask}`, async (t) => {
      const { host } = await readyHost(t, folder);
      const expected = modesOf(host);
      for (const path of [host.run, host.state]) rmSync(path, { recursive: true });
      const command = `umask ${mask} && exec "$0" fetch --config "$1"`;
      const argv = ["sh", "-c", command, launcher, host.config];
      const { code, stderr } = await runCommand(argv, { env: host.env });
      assert.equal(code, 0, stderr);
      assert.deepEqual(modesOf(host), expected);
    });
  }

  const noMounts = isRoot && hasCommand(["unshare", "--mount", "true"]) ? false : "needs mounts";

  it(
    "shows a swap through a bind mount of the group's directory",
    { skip: noMounts },
    async (t) => {
      const { host } = await readyHost(t, folder);
      const inside = join(host.root, "inside");
      mkdirSync(inside);
      await publish(host, "web", { a: "new" });
      const { code, stdout, stderr } = await inNamespace(host, [
        `mount --bind run/groups/web inside`,
        `cat inside/current/a`,
        `"$POSTERN" fetch --quiet --config postern.yaml`,
        `cat inside/current/a`,
      ]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.toString(), "oldnew");
    },
  );

  it("removes nothing on a mount that is in the way", { skip: noMounts }, async (t) => {
    const { host, victim } = await readyHost(t, folder);
    // an old generation, about to be swept, holds somebody's mount
    const old = join(host.run, "groups/web/gen/0123456789ab");
    mkdirSync(old);
    const before = lookOf(victim.folder);
    const { stderr } = await inNamespace(host, [
      `mount --bind "${victim.folder}" "${old}"`,
      `"$POSTERN" fetch --config postern.yaml`,
    ]);
    assert.match(stderr, /will not remove .*: something is mounted there/);
    assert.deepEqual(lookOf(victim.folder), before);
  });
});

/** A host with `a` and `b/c` on disk. */
async function readyHost(
  t: TestContext,
  folder: string,
): Promise<{ readonly host: TestHost; readonly victim: Victim }> {
  const host = await hostFor(t, folder);
  configure(host, { web: { prefix: "web/" }, well: { prefix: "well/" } });
  await publish(host, "web", { a: "old", "b/c": "c" });
  await publish(host, "well", { a: "old" });
  assert.equal((await fetchAll(host)).code, 0);
  const victim = { folder: join(host.root, "victim"), file: join(host.root, "victim/shadow") };
  mkdirSync(victim.folder);
  writeFileSync(victim.file, "root:x", { mode: 0o600 });
  return { host, victim };
}

/** Puts something in the place of what lies at `path`. */
function replace(path: string, plant: (path: string) => void): void {
  renameSync(path, `${path}.away`);
  plant(path);
}

function makeFifo(path: string): void {
  execFileSync("mkfifo", [path]);
}

function currentOf(run: string): string {
  return readlinkSync(join(run, "groups/web/current"));
}

/** Everything below a folder: names, inodes, modes, owners and contents. */
function lookOf(folder: string): readonly string[] {
  return ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })].sort().map((name) => {
    const path = join(folder, name);
    const { ino, mode, uid, gid, size } = lstatSync(path);
    const content = lstatSync(path).isFile() ? readFileSync(path, "latin1") : "";
    return `${name} ${ino} ${mode} ${uid}:${gid} ${size} ${content}`;
  });
}

/** Modes of both trees, generations by another name. */
function modesOf({ run, state }: TestHost): readonly string[] {
  return [run, state].flatMap((tree) =>
    ["", ...readdirSync(tree, { recursive: true, encoding: "utf8" })]
      .map((name) => {
        const mode = (statSync(join(tree, name)).mode & 0o7777).toString(8);
        return `${name.replaceAll(/[0-9a-f]{12}/g, "ID")} ${mode}`;
      })
      .sort(),
  );
}

/** Runs shell lines where mounts are theirs alone, and go with them. */
function inNamespace(host: TestHost, lines: readonly string[]): ReturnType<typeof runCommand> {
  const argv = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", lines.join("\n")];
  return runCommand(argv, { env: { ...host.env, POSTERN: launcher }, cwd: host.root });
}
