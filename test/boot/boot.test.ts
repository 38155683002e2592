/** The life of hosts that really boot: systemd as the first process, the shipped units, and the sandbox as S3. */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { type Facts, makeMachine, whyNoBoot } from "../support/boot.ts";

const APPS = ["sandbox.service", "app.service", "blocked.service", "probe.service"];
const FRESH = { web: "fresh", idle: "fresh", outside: "fresh" };
const TROUBLED = { locked: "denied", hanging: "rejected" };

/** A promise that is kept when all these facts are as expected. */
type Row = readonly [promise: string, expected: Facts];

const DAEMON: readonly Row[] = [
  [
    "boots to its end, whatever is denied and whatever command hangs",
    { error: undefined, running: "degraded", states: { ...TROUBLED, ...FRESH } },
  ],
  ["starts an app when its secrets are there", { "app at boot": ["start one"] }],
  [
    "does not start an app whose secrets never come",
    { blocked: ["inactive", []], "ready@locked": "exit-code" },
  ],
  ["is exposed to 2.0 at most", { exposed: [] }],
  [
    "may give files to groups and nothing else, and leaves no core",
    { capabilities: "0000000000000001", "no core": true },
  ],
  ["hands a secret to an app as a credential", { credential: [0, ["one"]] }],
  ["reloads an app once for a change", { "app after a change": ["start one", "reload two"] }],
  ["never starts what an administrator has stopped", { idle: ["inactive", []] }],
  [
    "keeps its process when it reads its configuration anew",
    { "same daemon after a reload": true, says: "keeps 5 groups in step with S3" },
  ],
  [
    "restarts no app when the daemon is restarted or dies",
    { "another daemon after a restart": true, "bystanders are the same": true },
  ],
  ["answers readers without a daemon", { "secret without a daemon": "two" }],
  [
    "makes up once for a change that a dead daemon missed",
    { "app after a death": ["start one", "reload two", "reload three"] },
  ],
  [
    "loses nothing, whenever the daemon is killed",
    { "never without a secret": true, unfinished: ["current", "gen"] },
  ],
  [
    "refuses a configuration that asks for more than the unit grants, and goes on with the old one",
    { "goes on with the old configuration": ["active", { ...TROUBLED, ...FRESH }], refused: "78" },
  ],
  [
    "does all of it with the drop-in that doctor prints",
    {
      "drop-in": [
        0,
        "# for /etc/systemd/system/postern.service.d/postern.conf, then: systemctl daemon-reload",
        "[Service]",
        "CapabilityBoundingSet=CAP_FOWNER CAP_DAC_OVERRIDE",
        "CapabilityBoundingSet=CAP_KILL",
        "ProtectProc=default",
        "ProcSubset=all",
        "ReadWritePaths=-/etc/app",
      ],
      placed: "one",
      listener: ["heard two"],
    },
  ],
  [
    "starts a daemon that stands still anew, and leaves one that is well alone",
    { "alive while it says so": true, watchdog: true },
  ],
  ["opens no debugger to a signal", { "no debugger": true }],
];

const AFTER_POWER_CUT: readonly Row[] = [
  [
    "has the newest set before the app starts, though the power went in the middle of a pass",
    { error: undefined, running: "degraded", "app at boot": ["start four"] },
  ],
  [
    "is as it was before",
    { states: { ...TROUBLED, ...FRESH, placed: "fresh", owned: "fresh" }, placed: true },
  ],
  ["has nothing left over", { "state directory": ["destinations.json", "host.key"] }],
  [
    "keeps its files when the daemon is stopped",
    { "secret after the daemon": "four", result: "success" },
  ],
];

const FETCH: readonly Row[] = [
  [
    "has the groups that can be had before the app starts",
    { error: undefined, "app at boot": ["start four"] },
  ],
  [
    "tells of the group that cannot, and tries again",
    { fetch: "77", "fetch again": "auto-restart" },
  ],
  ["looks again from time to time", { timer: "active", daemon: "inactive" }],
];

const UNPRIVILEGED: readonly Row[] = [
  [
    "has the secrets of its own user before the app starts",
    {
      error: undefined,
      "app at boot": ["start one"],
      owner: "postern:postern",
      states: { ...TROUBLED, ...FRESH },
    },
  ],
  ["may do nothing beyond that", { capabilities: "0000000000000000", exposed: [] }],
];

const why = whyNoBoot();
if (why !== false) it("boots hosts", { skip: why }, () => {});
else {
  describe("hosts that boot", () => {
    const phases: Record<string, Facts> = {};

    before(async () => {
      const machine = makeMachine();
      const daemon = [...APPS, "postern.service"];
      phases["daemon"] = await machine.boot("daemon", daemon);
      phases["after a power cut"] = await machine.boot("after a power cut", daemon);
      // an app's Wants= must not bring it back
      symlinkSync("/dev/null", join(machine.path, "etc/systemd/system/postern.service"));
      const fetch = [...APPS, "postern-fetch.service", "postern-fetch.timer"];
      phases["fetch"] = await machine.boot("fetch", fetch);
      const other = makeMachine();
      other.makeUnprivileged();
      phases["unprivileged"] = await other.boot("unprivileged", daemon);
    });

    judge("a host with the daemon", DAEMON, () => phases["daemon"]);
    judge("a host after a power cut", AFTER_POWER_CUT, () => phases["after a power cut"]);
    judge("a host without the daemon", FETCH, () => phases["fetch"]);
    judge("a host whose daemon is not root", UNPRIVILEGED, () => phases["unprivileged"]);

    it("keeps its key over a power cut in the middle of a check", () => {
      const { key, "check under way": check } = phases["daemon"] ?? {};
      assert.match(String(check), /^postern-check-hanging-[0-9a-f]{8}\.service$/);
      assert.match(String(key), /^[0-9a-f]{64}$/);
      assert.equal(phases["after a power cut"]?.["key"], key);
    });

    it("runs commands of the configuration beside the daemon, not within its confines", () => {
      const units = phases["daemon"]?.["outside"];
      assert.ok(Array.isArray(units) && units.length === 1, "once for the one change");
      assert.match(String(units[0]), /^postern-reload-outside-[0-9a-f]{8}\.service$/);
    });
  });
}

function judge(host: string, rows: readonly Row[], facts: () => Facts | undefined): void {
  describe(host, () => {
    for (const [promise, expected] of rows)
      it(promise, () => {
        const found = facts() ?? {};
        const seen = Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]]));
        assert.deepEqual(seen, expected);
      });
  });
}
