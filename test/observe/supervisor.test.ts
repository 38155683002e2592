import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runCommand } from "../../agent/notify/command.ts";
import { createSupervisor, type SupervisorOptions } from "../../agent/observe/supervisor.ts";
import { tempDir } from "../support/temp.ts";
import { heldClock } from "../support/time.ts";

const SOCKET = "/run/systemd/notify";
const PID = 42;

interface Manager {
  readonly options: SupervisorOptions;
  readonly told: string[];
  readonly slept: readonly number[];
}

/** @param run what becomes of each message */
function manager(
  env: Readonly<Record<string, string>>,
  run: () => Promise<unknown> = () => Promise.resolve(),
): Manager {
  const told: string[] = [];
  const clock = heldClock();
  const options: SupervisorOptions = {
    env,
    pid: PID,
    clock,
    run: async ({ argv, env: given }) => {
      assert.deepEqual(given, { NOTIFY_SOCKET: SOCKET });
      assert.equal(argv[0], "systemd-notify");
      await run();
      told.push(argv.slice(1).join(" "));
    },
  };
  return { options, told, slept: clock.slept };
}

/** Watches until `count` looks at the loop were taken. */
async function watchFor(
  { options }: Manager,
  count: number,
  isAlive = (_look: number) => true,
): Promise<void> {
  const over = new AbortController();
  let looks = 0;
  await createSupervisor(options).watch(() => {
    looks += 1;
    if (looks === count) over.abort();
    return isAlive(looks);
  }, over.signal);
}

describe("the supervisor", () => {
  it("tells the manager in the order in which things happen", async () => {
    let delayed = 0;
    const slow = manager({ NOTIFY_SOCKET: SOCKET }, async () => {
      // the first message takes the longest
      for (let turn = 0; turn < 5 - delayed; turn += 1) await Promise.resolve();
      delayed += 1;
    });
    const supervisor = createSupervisor(slow.options);
    await Promise.all([
      supervisor.ready("3 groups"),
      supervisor.status("2 fresh,\n1 stale"),
      supervisor.reloading(),
      supervisor.ready(),
      supervisor.stopping(),
    ]);
    assert.deepEqual(slow.told, [
      "READY=1 STATUS=3 groups",
      "STATUS=2 fresh, 1 stale",
      "RELOADING=1",
      "READY=1",
      "STOPPING=1",
    ]);
  });

  it("starts no program where there is no manager", async () => {
    for (const env of [{}, { NOTIFY_SOCKET: "" }]) {
      const none = manager(env, () => Promise.reject(new Error("started")));
      await createSupervisor(none.options).ready();
      assert.deepEqual(none.told, []);
    }
  });

  it("goes on when the manager cannot be told", async () => {
    let tries = 0;
    const deaf = manager({ NOTIFY_SOCKET: SOCKET }, () => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error("deaf")) : Promise.resolve();
    });
    const supervisor = createSupervisor(deaf.options);
    await supervisor.ready();
    await supervisor.stopping();
    assert.deepEqual(deaf.told, ["STOPPING=1"]);
  });

  it("is spoken for by systemd-notify, which gets the socket and nothing else", async () => {
    const folder = tempDir();
    const seen = join(folder, "seen");
    const program = join(folder, "systemd-notify");
    writeFileSync(
      program,
      `#!/bin/sh\necho "$* $NOTIFY_SOCKET \${AWS_PROFILE-}." >${seen}\nexit 1\n`,
    );
    chmodSync(program, 0o755);
    const options: SupervisorOptions = {
      ...manager({ NOTIFY_SOCKET: SOCKET, AWS_PROFILE: "x" }).options,
      run: (command, signal) => {
        const argv = [program, ...command.argv.slice(1)];
        return runCommand({ ...command, argv }, signal);
      },
    };
    await createSupervisor(options).ready();
    assert.equal(readFileSync(seen, "utf8"), `READY=1 ${SOCKET} .\n`);
  });
});

describe("the watchdog", () => {
  const ENV = { NOTIFY_SOCKET: SOCKET, WATCHDOG_USEC: "90000000" };

  it("is told three times in its interval", async () => {
    const watched = manager({ ...ENV, WATCHDOG_PID: String(PID) });
    await watchFor(watched, 3);
    assert.deepEqual(watched.told, ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    assert.deepEqual(watched.slept, [30_000, 30_000]);
  });

  it("hears nothing while the loop is not alive", async () => {
    const watched = manager(ENV);
    await watchFor(watched, 4, (look) => look !== 2);
    assert.equal(watched.told.length, 3);
  });

  const rows: readonly (readonly [why: string, env: Readonly<Record<string, string>>])[] = [
    ["does not watch", { NOTIFY_SOCKET: SOCKET }],
    ["watches another process", { ...ENV, WATCHDOG_PID: "1" }],
    ["says something else than a time", { ...ENV, WATCHDOG_USEC: "soon" }],
  ];
  for (const [why, env] of rows)
    it(`is left alone by who ${why}`, async () => {
      const unwatched = manager(env);
      await createSupervisor(unwatched.options).watch(
        () => assert.fail("looked"),
        new AbortController().signal,
      );
      assert.deepEqual(unwatched.told, []);
    });
});
