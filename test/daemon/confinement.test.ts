import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PosternError } from "../../agent/core/errors.ts";
import {
  type Confines,
  encodeDropIn,
  needsOf,
  refuseConfined,
  systemConfines,
} from "../../agent/daemon/confinement.ts";
import { configOf, HEAD } from "../support/parsed-config.ts";
import { tempDir } from "../support/temp.ts";

const CONFIG = configOf(`${HEAD}groups:
  a:
    prefix: a/
    files: { key: { path: /etc/nginx/key }, crt: { path: /etc/nginx/crt } }
    render: [{ path: a.env, format: dotenv }, { path: /run/app/b.json, format: json }]
  b: { prefix: b/, owner: root:www-data, files: { key: { path: /run/postern-app/key } } }
  c: { prefix: c/, owner: app:app }
  d: { prefix: d/, on_change: { reload: { signal: HUP, pidfile: /run/d.pid } } }
`);

const NONE = { folders: [], foreign: [], signalling: [] };
const FREE: Confines = {
  isReadOnly: () => false,
  capabilities: (1n << 41n) - 1n,
  seesProcesses: true,
};
/** As the shipped unit has it: CAP_CHOWN. */
const SHIPPED: Confines = { isReadOnly: () => true, capabilities: 1n, seesProcesses: false };

describe("what a configuration needs beyond the shipped unit", () => {
  it("is folders, other users' files, and signals", () => {
    assert.deepEqual(needsOf(CONFIG), {
      folders: ["/etc/nginx", "/run/app", "/run/postern-app"],
      foreign: ["c"],
      signalling: ["d"],
    });
    assert.deepEqual(needsOf(configOf(HEAD)), NONE);
  });

  it("is the trees too, where it moved them", () => {
    const moved = configOf(`${HEAD}paths: { run: /srv/run, state: /var/lib/postern/state }\n`);
    assert.deepEqual(needsOf(moved).folders, ["/srv/run"]);
  });
});

describe("a drop-in", () => {
  const rows: readonly (readonly [why: string, folder: string, lines: readonly string[]])[] = [
    ["names a folder, missing or not", "/etc/nginx", ["ReadWritePaths=-/etc/nginx"]],
    ["keeps specifiers from being expanded", "/etc/50%n", ["ReadWritePaths=-/etc/50%%n"]],
    ["quotes what would end a word", '/etc/a "b\\', ['ReadWritePaths="-/etc/a \\"b\\\\"']],
    ["shows a home", "/home/ada", ["ProtectHome=read-only", "ReadWritePaths=-/home/ada"]],
    ["shows the host's /tmp", "/tmp/x", ["PrivateTmp=no", "ReadWritePaths=-/tmp/x"]],
    ["takes a like name for what it is", "/homes", ["ReadWritePaths=-/homes"]],
  ];
  for (const [why, folder, lines] of rows)
    it(why, () => {
      const expected = ["[Service]", ...lines, ""].join("\n");
      assert.equal(encodeDropIn({ ...NONE, folders: [folder] }), expected);
    });

  it("grants no more than is needed", () => {
    assert.equal(encodeDropIn(NONE), "");
    assert.equal(
      encodeDropIn({ ...NONE, foreign: ["c"] }),
      "[Service]\nCapabilityBoundingSet=CAP_FOWNER CAP_DAC_OVERRIDE\n",
    );
    assert.equal(
      encodeDropIn({ ...NONE, signalling: ["d"] }),
      "[Service]\nCapabilityBoundingSet=CAP_KILL\nProtectProc=default\nProcSubset=all\n",
    );
  });
});

describe("a daemon that is confined too closely", () => {
  const rows: readonly (readonly [why: string, confines: Confines, issues: readonly string[]])[] = [
    [
      "says everything at once",
      SHIPPED,
      [
        '"/etc/nginx" is to hold files, and is read-only to the daemon',
        '"/run/app" is to hold files, and is read-only to the daemon',
        '"/run/postern-app" is to hold files, and is read-only to the daemon',
        'group "c" is another user\'s, whose files the daemon may not change',
        'group "d" reloads by a signal, which the daemon may not send',
      ],
    ],
    ["may do what nothing keeps it from", FREE, []],
    [
      "does not signal whom it cannot see",
      { ...FREE, seesProcesses: false },
      ['group "d" reloads by a signal, which the daemon may not send'],
    ],
    ["asks another user than root for no capability", { ...FREE, capabilities: undefined }, []],
    [
      "needs both to write for others",
      { ...FREE, capabilities: 0b101011n ^ 0b10n },
      ['group "c" is another user\'s, whose files the daemon may not change'],
    ],
  ];
  for (const [why, confines, issues] of rows)
    it(why, () => {
      const told = toldBy(() => refuseConfined(CONFIG, confines));
      assert.deepEqual(told?.issues ?? [], issues);
      assert.equal(told?.code, issues.length === 0 ? undefined : "ConfigInvalid");
      assert.match(told?.hint ?? "doctor --systemd", /doctor --systemd/);
    });

  it("is told of by the kernel", () => {
    const { isReadOnly, seesProcesses } = systemConfines();
    assert.equal(isReadOnly(tempDir()), false);
    assert.equal(isReadOnly("/nonexistent/folder"), false);
    assert.equal(seesProcesses, true);
  });
});

function toldBy(work: () => void): PosternError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof PosternError);
    return error;
  }
}
