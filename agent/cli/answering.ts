/** What those who reach the daemon may ask of it: what they must say, and what they are answered. @module */
import * as v from "valibot";
import { PosternError } from "../core/errors.ts";
import type { RequestCounts } from "../core/outcome.ts";
import type { AdminActions } from "../daemon/admin.ts";
import { encodeAnswer } from "../daemon/answer.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { Log } from "../observe/log.ts";

const GROUPS = v.optional(v.array(v.string()), []);
const FLAG = v.optional(v.boolean(), false);
const REFRESH = v.strictObject({ groups: GROUPS, prune: FLAG, release: FLAG, acceptOlder: FLAG });
const ROLLBACK = v.strictObject({ group: v.string() });

/** @param metrics their text, as it is scraped */
export function actionsOf(daemon: Daemon, log: Log, metrics: () => Promise<string>): AdminActions {
  return {
    metrics,
    status: () => daemon.status() ?? { version: 1, groups: [] },
    refresh: async (body) => {
      const request = understood(REFRESH, body);
      log.write({ event: "asked", what: "refresh", groups: request.groups });
      const before = daemon.requests();
      const { outcomes, pruned } = await daemon.refresh(request);
      const status = daemon.status();
      const requests = since(before, daemon.requests());
      return encodeAnswer({ outcomes, status, requests, warnings: [], pruned });
    },
    rollBack: async (body) => {
      const { group } = understood(ROLLBACK, body);
      log.write({ event: "asked", what: "rollback", groups: [group] });
      return daemon.rollBack(group);
    },
    notReady: (named) => {
      const known = new Map(
        daemon.status()?.groups.map((group) => [group.group, group.generation]),
      );
      const wanted =
        named === undefined ? daemon.config().groups.map(({ name }) => String(name)) : [named];
      return wanted.filter((name) => typeof known.get(name) !== "string");
    },
  };
}

function understood<Output>(schema: v.GenericSchema<unknown, Output>, body: unknown): Output {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  const place = parsed.issues[0].path?.map(({ key }) => String(key)).join(".") ?? "";
  throw new PosternError("Usage", `expected another body: see ${quotePlace(place)}`);
}

function quotePlace(place: string): string {
  return place === "" ? "its top" : `"${place}"`;
}

/** What was asked of AWS meanwhile, by these passes and whatever else ran beside them. */
function since(before: RequestCounts, now: RequestCounts): RequestCounts {
  return {
    list: now.list - before.list,
    get: now.get - before.get,
    notModified: now.notModified - before.notModified,
    decrypt: now.decrypt - before.decrypt,
    imds: now.imds - before.imds,
    retries: now.retries - before.retries,
  };
}
