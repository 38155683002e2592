import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readPage } from "../support/document.ts";
import { root } from "../support/root.ts";

const folder = join(root, "packaging/systemd");
const page = readPage("docs/systemd.md");

/** The settings that confine a unit, not those that say what it is and when it runs. */
const CONFINING =
  /^(Capability|NoNew|Protect|Private|Device|IPAddress|Restrict(Address|Name|Real|SUID)|Lock|RemoveIPC|Keyring|SystemCall|UMask|Limit|MemorySwap|UnsetEnv|MemoryDeny|ReadWrite|StateDir)/;

function confining(unit: string): readonly string[] {
  const lines = readFileSync(join(folder, unit), "utf8").split("\n");
  return lines.filter((line) => CONFINING.test(line)).toSorted();
}

describe("docs/systemd.md", () => {
  for (const name of readdirSync(folder).filter((file) => /\.(service|timer)$/.test(file)))
    it(`tells of ${name}`, () => {
      assert.ok(page.includes(`\`${name.replace("@.", "@GROUP.")}\``));
    });

  for (const name of readdirSync(join(folder, "examples")))
    it(`leads to the example ${name}`, () => {
      const told = [page, readFileSync(join(folder, "examples/postern-unprivileged.conf"), "utf8")];
      assert.ok(told.some((text) => text.includes(name)));
    });
});

describe("the units", () => {
  it("confine a fetch as they confine the daemon, but for V8's compiler", () => {
    const daemon = confining("postern.service");
    assert.ok(daemon.length > 25);
    assert.deepEqual(
      [...confining("postern-fetch.service"), "MemoryDenyWriteExecute=yes"].toSorted(),
      daemon,
    );
  });
});
