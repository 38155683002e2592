import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ChangeEffects, examineChanges } from "../../agent/doctor/change.ts";
import type { Finding } from "../../agent/doctor/finding.ts";
import type { ProgramEnd } from "../../agent/store/program.ts";
import { kernelOf } from "../support/doctor.ts";
import { configOf, HEAD } from "../support/parsed-config.ts";
import { tempDir } from "../support/temp.ts";

const RUNS = "LoadState=loaded\nActiveState=active\nCanReload=yes\nJob=\n";

interface Unit {
  readonly state?: string;
  readonly files?: string;
  readonly systemd?: boolean;
}

/** A host whose systemctl says so of every unit. */
function host({ state = RUNS, files = "", systemd = true }: Unit): ChangeEffects {
  return {
    kernel: kernelOf({ resolve: (path) => (systemd ? path : undefined) }),
    run: (file, args): Promise<ProgramEnd> => {
      assert.equal(file, "systemctl");
      const stdout = args[0] === "show" ? state : files;
      return Promise.resolve({ kind: "ended", status: 0, stdout });
    },
    uid: process.getuid?.() ?? 0,
  };
}

async function findings(
  change: string,
  effects: ChangeEffects,
  rest = "",
): Promise<readonly Finding[]> {
  const config = configOf(
    `${HEAD}groups: { web: { prefix: web/, on_change: { ${change} }${rest} } }\n`,
  );
  return await examineChanges(config, config.groups, effects);
}

function assertFinding(
  [finding, ...others]: readonly Finding[],
  kind: Finding["kind"],
  found: RegExp,
  fix: RegExp = /^$/,
): void {
  assert.ok(finding !== undefined && others.length === 0);
  assert.equal(finding.kind, kind, finding.found);
  assert.match(finding.found, found);
  assert.match("fix" in finding ? (finding.fix ?? "") : "", fix);
}

describe("doctor's look at a unit to be reloaded", () => {
  const RELOAD = "reload: { unit: nginx.service }";
  const RESTART = "reload: { unit: nginx.service, action: restart }";
  interface Row extends Unit {
    readonly change?: string;
    readonly rest?: string;
    readonly kind: Finding["kind"];
    readonly found: RegExp;
    readonly fix?: RegExp;
  }
  const restarts = /^say action: restart$/;
  const rows: Readonly<Record<string, Row>> = {
    "is content when it can be": { kind: "ok", found: /^reloads "nginx\.service" if it runs$/ },
    "is content with a restart, whatever the unit reads": {
      change: RESTART,
      files: "LoadCredential=key:/run/postern/secrets/web/key\n",
      kind: "ok",
      found: /^restarts "nginx\.service" if it runs$/,
    },
    "warns of credentials, which a reload does not read again": {
      files: "[Service]\nLoadCredential=key:/run/postern/secrets/web/key\n",
      kind: "warning",
      found: /reads the group by LoadCredential=, which a reload does not read again$/,
      fix: restarts,
    },
    "warns of an environment from the whole group's own folder": {
      state: `${RUNS}EnvironmentFiles=/run/postern/groups/web/current/env (ignore_errors=no)\n`,
      kind: "warning",
      found: /by EnvironmentFile=, /,
      fix: restarts,
    },
    "warns of an environment from one of the group's further paths": {
      state: `${RUNS}EnvironmentFiles=/etc/web.env (ignore_errors=no)\n`,
      rest: ", files: { env: { path: /etc/web.env } }",
      kind: "warning",
      found: /by EnvironmentFile=, /,
      fix: restarts,
    },
    "warns of an environment that is rendered": {
      state: `${RUNS}EnvironmentFiles=/etc/web.env (ignore_errors=no)\n`,
      rest: ", render: [{ path: /etc/web.env, format: dotenv }]",
      kind: "warning",
      found: /by EnvironmentFile=, /,
      fix: restarts,
    },
    "is content with what it reads of other groups": {
      state: `${RUNS}EnvironmentFiles=/run/postern/secrets/web2/env (ignore_errors=no)\n`,
      files: "LoadCredential=key:/run/postern/secrets/tls/key\n",
      kind: "ok",
      found: /^reloads/,
    },
    "warns when it cannot reload, and so would be restarted": {
      state: "LoadState=loaded\nActiveState=active\nCanReload=no\n",
      kind: "warning",
      found: /cannot reload: a change restarts it$/,
      fix: /^say action: restart if that is meant, or give it ExecReload=$/,
    },
    "warns when there is no such unit": {
      state: "LoadState=not-found\nActiveState=inactive\nCanReload=no\n",
      kind: "warning",
      found: /is not-found: nothing would be reloaded$/,
      fix: /^install it, or correct on_change\.reload\.unit$/,
    },
    "is skipped where systemd is not init": {
      systemd: false,
      kind: "skipped",
      found: /^needs systemd/,
    },
  };
  for (const [promise, row] of Object.entries(rows))
    it(promise, async () => {
      const found = await findings(row.change ?? RELOAD, host(row), row.rest);
      assertFinding(found, row.kind, row.found, row.fix);
    });

  it("fails when systemctl does not tell", async () => {
    const run: ChangeEffects["run"] = () => Promise.resolve({ kind: "missing" });
    const found = await findings(RELOAD, { ...host({}), run });
    assertFinding(found, "failed", /^systemctl does not tell of "nginx\.service"$/, /^see/);
  });
});

describe("doctor's look at the programs of a change", () => {
  const folder = tempDir();
  const effects = host({});

  it("says nothing where nothing is run", async () => {
    assert.deepEqual(await findings("on_failure: keep", effects), []);
  });

  for (const key of ["check: [sh]", "verify: [sh]", "reload: { command: [sh] }"])
    it(`finds the program of ${key}`, async () => {
      assertFinding(await findings(key, effects), "ok", /^"\/(usr\/)?s?bin\/sh" may be run$/);
    });

  it("fails without the program", async () => {
    const found = await findings("check: [/nonexistent]", effects);
    assertFinding(found, "failed", /^there is no program "\/nonexistent"$/, /^install it/);
  });

  it("fails when others may write the program", async () => {
    const program = join(folder, "open");
    writeFileSync(program, "#!/bin/sh\n");
    chmodSync(program, 0o777);
    const found = await findings(`verify: [${program}]`, effects);
    assertFinding(found, "failed", /open": .* got mode 0777$/, /^give it .* to root/);
  });
});

describe("doctor's look at a pid file", () => {
  const folder = tempDir();
  const look = (path: string): Promise<readonly Finding[]> =>
    findings(`reload: { signal: HUP, pidfile: ${path} }`, host({}));

  it("says whom it names", async () => {
    const path = join(folder, "a.pid");
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
    chmodSync(path, 0o644);
    assertFinding(await look(path), "ok", new RegExp(`^SIGHUP to process ${process.pid}$`));
  });

  it("warns when it is not there", async () => {
    assertFinding(
      await look(join(folder, "none")),
      "warning",
      /nobody would be signalled$/,
      /writes/,
    );
  });

  it("fails when others may put another in its place", async () => {
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    writeFileSync(join(open, "a.pid"), `${process.pid}\n`, { mode: 0o644 });
    assertFinding(
      await look(join(open, "a.pid")),
      "failed",
      /open": .* mode 0777$/,
      /^let only root/,
    );
  });
});
