import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { renameSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MISUSES, ROWS, type Row } from "./cases/reading.ts";
import { hasCommand, runCommand } from "./support/command.ts";
import {
  ask,
  expect,
  launcher,
  makeReadingHost,
  program,
  removeReadingHost,
  stranger,
} from "./support/reading-host.ts";
import { linkGroup, openTempDir, putGeneration, putState } from "./support/run-tree.ts";

/** Everything that answers `get` and `path`, and must answer alike. */
const READERS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["dash", ["dash", launcher]],
  ["busybox ash", ["busybox", "sh", launcher]],
  ["bash", ["bash", "--posix", launcher]],
  ["the program", program],
];

const temp = openTempDir();
const run = join(temp, "run");

before(() => makeReadingHost(run));
after(() => removeReadingHost(temp, run));

for (const [place, [reader, argv]] of READERS.entries()) {
  const skip = hasCommand([argv[0] ?? "", "-c", ":"]) ? false : `${argv[0]} is not installed`;

  describe(`get and path, answered by ${reader}`, { skip, concurrency: 4 }, () => {
    for (const [promise, row] of Object.entries(ROWS)) {
      it(promise, async () => expect(await ask(argv, row, run), row, run));
    }

    for (const words of MISUSES) {
      it(`says 64 to ${JSON.stringify(words)}`, async () => {
        const ended = await ask(argv, { words }, run);
        assert.deepEqual([ended.code, ended.stdout.toString()], [64, ""]);
      });
    }

    it("says 77 where the kernel denies", async (t) => {
      if (!(await reachable())) return t.skip("nobody may not reach this checkout");
      const group: Row = {
        words: ["get", "shut/password"],
        code: 77,
        stderr: [
          'postern: denied: group "shut" is not readable by this user',
          'postern: hint: its owner and mode decide: see ls -ld "RUN/groups/shut"',
        ],
      };
      const secret: Row = {
        words: ["get", "locked/password", "--wait", "9m"],
        code: 77,
        stderr: [
          'postern: denied: secret "locked/password" is not readable by this user',
          'postern: hint: its owner and mode decide: see ls -ld "RUN/secrets/locked/password"',
        ],
      };
      expect(await ask(argv, group, run, stranger), group, run);
      expect(await ask(argv, secret, run, stranger), secret, run);
    });

    it("waits no longer than asked, then says why", async () => {
      const row = {
        ...ROWS["says 66 for a group that is not there"],
        words: ["get", "nope/x", "--wait", "1s"],
      };
      expect(await ask(argv, row, run), row, run);
    });

    it("looks again while it waits", async () => {
      const gate = makeGate(`waiting-${place}`);
      const words = ["get", `waiting-${place}/password`, "--max-age", "1h", "--wait", "9m"];
      const ended = ask(argv, { words }, run);
      await gate.pass("stale 1000000000 1000000000 x\n", () => {
        putState(run, `later-${place}`, Math.floor(Date.now() / 1000));
        renameSync(join(run, "state", `later-${place}`), gate.path);
      });
      expect(await ended, { stdout: "hunter2" }, run);
    });

    it("reads in one generation, whatever is swapped in meanwhile", async () => {
      const gate = makeGate(`swapped-${place}`);
      const words = ["get", `swapped-${place}/password`, "--max-age", "99999d"];
      const ended = ask(argv, { words }, run);
      await gate.pass("fresh 1700000000 1700000000 x\n", () =>
        putGeneration(run, `swapped-${place}`, "new", { other: "x" }),
      );
      expect(await ended, { stdout: "hunter2" }, run);
    });
  });
}

interface Gate {
  readonly path: string;
  /** Once a reader has come: does `meanwhile`, then lets it read `line`. */
  readonly pass: (line: string, meanwhile: () => void) => Promise<void>;
}

/** A group whose state is a pipe: whoever reads it stands still until the test lets it pass. */
function makeGate(group: string): Gate {
  putGeneration(run, group, "old", { password: "hunter2" });
  linkGroup(run, group);
  const path = join(run, "state", group);
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  return {
    path,
    pass: async (line, meanwhile) => {
      const pipe = await open(path, "w");
      meanwhile();
      await pipe.writeFile(line);
      await pipe.close();
    },
  };
}

async function reachable(): Promise<boolean> {
  const options = stranger === undefined ? {} : { uid: stranger };
  const { code } = await runCommand(["test", "-r", program[1] ?? ""], options);
  return code === 0;
}
