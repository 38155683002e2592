import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { assertSilent, canariesOf, LOUD } from "../support/canary.ts";
import {
  configure,
  decryptBy,
  fetchAll,
  type Fetched,
  generationsOf,
  type GroupSettings,
  hostFor,
  postern,
  publish,
  publishBundle,
  setOf,
  type TestHost,
} from "../support/host.ts";
import { memoryDir } from "../support/temp.ts";

const temp = memoryDir();
const VALUES = { password: "hunter2-canary", "tls/key": "key-canary\n" };
const ENV = "password='hunter2-canary'\ntls_key='key-canary\n'\n";

interface Site extends TestHost {
  /** Stands for /etc. */
  readonly etc: string;
  readonly settings: GroupSettings;
}

/** A host with a folder for further paths, and a group with one of everything. */
async function siteFor(t: TestContext): Promise<Site> {
  const host = await hostFor(t, temp);
  const etc = join(host.root, "etc");
  mkdirSync(etc, { mode: 0o755 });
  writeFileSync(join(etc, "app.liquid"), "p={{ password }}\n", { mode: 0o644 });
  const settings = {
    prefix: "web/",
    files: {
      "tls/key": { path: join(etc, "site.key") },
      password: { path: join(etc, "password"), as: "copy" },
      "app.env": { path: join(etc, "env"), as: "copy" },
    },
    render: [
      { path: "app.env", format: "dotenv" },
      { path: join(etc, "app.conf"), format: "template", template: join(etc, "app.liquid") },
    ],
  };
  configure(host, { web: settings });
  await publish(host, "web", VALUES);
  return { ...host, etc, settings };
}

async function fetched(site: Site, code = 0): Promise<Fetched> {
  const ran = await fetchAll(site);
  assert.equal(ran.code, code, ran.stderr);
  return ran;
}

function read(site: Site, file: string): string {
  return readFileSync(join(site.etc, file), "utf8");
}

function notesOf(ran: Fetched): string {
  return JSON.stringify(ran.group("web"));
}

describe("rendered files and further paths", () => {
  it("come with the set: one generation, and its paths after it", async (t) => {
    const site = await siteFor(t);
    const ran = await fetched(site);
    assert.deepEqual(setOf(site, "web"), {
      [`.postern${site.etc}/app.conf`]: "p=hunter2-canary\n",
      "app.env": ENV,
      ...VALUES,
    });
    assert.equal(ran.group("web").secrets, 2);
    assert.equal(ran.group("web").bytes, 14 + 11 + ENV.length + 17);
    assert.equal(readlinkSync(join(site.etc, "site.key")), join(site.run, "secrets/web/tls/key"));
    assert.equal(read(site, "app.conf"), "p=hunter2-canary\n");
    assert.deepEqual([read(site, "password"), read(site, "env")], [VALUES.password, ENV]);
    const { mode } = statSync(join(site.etc, "password"));
    assert.equal(mode & 0o777, 0o400);
  });

  it("stay as they are while nothing changes, and are told by plan and doctor", async (t) => {
    const site = await siteFor(t);
    const words = ["--config", site.config];
    const before = await postern(site, ["plan", ...words]);
    assert.match(before.stdout.toString(), /\+ {2}app\.env +48 B +rendered\n/);
    assert.match(before.stdout.toString(), /\+ ".*\/password" would be copied\n/);
    await fetched(site);
    const inodes = ["password", "env", "site.key"].map(
      (name) => lstatSync(join(site.etc, name)).ino,
    );
    assert.equal((await fetched(site)).group("web").outcome, "unchanged");
    assert.deepEqual(
      ["password", "env", "site.key"].map((name) => lstatSync(join(site.etc, name)).ino),
      inodes,
    );
    const after = await postern(site, ["plan", ...words]);
    assert.equal(after.stdout.toString(), "web: no change, 2 secrets\n");
    const doctor = await postern(site, ["doctor", ...words]);
    assert.match(doctor.stdout.toString(), /ok +paths: 4 paths are in place, or can be\n/);
  });

  it("are made anew when a secret changes, of all secrets, fetched or kept", async (t) => {
    const site = await siteFor(t);
    await fetched(site);
    await publish(site, "web", { password: "rotated-canary" });
    const { asked } = await fetched(site);
    assert.deepEqual(
      asked.filter((one) => one.startsWith("GetObject")),
      ["GetObject web/password"],
    );
    assert.equal(read(site, "env"), ENV.replace("hunter2", "rotated"));
    assert.equal(read(site, "app.conf"), "p=rotated-canary\n");
    assert.equal(read(site, "password"), "rotated-canary");
  });

  it("follow an edited template without a GET", async (t) => {
    const site = await siteFor(t);
    await fetched(site);
    writeFileSync(join(site.etc, "app.liquid"), "secret={{ password }}\n");
    const ran = await fetched(site);
    assert.equal(ran.group("web").outcome, "changed");
    assert.deepEqual(
      ran.asked.filter((one) => one.startsWith("GetObject")),
      [],
    );
    assert.equal(read(site, "app.conf"), "secret=hunter2-canary\n");
  });

  it("of a bundle as of a prefix", async (t) => {
    const site = await siteFor(t);
    const { prefix: _, ...settings } = site.settings;
    configure(site, {
      web: { ...settings, bundle: "web.bundle", decrypt: decryptBy(site, "envelope") },
    });
    await publishBundle(site, "web", 1, VALUES);
    await fetched(site);
    writeFileSync(join(site.etc, "app.liquid"), "secret={{ password }}\n");
    await fetched(site);
    assert.equal(read(site, "app.conf"), "secret=hunter2-canary\n");
  });

  it("are put right when they were edited on the host", async (t) => {
    const site = await siteFor(t);
    await fetched(site);
    const copy = join(site.etc, "password");
    chmodSync(copy, 0o600);
    writeFileSync(copy, "edited");
    const ran = await fetched(site);
    assert.equal(ran.group("web").outcome, "unchanged");
    assert.match(notesOf(ran), /put right .*password.*: it was changed here/);
    assert.equal(read(site, "password"), VALUES.password);
    const env = join(site.run, "secrets/web/app.env");
    chmodSync(env, 0o600);
    writeFileSync(env, "edited");
    assert.equal((await fetched(site)).group("web").outcome, "changed");
    assert.equal(readFileSync(env, "utf8"), ENV);
  });

  it("go with the config, and with the group", async (t) => {
    const site = await siteFor(t);
    await fetched(site);
    configure(site, { web: { prefix: "web/", render: [{ path: "b.json", format: "json" }] } });
    await fetched(site);
    assert.deepEqual(Object.keys(setOf(site, "web") ?? {}), ["b.json", "password", "tls/key"]);
    for (const name of ["password", "env", "site.key", "app.conf"])
      assert.ok(!existsSync(join(site.etc, name)), name);
    configure(site, { web: site.settings });
    await fetched(site);
    assert.ok(existsSync(join(site.etc, "password")));
    configure(site, {});
    await fetchAll(site, ["--prune"]);
    for (const name of ["password", "env", "site.key", "app.conf"])
      assert.throws(() => lstatSync(join(site.etc, name)), /ENOENT/, name);
  });

  it("that cannot be placed fail the group, and not the set, until they can", async (t) => {
    const site = await siteFor(t);
    writeFileSync(join(site.etc, "site.key"), "theirs");
    const ran = await fetched(site, 73);
    assert.match(ran.stderr, /site\.key" is there, and postern did not make it/);
    assert.match(ran.stderr, /move it away, or say replace: true/);
    assert.equal(setOf(site, "web")?.["password"], VALUES.password);
    assert.equal(read(site, "password"), VALUES.password);
    assert.equal(read(site, "site.key"), "theirs");
    // such a pass tidies up as any other
    const left = join(site.run, "groups/web/gen/0123456789ab");
    mkdirSync(left);
    await fetched(site, 73);
    assert.ok(!existsSync(left));
    const doctor = await postern(site, ["doctor", "--config", site.config]);
    assert.match(doctor.stdout.toString(), /FAIL paths: .*site\.key" is there/);
    unlinkSync(join(site.etc, "site.key"));
    assert.equal((await fetched(site)).group("web").state, "fresh");
  });

  const REJECTED: readonly (readonly [
    why: string,
    spoil: (site: Site) => Promise<unknown> | void,
    code: number,
    message: RegExp,
  ])[] = [
    [
      "a variable that is missing",
      (site) => writeFileSync(join(site.etc, "app.liquid"), "\n{{ secret[password] }}"),
      65,
      /render ".*app\.conf": .*app\.liquid:2:4: expected a variable of the group, got "secret\[password\]"/,
    ],
    [
      "a template with a fault",
      (site) => writeFileSync(join(site.etc, "app.liquid"), "{{ password | default: 1 }}"),
      78,
      /app\.liquid:1:1: .*undefined filter: default/,
    ],
    [
      "a template that others may write",
      (site) => chmodSync(join(site.etc, "app.liquid"), 0o666),
      78,
      /app\.liquid": expected no write permission for group and others/,
    ],
    [
      "a template that is gone",
      (site) => unlinkSync(join(site.etc, "app.liquid")),
      78,
      /no such template ".*app\.liquid"/,
    ],
    [
      "a secret of a render's name",
      (site) => publish(site, "web", { "app.env": "canary" }),
      65,
      /render "app\.env": expected another path than the name of a secret/,
    ],
    [
      "a secret in the folder that is postern's",
      (site) => publish(site, "web", { ".postern/x": "canary" }),
      65,
      /"\.postern\/x": expected a name that is not below "\.postern"/,
    ],
    [
      "a secret that is no variable",
      (site) => publish(site, "web", { "tls-key": "canary" }),
      65,
      /render "app\.env": secret "tls\/key": expected another variable than tls_key of "tls-key"/,
    ],
    [
      "a set that is too large with what is rendered",
      (site) => configure(site, { web: { ...site.settings, max_group_size: "80B" } }),
      65,
      /group "web" is too large: expected at most 80 bytes, got 90/,
    ],
    [
      "a further path without a secret",
      (site) =>
        configure(site, {
          web: { ...site.settings, files: { nope: { path: join(site.etc, "x") } } },
        }),
      65,
      /group "web" has no secret "nope"/,
    ],
  ];
  for (const [why, spoil, code, message] of REJECTED)
    it(`leave the old set in place for ${why}, and no value is told`, async (t) => {
      const site = await siteFor(t);
      await fetched(site);
      const before = setOf(site, "web");
      const canaries = await canariesOf(site, [...Object.values(VALUES), "rotated-canary"]);
      await publish(site, "web", { password: "rotated-canary" });
      await spoil(site);
      const ran = await fetchAll(site, [], LOUD);
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stderr, message);
      assert.deepEqual(setOf(site, "web"), before);
      assert.equal(read(site, "password"), VALUES.password);
      assert.equal(generationsOf(site, "web").length, 1);
      const words = ["--config", site.config];
      const plan = await postern(site, ["plan", ...words], LOUD);
      assert.equal(plan.code, code, plan.stderr);
      assertSilent(site, canaries, [ran, plan, await postern(site, ["doctor", ...words], LOUD)]);
    });

  it("are refused below a folder that leads elsewhere", async (t) => {
    const site = await siteFor(t);
    symlinkSync("etc", join(site.root, "other"));
    const files = { password: { path: join(site.root, "other", "p"), as: "copy" } };
    configure(site, { web: { prefix: "web/", files } });
    const ran = await fetched(site, 73);
    assert.match(ran.stderr, /other" is a symbolic link: expected a directory/);
    assert.deepEqual(setOf(site, "web"), VALUES);
  });
});
