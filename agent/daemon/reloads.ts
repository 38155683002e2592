/**
 * The reloads that are owed, and the one who sees that they are done.
 *
 * A reload is owed on the disk before the swap that makes it due, and until it succeeded: this keeps no list of its
 * own that could be lost.
 * @module
 */
import type { GroupConfig, ReloadConfig } from "../config/config.ts";
import type { Chance, Clock } from "../core/clock.ts";
import { type PosternError, toPosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import type { ReloadEnd } from "../notify/ending.ts";
import { oweReload, owedReload, settleReload } from "../store/owed.ts";
import type { GenerationId } from "../store/target.ts";
import type { Tree } from "../store/tree.ts";
import type { DaemonObserver, ReloadReport } from "./observer.ts";
import { rollBack } from "./rollback.ts";
import { reloadDelayMs } from "./schedule.ts";
import type { Turns } from "./turns.ts";

export interface ReloadEffects {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Tells whoever uses the groups, once. Never rejects. */
  readonly reload: (
    reload: ReloadConfig,
    groups: readonly GroupConfig[],
    signal: AbortSignal,
  ) => Promise<ReloadEnd>;
  /** Equal for reloads that tell the same one. */
  readonly reloadKey: (reload: ReloadConfig) => string;
  readonly observer: Pick<DaemonObserver, "onReload">;
}

export interface ReloadOptions {
  readonly tree: Tree;
  readonly groups: readonly GroupConfig[];
  readonly turns: Turns;
  readonly signal: AbortSignal;
}

export interface Reloads {
  /** Does what the group owes, with what others owe to the same one; at once, unless others are about to change. */
  settle(group: GroupName): void;
  /** Resolves once nothing is under way; nothing begins after the signal. */
  readonly idle: () => Promise<void>;
}

/** Those who are told together. */
interface Audience {
  readonly reload: ReloadConfig;
  readonly groups: readonly GroupConfig[];
  failures: number;
  /** What was owed when it was last tried: the same again waits for its turn. */
  tried: string;
  /** Ends the wait for the next try; undefined while there is none. */
  planned: AbortController | undefined;
  running: boolean;
}

// several sets that a publisher changed together are told of together, if they come within this time
const GATHER_MS = 2000;

export function createReloads(options: ReloadOptions, effects: ReloadEffects): Reloads {
  const audiences = audiencesOf(options.groups, effects.reloadKey);
  const underWay = new Set<Promise<void>>();

  const plan = (audience: Audience, delayMs: number): void => {
    audience.planned?.abort();
    const nap = new AbortController();
    audience.planned = nap;
    const stop = (): void => nap.abort();
    options.signal.addEventListener("abort", stop, { once: true });
    void effects.clock
      .sleep(delayMs, nap.signal)
      .then(
        () => {
          audience.planned = undefined;
          start(audience);
        },
        () => undefined,
      )
      .finally(() => options.signal.removeEventListener("abort", stop));
  };
  const start = (audience: Audience): void => {
    if (audience.running || options.signal.aborted) return;
    audience.running = true;
    const work = run(audience, options, effects)
      .catch((error: unknown): Next => againFor(audience, [], toPosternError(error)))
      .then((next) => {
        audience.running = false;
        underWay.delete(work);
        conclude(audience, next);
      });
    underWay.add(work);
  };

  const conclude = (audience: Audience, next: Next): void => {
    const { onReload } = effects.observer;
    // it stays owed on the disk
    if (next.kind === "again" && options.signal.aborted) return;
    if (next.kind === "again") {
      audience.failures += 1;
      const delayMs = reloadDelayMs(audience.failures, effects.chance.random());
      onReload(next.report(delayMs));
      plan(audience, delayMs);
      return;
    }
    if (next.report !== undefined) onReload(next.report);
    if (next.kind === "at once") start(audience);
    else audience.failures = 0;
  };

  return {
    settle: (name) => {
      const audience = audiences.find(({ groups }) => groups.some((group) => group.name === name));
      if (audience === undefined) return;
      const debts = debtsOf(audience, options.tree);
      if (debts.length === 0) return;
      // a failing reload keeps to its delays, however many passes come by; what changed since is worth a try
      if (audience.planned !== undefined && said(debts) === audience.tried) return;
      audience.failures = 0;
      const others = audience.groups.filter((group) => group.name !== name);
      if (others.some((group) => options.turns.isBusy(group.name))) plan(audience, GATHER_MS);
      else {
        audience.planned?.abort();
        audience.planned = undefined;
        start(audience);
      }
    },
    idle: async () => {
      await Promise.all(underWay);
    },
  };
}

function audiencesOf(
  groups: readonly GroupConfig[],
  keyOf: (reload: ReloadConfig) => string,
): readonly Audience[] {
  const byKey = new Map<string, { reload: ReloadConfig; groups: GroupConfig[] }>();
  for (const group of groups) {
    const { reload } = group.onChange;
    if (reload === undefined) continue;
    const key = keyOf(reload);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { reload, groups: [group] });
    else known.groups.push(group);
  }
  return [...byKey.values()].map((audience) => ({
    ...audience,
    failures: 0,
    tried: "",
    planned: undefined,
    running: false,
  }));
}

interface Debt {
  readonly group: GroupConfig;
  readonly id: GenerationId;
}

function debtsOf({ groups }: Audience, tree: Tree): readonly Debt[] {
  return groups.flatMap((group) => {
    const id = owedReload(tree, group.name);
    return id === undefined ? [] : [{ group, id }];
  });
}

function said(debts: readonly Debt[]): string {
  return debts.map(({ group, id }) => `${group.name} ${id}`).join();
}

/** What follows: nothing, another try at once, or one after a delay, which the report is to name. */
type Next =
  | { readonly kind: "settled" | "at once"; readonly report?: ReloadReport }
  | { readonly kind: "again"; readonly report: (delayMs: number) => ReloadReport };

function againFor(
  { reload }: Audience,
  groups: readonly GroupName[],
  error: PosternError,
): Extract<Next, { kind: "again" }> {
  return {
    kind: "again",
    report: (delayMs) => ({ groups, reload, result: { kind: "failed", error, delayMs } }),
  };
}

/**
 * Tells the audience what its groups owe.
 *
 * 1. Note what is owed now: what is swapped in meanwhile is owed anew.
 * 2. Reload.
 * 3. Done, or needed by nobody: settle what was noted.
 * 4. Failed: swap back the groups that want it, hold their content, and owe the reload of what they had before. Not
 *    when nobody could be told: that says nothing of the set, and a set that is out of date cures nothing.
 */
async function run(
  audience: Audience,
  { tree, signal, turns }: ReloadOptions,
  effects: ReloadEffects,
): Promise<Next> {
  const debts = debtsOf(audience, tree);
  audience.tried = said(debts);
  if (debts.length === 0) return { kind: "settled" }; // (1)
  const { reload } = audience;
  const groups = debts.map(({ group }) => group.name);
  const told = debts.map(({ group }) => group);
  const end = await effects.reload(reload, told, signal); // (2)
  switch (end.kind) {
    case "done":
    case "not-needed": {
      for (const { group, id } of debts)
        if (owedReload(tree, group.name) === id) settleReload(tree, group.name); // (3)
      const kind = debtsOf(audience, tree).length > 0 ? "at once" : "settled";
      return { kind, report: { groups, reload, result: end } };
    }
    case "later":
      return {
        kind: "again",
        report: (delayMs) => ({ groups, reload, result: { ...end, delayMs } }),
      };
    case "failed": {
      // what was cut off by the end of the daemon says nothing about the set
      if (signal.aborted) return { kind: "settled" };
      const { error } = end;
      const back = error.code === "Unavailable" ? [] : await swapBack(debts, tree, turns); // (4)
      if (back.length === 0) return againFor(audience, groups, error);
      const result = { kind: "rolled-back", error } as const;
      return { kind: "at once", report: { groups: back, reload, result } };
    }
    default:
      return end satisfies never;
  }
}

/** The groups that are back at what they had before; a set that is only there because of that goes no further. */
async function swapBack(
  debts: readonly Debt[],
  tree: Tree,
  { inTurn }: Turns,
): Promise<readonly GroupName[]> {
  const back: GroupName[] = [];
  for (const { group, id } of debts) {
    if (group.onChange.onFailure !== "rollback") continue;
    await inTurn(group.name, async () => {
      // a newer set came meanwhile: it gets its own chance
      if (owedReload(tree, group.name) !== id) return;
      const rolled = rollBack(tree, group, "reload");
      if (rolled.kind === "nothing") return;
      oweReload(tree, group.name, rolled.to.id);
      back.push(group.name);
    });
  }
  return back;
}
