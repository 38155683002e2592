import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROWS, type Row } from "./cases/reading.ts";
import { type Ended, hasCommand, plainEnv, runCommand } from "./support/command.ts";
import {
  ask,
  expect,
  launcher,
  makeReadingHost,
  program,
  removeReadingHost,
} from "./support/reading-host.ts";
import { root } from "./support/root.ts";
import { openTempDir } from "./support/run-tree.ts";

const temp = openTempDir();
const run = join(temp, "run");
/** Stands in for Node: says what it was given. */
const stub = join(temp, "stub");

before(() => {
  makeReadingHost(run);
  writeFileSync(stub, '#!/bin/sh\nshift; printf "%s\\n" "program:" "$@"; exit 42\n', {
    mode: 0o755,
  });
});
after(() => removeReadingHost(temp, run));

describe("the launcher", () => {
  const withStub = { ...plainEnv, POSTERN_RUN: run, POSTERN_NODE: stub };

  for (const [promise, row] of Object.entries(ROWS)) {
    if (row.rare) continue;
    it(`${promise}, and starts no program for it`, async () => {
      const env = { POSTERN_NODE: stub, ...row.env };
      expect(await ask(["sh", launcher], { ...row, env }, run), row, run);
    });
  }

  for (const words of [
    [],
    ["--help"],
    ["fetch", "web", "a b", ""],
    ["get", "web/db.json", "--field", "user"],
    ["get", "--", "web/password"],
    ["get", "web/password", "web/bytes"],
    ["get", "web/password", "--pin"],
    ["get", "web/password", "--wait"],
    ["get", "web/password", "--max-age", "010m"],
    ["get", "web/password", "--max-age", "500ms"],
    ["path", "web", "--json"],
    ["path"],
  ]) {
    it(`leaves ${JSON.stringify(words)} to the program, word for word`, async () => {
      const { code, stdout } = await runCommand([launcher, ...words], { env: withStub });
      // printf fills its format once even without a word
      assert.equal(stdout.toString(), ["program:", ...words, ""].join("\n"));
      assert.equal(code, 42);
    });
  }

  it("finds its home through symlinks", async () => {
    const link = join(temp, "postern");
    symlinkSync(launcher, join(temp, "hop"));
    symlinkSync("hop", link);
    const { code, stdout } = await runCommand([link, "fetch"], { env: withStub });
    assert.deepEqual([code, stdout.toString()], [42, "program:\nfetch\n"]);
  });

  it("finds its way back from the generation to what needs the program", async () => {
    const ended = await runCommand(["bin/postern", "get", "web/ünope"], {
      cwd: root,
      env: { ...plainEnv, POSTERN_RUN: relative(root, run) },
    });
    const names = `ls "${root}${relative(root, run)}/secrets/web" shows the names`;
    assert.equal(ended.stderr, `postern: no such secret "web/ünope"\npostern: hint: ${names}\n`);
    assert.equal(ended.code, 66);
  });

  it("does not take a broken clock for a young secret", async () => {
    const blind = join(temp, "blind");
    writeFileSync(blind, readFileSync(launcher, "utf8").replace("$(date", "$(false"));
    const row: Row = {
      words: ["get", "web/password", "--max-age", "1h"],
      code: 1,
      stderr: ["postern: cannot read the clock"],
    };
    expect(await ask(["sh", blind], row, run), row, run);
  });

  it("says what to run when the program is not built", async () => {
    mkdirSync(join(temp, "clone", "bin"), { recursive: true });
    copyFileSync(launcher, join(temp, "clone", "bin", "postern"));
    const ended = await runCommand([join(temp, "clone", "bin", "postern"), "fetch"]);
    const run = "node RUN/packaging/setup.mjs --bundle";
    const said = [`postern: the program is not built: run ${run}`];
    expect(ended, { code: 1, stderr: said }, join(temp, "clone"));
  });

  it("says so when there is no Node", async () => {
    const env = { ...plainEnv, POSTERN_NODE: join(temp, "no-node") };
    const { code, stderr } = await runCommand([launcher, "fetch"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^postern: cannot find .*no-node: expected Node 20.19 or newer in PATH/);
  });

  it("lets no core be dumped, whatever the caller allows", async () => {
    const limit = join(temp, "limit");
    writeFileSync(limit, "#!/bin/sh\nulimit -c\n", { mode: 0o755 });
    const allowing = 'ulimit -S -c "$(ulimit -H -c)" && exec "$0" fetch';
    const env = { ...withStub, POSTERN_NODE: limit };
    const { code, stdout } = await runCommand(["sh", "-c", allowing, launcher], { env });
    assert.deepEqual([code, stdout.toString()], [0, "0\n"]);
  });

  it("runs no stranger's cat", async () => {
    const folder = join(temp, "planted");
    mkdirSync(folder);
    for (const tool of ["cat", "date", "sleep"])
      writeFileSync(join(folder, tool), "#!/bin/sh\necho planted\n", { mode: 0o755 });
    const row: Row = {
      words: ["get", "web/password", "--max-age", "1h"],
      env: { PATH: `${folder}:/usr/bin:/bin` },
      stdout: "hunter2",
    };
    expect(await ask([launcher], row, run), row, run);
  });

  it("prints no secret to a terminal unless told to", async (t) => {
    if (!hasCommand(["script", "--version"])) return t.skip("script(1) is not installed");
    const onTerminal = (command: string): Promise<Ended> =>
      runCommand(["script", "-qec", command, "/dev/null"], {
        env: { ...plainEnv, POSTERN_RUN: run, SHELL: "/bin/sh" },
      });
    for (const command of [`'${launcher}'`, program.map((word) => `'${word}'`).join(" ")]) {
      const refused = await onTerminal(`${command} get web/password`);
      assert.equal(
        refused.stdout.toString().replaceAll("\r", ""),
        "postern: refusing to print a secret to a terminal\n" +
          "postern: hint: redirect the output, or add --show\n",
      );
      assert.equal(refused.code, 64);
      const shown = await onTerminal(`${command} get web/password --show`);
      assert.deepEqual([shown.code, shown.stdout.toString()], [0, "hunter2"]);
    }
  });

  it("says 73 when the output cannot be written", async () => {
    for (const reader of [["sh", launcher], program]) {
      const command = ["sh", "-c", '"$@" >/dev/full', "sh", ...reader, "path", "web"];
      const ended = await runCommand(command, { env: { ...plainEnv, POSTERN_RUN: run } });
      assert.equal(ended.code, 73);
    }
  });

  it("passes shellcheck", async (t) => {
    if (!hasCommand(["shellcheck", "--version"])) return t.skip("shellcheck is not installed");
    const { code, stdout } = await runCommand(["shellcheck", "--severity=style", launcher]);
    assert.equal(stdout.toString(), "");
    assert.equal(code, 0);
  });
});
