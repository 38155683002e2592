import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  judgeUnitState,
  parseCredentialPaths,
  parseUnitState,
  type Reloadable,
  showArguments,
} from "../../agent/notify/unit-state.ts";

describe("what systemd says of a unit", () => {
  it("is asked for the unit, which is never an option", () => {
    assert.deepEqual(showArguments("nginx.service"), [
      "show",
      "--no-pager",
      "--property=LoadState,ActiveState,CanReload,Job,EnvironmentFiles",
      "--",
      "nginx.service",
    ]);
  });

  it("is read as systemctl 252 writes it", () => {
    const text =
      "EnvironmentFiles=/run/postern/secrets/web/a=b (ignore_errors=yes)\n" +
      "EnvironmentFiles=/etc/hostname (ignore_errors=no)\n" +
      "LoadState=loaded\nActiveState=activating\nCanReload=yes\nJob=687\n";
    assert.deepEqual(parseUnitState(text), {
      load: "loaded",
      active: "activating",
      canReload: true,
      hasJob: true,
      environmentFiles: ["/run/postern/secrets/web/a=b", "/etc/hostname"],
    });
  });

  it("is nothing when it is something else", () => {
    assert.equal(parseUnitState("Failed to connect to bus\n"), undefined);
  });

  const ROWS: readonly (readonly [
    why: string,
    load: string,
    active: string,
    job: string,
    kind: Reloadable["kind"],
  ])[] = [
    ["a unit that runs", "loaded", "active", "", "now"],
    ["a unit that runs, as some versions write it", "loaded", "active", "0", "now"],
    ["a unit that reloads already: once more", "loaded", "reloading", "12", "now"],
    ["a unit that refreshes already: once more", "loaded", "refreshing", "12", "now"],
    ["a unit that is being started", "loaded", "activating", "12", "later"],
    ["a unit that waits to be restarted after a failure", "loaded", "activating", "", "later"],
    ["a unit that runs and is to be stopped", "loaded", "active", "12", "later"],
    ["a unit that stops", "loaded", "deactivating", "12", "not-needed"],
    ["a unit that an administrator stopped", "loaded", "inactive", "", "not-needed"],
    ["a unit that failed", "loaded", "failed", "", "not-needed"],
    ["a unit that waits to be started", "loaded", "inactive", "12", "not-needed"],
    ["a unit that is not installed", "not-found", "inactive", "", "not-needed"],
    ["a masked unit", "masked", "inactive", "", "not-needed"],
  ];
  for (const [why, load, active, job, kind] of ROWS) {
    it(`makes the reload ${kind} for ${why}`, () => {
      const state = parseUnitState(`LoadState=${load}\nActiveState=${active}\nJob=${job}\n`);
      assert.ok(state);
      assert.equal(judgeUnitState(state).kind, kind);
    });
  }

  const CREDENTIALS: readonly (readonly [why: string, text: string, paths: readonly string[]])[] = [
    ["with their names", "LoadCredential=key:/run/a\n", ["/run/a"]],
    ["of several files", "LoadCredential=a:/a\n\n# /x.conf\nLoadCredential = b:/b\n", ["/a", "/b"]],
    ["sealed ones too", "LoadCredentialEncrypted=a:/a\n", ["/a"]],
    ["without those that a drop-in took back", "LoadCredential=a:/a\nLoadCredential=\n", []],
    ["without those that have no path of their own", "LoadCredential=a\nLoadCredential=b:c\n", []],
    ["without remarks and other settings", "#LoadCredential=a:/a\nSetCredential=a:/a\n", []],
  ];
  for (const [why, text, paths] of CREDENTIALS)
    it(`tells the files of its credentials, ${why}`, () =>
      assert.deepEqual(parseCredentialPaths(text), paths));
});
