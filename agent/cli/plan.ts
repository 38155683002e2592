/** `postern plan`: what the next fetch would change, without changing it. @module */
import { EXIT, exitCodeOf } from "../core/errors.ts";
import { quote, RESERVED } from "../core/names.ts";
import type { GroupPlan, Planned } from "../daemon/plan.ts";
import type { PathPlan } from "../daemon/plan-files.ts";
import type { SecretPlan, Shown } from "../daemon/shown.ts";
import type { Access } from "../store/durable-file.ts";
import type { Drift } from "../store/drift.ts";
import type { Command } from "./command.ts";
import { chosenGroups, loadNamedConfig, withConfig } from "./configured.ts";
import { systemEffects } from "./effects.ts";
import { write } from "./output.ts";
import { reportError } from "./report.ts";
import { bytes, count, table } from "./words.ts";

export const plan: Command = {
  name: "plan",
  audience: "instances",
  summary: "what the next fetch would change: names and sizes, no values",
  repeatable: ["groups"],
  manual: {
    description: [
      "Does what fetch does up to the moment of writing, and prints what would change: names, sizes and fingerprints, never values. Fingerprints are keyed by a secret of this host, so that equal values look equal here and nothing can be learnt from them elsewhere. Files that were edited, added or removed by hand are shown as well.",
    ],
    consults: ["configuration", "aws variables"],
  },
  add: (parser, surroundings) =>
    parser.command(
      "plan [groups..]",
      plan.summary,
      (options) =>
        withConfig(options)
          .positional("groups", { type: "string", array: true, describe: "all when none is named" })
          .option("all", { type: "boolean", describe: "show secrets that stay the same too" })
          .option("detailed-exitcode", {
            type: "boolean",
            describe: "exit with 2 when a set would change",
          })
          .option("json", { type: "boolean", describe: "print the plan as JSON" })
          .example("$0 plan", "all groups")
          .example("$0 plan web --all", "every secret of one group"),
      async ({ groups = [], config: file, all = false, json, ...options }) => {
        const config = await loadNamedConfig(file, surroundings);
        const chosen = chosenGroups(config, groups);
        const { planGroups } = await import("../daemon/plan-groups.ts");
        const plans = await planGroups(config, chosen, await systemEffects(surroundings));
        const { terminal } = surroundings;
        const text = json
          ? `${JSON.stringify({ groups: plans.map(asJson) })}\n`
          : asText(plans, all);
        await write(terminal.stdout, text);
        const failed = plans.filter((found) => found.kind === "failed");
        for (const { group, error } of failed) reportError(terminal, error, group);
        const changes = plans.some((found) => found.kind === "planned" && found.changes);
        const done = changes && options["detailed-exitcode"] ? EXIT.changed : EXIT.done;
        surroundings.exitWith(failed[0] ? exitCodeOf(failed[0].error.code) : done);
      },
    ),
};

function asText(plans: readonly GroupPlan[], all: boolean): string {
  return plans
    .flatMap((found) => [...groupLines(found, all)])
    .join("\n")
    .concat("\n");
}

function groupLines(found: GroupPlan, all: boolean): readonly string[] {
  switch (found.kind) {
    case "waiting":
      return [`${found.group}: waits for its publisher, and would stay as it is`];
    case "failed":
      return [`${found.group}: would fail, and stay as it is`];
    case "planned": {
      const files = [...found.secrets, ...found.rendered.map(asRendered)];
      const shown = files.filter(({ change }) => all || change !== "same");
      const rows = table(shown.map(secretRow)).map((row) => `  ${row}`);
      const paths = found.paths.filter(({ change }) => all || change !== "in place");
      const more = [
        ...accessLines(found),
        ...found.drift.map(driftLine),
        ...paths.map(pathLine),
        ...found.notes,
      ];
      return [`${found.group}: ${summary(found)}`, ...rows, ...more.map((line) => `  ${line}`)];
    }
    default:
      return found satisfies never;
  }
}

function summary({ changes, secrets }: Planned): string {
  const amount = (wanted: SecretPlan["change"]): number =>
    secrets.filter(({ change }) => change === wanted).length;
  const parts = (["added", "changed", "removed"] as const)
    .filter((change) => amount(change) > 0)
    .map((change) => `${amount(change)} ${change}`);
  const said = parts.length > 0 ? parts.join(", ") : "the same secrets, written anew";
  const stay = secrets.filter(({ change }) => change !== "removed").length;
  return changes ? `${said}; ${count(stay, "secret")} then` : `no change, ${count(stay, "secret")}`;
}

const SIGN: Readonly<Record<SecretPlan["change"], string>> = {
  added: "+",
  changed: "~",
  removed: "-",
  same: "=",
};

/** Said by the path that the config has; what lies in the set beside it, a reader may not care for. */
function asRendered({ name, ...rest }: SecretPlan): Row {
  const path = name.startsWith(`${RESERVED}/`) ? name.slice(RESERVED.length) : name;
  return { ...rest, name: path, more: "rendered" };
}

type Row = Omit<SecretPlan, "name"> & { readonly name: string; readonly more?: string };

function secretRow({ name, change, before, after, more }: Row): readonly string[] {
  const plain = /^[\w./@:+,-]+$/.test(name) ? name : quote(name);
  const cells = [fromTo(before, after, sizeOf), fromTo(before, after, printOf)];
  return [SIGN[change], plain, ...cells, ...(more === undefined ? [] : [more])];
}

function fromTo(
  before: Shown | undefined,
  after: Shown | undefined,
  say: (shown: Shown) => string,
): string {
  const [old, now] = [before && say(before), after && say(after)];
  return old === undefined || now === undefined || old === now
    ? (now ?? old ?? "")
    : `${old} -> ${now}`;
}

function sizeOf({ size }: Shown): string {
  return bytes(size);
}

function printOf({ fingerprint }: Shown): string {
  return fingerprint ?? "";
}

function accessLines({ access, sourceChanged }: Planned): readonly string[] {
  const lines = sourceChanged
    ? ["the config of where it comes from changed: all is fetched anew"]
    : [];
  if (access?.before !== undefined)
    lines.push(`owner and mode: ${saidAccess(access.before)} -> ${saidAccess(access.after)}`);
  return lines;
}

function saidAccess({ uid, gid, mode }: Access): string {
  return `${uid}:${gid} ${mode.toString(8).padStart(4, "0")}`;
}

const SAID_DRIFT: Readonly<Record<Drift["kind"], string>> = {
  content: "has other content than was written",
  mode: "has another mode than was written",
  owner: "has another owner than was written",
  missing: "is gone",
  extra: "was not written by postern",
  link: "is no file any more",
};

function driftLine({ kind, path }: Drift): string {
  return `! ${quote(path)} ${SAID_DRIFT[kind]}: would be put right`;
}

function pathLine({ path, as, change, why }: PathPlan): string {
  const made = as === "link" ? "linked" : "copied";
  switch (change) {
    case "in place":
      return `= ${quote(path)} is ${made}`;
    case "missing":
      return `+ ${quote(path)} would be ${made}`;
    case "differs":
      return `~ ${quote(path)} would be ${made} anew`;
    case "foreign":
      return `~ ${quote(path)} would be replaced: postern did not make it`;
    case "leaves":
      return `- ${quote(path)} would be removed`;
    case "refused":
      return `! cannot be ${made}: ${why ?? path}`;
    default:
      return change satisfies never;
  }
}

function asJson(found: GroupPlan): unknown {
  if (found.kind !== "failed") return found;
  const { code, message, hint } = found.error;
  return { kind: "failed", group: found.group, error: { code, message, hint: hint ?? null } };
}
