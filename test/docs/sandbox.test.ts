import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { plainEnv, runCommand } from "../support/command.ts";
import { blocksOf, readPage } from "../support/document.ts";
import { root } from "../support/root.ts";
import { tempDir } from "../support/temp.ts";

const [start = "", use = ""] = blocksOf(readPage("docs/sandbox.md"), "sh");
const folder = tempDir();
const env = { ...plainEnv, PATH: `${join(root, "bin")}${delimiter}${plainEnv["PATH"]}` };

describe("the first steps of docs/sandbox.md", () => {
  const sandbox = spawn("sh", ["-ec", start.replace("postern sandbox", "exec postern sandbox")], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });

  before(() => once(sandbox.stdout, "data"));
  after(async () => {
    const ended = once(sandbox, "close");
    sandbox.kill();
    await ended;
  });

  it("bring a secret from a folder of plain files", async () => {
    const ended = await runCommand(["sh", "-ec", use], { cwd: folder, env });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(readFileSync(join(folder, "db_password"), "utf8"), "hunter2");
  });

  it("make the tree that docs/files.md draws, with its modes", async () => {
    // the page shows a group whose mode is 0440
    const shared = "groups: { web: { prefix: web/, mode: '0440' } }";
    const edit = `sed -i '/^groups:/,$d' postern.yaml && echo "${shared}" >> postern.yaml`;
    const ended = await runCommand(["sh", "-ec", `${edit}\n${use}`], { cwd: folder, env });
    assert.equal(ended.code, 0, ended.stderr);
    const drawn = drawnTree();
    assert.equal(drawn.filter(({ mode }) => mode !== undefined).length, 16);
    assert.equal(drawn.filter(({ text }) => text !== undefined).length, 2);
    for (const { path, mode, text } of drawn) {
      const stats = lstatSync(path);
      if (mode !== undefined) assert.equal((stats.mode & 0o7777).toString(8), mode, path);
      if (text !== undefined) assert.equal(readlinkSync(path), text);
    }
  });
});

interface Drawn {
  readonly path: string;
  /** Octal, without a leading zero. */
  readonly mode: string | undefined;
  /** Of a link. */
  readonly text: string | undefined;
}

/** Both trees of the page as they lie in `folder`, with the generation that is current there. */
function drawnTree(): readonly Drawn[] {
  const [drawing = ""] = blocksOf(readPage("docs/files.md"), "");
  const id = readlinkSync(join(folder, "run/groups/web/current")).replace("gen/", "");
  const trail: string[] = [];
  return drawing.split("\n").flatMap((line) => {
    const [, indent = "", name = "", text, mode] =
      /^( *)(\S+?)\/?(?: -> (\S+))?(?: +0(\d{3})(?: .*)?| .*)?$/.exec(
        line.replaceAll("7f3a9c51e0b2", id),
      ) ?? [];
    // a bundle alone has revisions, and the configuration lies elsewhere here
    if (name === "" || name === "revisions.json" || name.startsWith("/etc/")) return [];
    trail.splice(indent.length / 2, Infinity, name);
    const path = trail
      .join("/")
      .replace("/run/postern", "run")
      .replace("/var/lib/postern", "state");
    return [{ path: join(folder, path), mode, text }];
  });
}
