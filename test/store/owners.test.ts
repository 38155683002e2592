import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ownerLookup } from "../../agent/store/owners.ts";
import { type ProgramEnd, type RunProgram, systemProgram } from "../../agent/store/program.ts";

const answering = (end: ProgramEnd): RunProgram & { readonly asked: string[] } => {
  const asked: string[] = [];
  const run: RunProgram = (file, args) => {
    asked.push([file, ...args].join(" "));
    return Promise.resolve(end);
  };
  return Object.assign(run, { asked });
};
const found = (stdout: string): ProgramEnd => ({ kind: "ended", status: 0, stdout });

describe("ownerLookup", () => {
  it("asks the system for names, and takes numbers as they are", async () => {
    const lookup = ownerLookup(systemProgram);
    assert.deepEqual(await lookup({ user: "root", group: "root" }), { uid: 0, gid: 0 });
    assert.deepEqual(await lookup({ user: "0", group: "4294967294" }), { uid: 0, gid: 4294967294 });
    await assert.rejects(lookup({ user: "no-such-user-here", group: "root" }), {
      code: "ConfigInvalid",
      message: 'unknown user "no-such-user-here"',
    });
  });

  it("asks once for each name", async () => {
    const run = answering(found("app:x:33:44::/:\n"));
    const lookup = ownerLookup(run);
    await Promise.all([lookup({ user: "app", group: "1" }), lookup({ user: "app", group: "app" })]);
    await lookup({ user: "app", group: "app" });
    assert.deepEqual(run.asked, ["getent passwd app", "getent group app"]);
  });

  const UNKNOWN: readonly (readonly [why: string, name: string, end: ProgramEnd])[] = [
    ["nobody knows", "x", { kind: "ended", status: 2, stdout: "" }],
    ["has an odd number", "x", found("x:x:none:1")],
    ["has the number that chown takes for none", "x", found("x:x:4294967295:1")],
    ["would be an option", "--service=x", found("x:x:1:1")],
    ["has a line end", "x\nroot", found("x:x:1:1")],
    ["is empty", "", found("x:x:1:1")],
    ["is a number too large", "4294967295", { kind: "ended", status: 2, stdout: "" }],
  ];
  for (const [why, name, end] of UNKNOWN) {
    it(`refuses a user that ${why}`, async () => {
      const lookup = ownerLookup(answering(end));
      await assert.rejects(lookup({ user: name, group: "0" }), { code: "ConfigInvalid" });
    });
  }

  it("asks again after it got no answer", async () => {
    const ends: ProgramEnd[] = [{ kind: "signalled" }, found("app:x:33:44")];
    const run: RunProgram = () => Promise.resolve(ends.shift() ?? assert.fail());
    const lookup = ownerLookup(run);
    await assert.rejects(lookup({ user: "app", group: "0" }), { code: "Unavailable" });
    assert.deepEqual(await lookup({ user: "app", group: "0" }), { uid: 33, gid: 0 });
  });

  it("says what to write where there is no getent", async () => {
    await assert.rejects(ownerLookup(answering({ kind: "missing" }))({ user: "0", group: "x" }), {
      code: "ConfigInvalid",
      hint: "write the group's number instead",
    });
  });
});
