import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { edit } from "../../agent/cli/editor.ts";
import { tempDir } from "../support/temp.ts";
import { refusedAs } from "../support/refusal.ts";

const temp = tempDir();

/** A terminal whose editor is this shell script; "$1" is the file. */
function terminalWith(script: string, isTTY = true): Parameters<typeof edit>[1] {
  const editor = join(temp, "editor");
  writeFileSync(editor, `#!/bin/sh\n${script}\n`);
  chmodSync(editor, 0o700);
  return { stdin: { isTTY }, env: { EDITOR: `${editor} --wait`, XDG_RUNTIME_DIR: temp } };
}

describe("a value in an editor", () => {
  it("comes back as it was left, through a file that nobody else may read", async () => {
    const note = join(temp, "note");
    const script = `shift; stat -c %a "$1" "$(dirname "$1")" > ${note}; printf more >> "$1"`;
    const draft = await edit(Buffer.from("one"), terminalWith(script));
    assert.equal(draft.value.toString(), "onemore");
    assert.equal(readFileSync(note, "utf8"), "600\n700\n");
    const file = draft.keep();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    draft.discard();
    assert.ok(!existsSync(dirname(file)));
  });

  it("is removed when the editor fails", async () => {
    await assert.rejects(
      edit(Buffer.from("one"), terminalWith("exit 3")),
      refusedAs("BadData", /the editor failed \(exit code 3\)/),
    );
    assert.deepEqual(
      readdirSync(temp).filter((name) => name.startsWith("postern-edit-")),
      [],
    );
  });

  it("needs a terminal", async () => {
    await assert.rejects(
      edit(Buffer.from("one"), terminalWith("", false)),
      refusedAs("Usage", /no terminal/),
    );
  });
});
