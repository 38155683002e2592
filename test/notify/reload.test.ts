import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Command, CommandEnd } from "../../agent/notify/command.ts";
import {
  faultOf,
  type NotifyTools,
  type Reload,
  reloadKey,
  runFor,
  tell,
} from "../../agent/notify/reload.ts";
import { parseUnitState } from "../../agent/notify/unit-state.ts";
import { fixedChance } from "../support/time.ts";

const never = new AbortController().signal;
const web = { group: "web", timeoutMs: 30_000 };
const unit: Reload = { kind: "unit", unit: "nginx.service", action: "reload" };

const DONE: CommandEnd = { kind: "ended", status: 0 };

interface Fake {
  readonly tools: NotifyTools;
  readonly commands: Command[];
}

/** @param end of every command but true(1), by which systemd is asked whether it answers: that has its own */
function fake(
  shown: string | undefined,
  end: CommandEnd = DONE,
  systemd = false,
  answer: CommandEnd = DONE,
): Fake {
  const commands: Command[] = [];
  return {
    commands,
    tools: {
      run: (command) => {
        commands.push(command);
        return Promise.resolve(command.argv.at(-1) === "true" ? answer : end);
      },
      show: () => Promise.resolve(shown === undefined ? undefined : parseUnitState(shown)),
      processes: { find: () => undefined, kill: () => {} },
      chance: fixedChance(0),
      systemd,
    },
  };
}

const state = (active: string): string => `LoadState=loaded\nActiveState=${active}\n`;

describe("a unit", () => {
  const rows = [
    ["is reloaded when it runs", state("active"), "done", ["try-reload-or-restart"]],
    ["is left alone when it was stopped", state("inactive"), "not-needed", []],
    ["is left alone when it failed", state("failed"), "not-needed", []],
    ["is told later while it starts", state("activating"), "later", []],
    ["is reloaded again while it reloads", state("reloading"), "done", ["try-reload-or-restart"]],
    ["is left alone while it stops", state("deactivating"), "not-needed", []],
    ["is told later while a job waits for it", `${state("active")}Job=7\n`, "later", []],
    [
      "needs nothing when there is none",
      "LoadState=not-found\nActiveState=inactive\n",
      "not-needed",
      [],
    ],
  ] as const;
  for (const [why, shown, kind, verbs] of rows)
    it(why, async () => {
      const { tools, commands } = fake(shown);
      assert.equal((await tell(unit, web, tools, never)).kind, kind);
      assert.deepEqual(
        commands.map(({ argv }) => argv[2]),
        verbs,
      );
    });

  it("is restarted when the config says so, and only if it runs", async () => {
    const { tools, commands } = fake(state("active"));
    await tell({ ...unit, action: "restart" }, web, tools, never);
    assert.deepEqual(commands[0]?.argv.slice(2), ["try-restart", "nginx.service"]);
  });

  const failures = [
    [{ kind: "ended", status: 1 }, /"nginx.service": it did not reload$/],
    [{ kind: "timed-out" }, /"nginx.service": it did not reload within 30s$/],
  ] as const;
  for (const [how, words] of failures)
    it(`is owed on when its reload ${how.kind}`, async () => {
      const { tools } = fake(state("active"), how);
      const end = await tell(unit, web, tools, never);
      assert.equal(end.kind === "failed" && end.error.code, "CheckFailed");
      assert.match(end.kind === "failed" ? end.error.message : "", words);
    });
});

describe("a command under systemd", () => {
  it("runs as a transient unit with a limit, and prints to nobody", async () => {
    const { tools, commands } = fake(undefined, { kind: "ended", status: 0 }, true);
    const occasion = { kind: "check", ...web } as const;
    const command = { argv: ["/bin/ok", "$HOME %n"], env: { POSTERN_STAGED: "/run/x" } };
    await runFor(occasion, command, tools, never);
    const argv = commands[0]?.argv ?? [];
    assert.equal(argv[0], "systemd-run");
    assert.deepEqual(argv.slice(argv.indexOf("--")), ["--", "/bin/ok", "$$HOME %n"]);
    for (const word of [
      "--wait",
      "--unit=postern-check-web-00000000.service",
      "--service-type=oneshot",
      "--property=TimeoutStartSec=30000ms",
      "--property=KillMode=control-group",
      "--property=LimitCORE=0",
      "--property=StandardOutput=null",
      "--property=StandardError=null",
      "--setenv=POSTERN_STAGED=/run/x",
    ])
      assert.ok(argv.includes(word), word);
    assert.deepEqual(commands[0]?.env, {});
    // systemd is the first to end it
    assert.ok((commands[0]?.timeoutMs ?? 0) > web.timeoutMs);
  });

  it("has failed whatever systemd-run makes of its failure", async () => {
    for (const status of [1, 3, 203, 255]) {
      const { tools } = fake(undefined, { kind: "ended", status }, true);
      const end = await runFor(
        { kind: "check", ...web },
        { argv: ["/bin/no"], env: {} },
        tools,
        never,
      );
      const fault = faultOf("check", ["/bin/no"], end, 30_000);
      assert.match(fault?.message ?? "", /^check failed: "\/bin\/no" did not succeed within 30s$/);
    }
  });

  for (const kind of ["timed-out", "stopped"] as const)
    it(`is killed in its own unit when it was ${kind}`, async () => {
      const { tools, commands } = fake(undefined, { kind }, true);
      await runFor({ kind: "verify", ...web }, { argv: ["/bin/slow"], env: {} }, tools, never);
      assert.deepEqual(commands[1]?.argv.slice(0, 2), ["systemctl", "kill"]);
      assert.equal(commands[1]?.argv.at(-1), "postern-verify-web-00000000.service");
      // a systemd that does not answer holds up nobody's end
      if (kind === "stopped") assert.ok((commands[1]?.timeoutMs ?? 0) < 1000);
    });

  it("is told for which group", async () => {
    const { tools, commands } = fake(undefined);
    await tell({ kind: "command", argv: ["/bin/ok"] }, web, tools, never);
    assert.deepEqual(commands[0]?.env, { POSTERN_GROUP: "web" });
  });
});

describe("a systemd that does not answer", () => {
  const silences = [
    ["fails at once", { kind: "ended", status: 1 }],
    ["hangs", { kind: "timed-out" }],
  ] as const;
  const commands = ["check", "verify", "reload"] as const;
  for (const [how, end] of silences)
    for (const kind of commands)
      it(`and ${how} is no failed ${kind}`, async () => {
        const { tools } = fake(undefined, end, true, end);
        const came = await runFor({ kind, ...web }, { argv: ["/bin/ok"], env: {} }, tools, never);
        const fault = faultOf(kind, ["/bin/ok"], came, web.timeoutMs);
        assert.equal(fault?.code, "Unavailable");
        assert.equal(fault.message, `${kind} was not made: systemd does not answer`);
      });

  for (const [how, end] of silences)
    it(`and ${how} is no failed reload of a unit, before or after it was asked`, async () => {
      for (const answers of [0, 1]) {
        const { tools } = fake(state("active"), end);
        let shown = 0;
        const show: NotifyTools["show"] = async (...words) => {
          shown += 1;
          return shown > answers ? undefined : tools.show(...words);
        };
        const told = await tell(unit, web, { ...tools, show }, never);
        assert.equal(told.kind === "failed" && told.error.code, "Unavailable");
        assert.equal(shown, answers + 1);
      }
    });

  it("is not asked about once postern stops", async () => {
    const { tools, commands: run } = fake(undefined, { kind: "stopped" }, true);
    await runFor({ kind: "check", ...web }, { argv: ["/bin/slow"], env: {} }, tools, never);
    assert.deepEqual(
      run.map(({ argv }) => argv[0]),
      ["systemd-run", "systemctl"],
    );
  });
});

describe("two reloads", () => {
  const rows: readonly (readonly [why: string, one: Reload, other: Reload, same: boolean])[] = [
    ["of one unit are one", unit, { ...unit }, true],
    ["of one unit in two ways are two", unit, { ...unit, action: "restart" }, false],
    ["of two units are two", unit, { ...unit, unit: "haproxy.service" }, false],
    [
      "of one pid file are one",
      { kind: "signal", signal: "SIGHUP", pidfile: "/run/a.pid" },
      { kind: "signal", signal: "SIGHUP", pidfile: "/run/a.pid" },
      true,
    ],
    [
      "by commands with other words are two",
      { kind: "command", argv: ["a", "b c"] },
      { kind: "command", argv: ["a b", "c"] },
      false,
    ],
  ];
  for (const [why, one, other, same] of rows)
    it(why, () => assert.equal(reloadKey(one) === reloadKey(other), same));
});
