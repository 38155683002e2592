import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeBy, reloadBy } from "../../agent/daemon/judging.ts";
import type { Command } from "../../agent/notify/command.ts";
import type { NotifyTools } from "../../agent/notify/reload.ts";
import { configOf, HEAD } from "../support/parsed-config.ts";
import { fixedChance } from "../support/time.ts";

const never = new AbortController().signal;
const { paths, groups } = configOf(`${HEAD}groups:
  brief: { prefix: brief/, on_change: { timeout: 5s } }
  long: { prefix: long/, on_change: { timeout: 90s } }
  web:
    prefix: web/
    on_change:
      check: ["{staged}/x", "{staged}:{staged}", "--of={staged}", "{stage}"]
      verify: [/bin/ok, "{staged}"]
`);
const [brief, long, web] = groups;
assert.ok(brief && long && web);

/** Tools that run nothing, and what they were to run. */
function recording(): { readonly tools: NotifyTools; readonly commands: Command[] } {
  const commands: Command[] = [];
  return {
    commands,
    tools: {
      run: (command) => {
        commands.push(command);
        return Promise.resolve({ kind: "ended", status: 0 });
      },
      show: () => Promise.resolve(undefined),
      processes: { find: () => undefined, kill: () => {} },
      chance: fixedChance(0),
      systemd: false,
    },
  };
}

describe("the configuration's commands", () => {
  it("find the staged set wherever a check names it, and their group and its place", async () => {
    const { tools, commands } = recording();
    const judge = judgeBy(tools, paths);
    await judge.check(web, "/run/s", never);
    await judge.verify(web, never);
    const group = { POSTERN_GROUP: "web" };
    assert.deepEqual(
      commands.map(({ argv, env }) => [argv, env]),
      [
        [
          ["/run/s/x", "/run/s:/run/s", "--of=/run/s", "{stage}"],
          { ...group, POSTERN_STAGED: "/run/s" },
        ],
        [["/bin/ok", "{staged}"], { ...group, POSTERN_PATH: `${paths.run}/secrets/web` }],
      ],
    );
  });

  it("run for as long as the most patient of those who are told together", async () => {
    const { tools, commands } = recording();
    const reload = { kind: "command", argv: ["/bin/ok"] } as const;
    for (const told of [[brief, long], [long, brief], [brief]])
      await reloadBy(tools)(reload, told, never);
    assert.deepEqual(
      commands.map(({ timeoutMs }) => timeoutMs),
      [90_000, 90_000, 5000],
    );
  });
});
