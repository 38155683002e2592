/** One group made complete: its own settings, else `defaults`, else postern's; judged as a whole. @module */
import { PosternError } from "../core/errors.ts";
import type { GroupName } from "../core/names.ts";
import { judgeNames, parseRenderName, quote } from "../core/names.ts";
import type {
  DecryptConfig,
  FileConfig,
  GroupConfig,
  LayoutConfig,
  OnChangeConfig,
  OwnerConfig,
} from "./config.ts";
import type { PathPart } from "./issue.ts";
import type { GroupDefaults, GroupSettings } from "./schema.ts";
import { encodeMode, encodeDuration, parseDuration, parseSize } from "./units.ts";

/** Who runs postern, and so who may own what it writes. */
export interface Runner {
  readonly uid: number;
  /** The owner of groups that name none: root:root for root, else the running user and its own group. */
  readonly defaultOwner: OwnerConfig;
  /** True for the name or number of each group that the running user is a member of. */
  readonly memberOf: (group: string) => boolean;
}

/** What a group takes where it says nothing itself. */
export interface Inherited {
  readonly defaults: GroupDefaults;
  readonly everyMs: number;
  readonly maxAgeMs: number;
  readonly runner: Runner;
}

/** Says what is wrong at `path` below the group. */
export type Report = (path: readonly PathPart[], message: string) => void;

/** The complete group, or undefined when it has no sound layout; every fault is told to `report`. */
export function completeGroup(
  name: GroupName,
  settings: GroupSettings,
  inherited: Inherited,
  report: Report,
): GroupConfig | undefined {
  const own: GroupSettings = { ...inherited.defaults, ...settings };
  const layout = layoutOf(settings, report);
  const mode = own.mode ?? 0o400;
  const owner = own.owner ?? inherited.runner.defaultOwner;
  const decrypt: DecryptConfig = own.decrypt ?? { mode: "none" };
  const maxAgeMs = own.max_age ?? inherited.maxAgeMs;
  const maxGroupBytes = own.max_group_size ?? parseSize("8MiB");
  judgeMode(mode, own.allow_world_readable ?? false, report);
  judgeOwner(owner, inherited.runner, report);
  judgeAge(maxAgeMs, inherited.everyMs, report);
  if (layout === undefined) return undefined;
  if (layout.kind === "bundle" && decrypt.mode !== "envelope")
    report(["decrypt", "mode"], `expected envelope with a bundle, got ${decrypt.mode}`);
  const files = filesOf(settings);
  const render = rendersOf(settings, report);
  judgeNamed(layout, files, render, report);
  return {
    name,
    layout,
    owner,
    mode,
    decrypt,
    sse: own.sse,
    maxObjectBytes:
      layout.kind === "bundle"
        ? // tar adds up to 1 KiB to each secret, the envelope about 1%: twice the plaintext has room for both
          (own.max_bundle ?? 2 * maxGroupBytes)
        : (own.max_size ?? parseSize("1MiB")),
    maxGroupBytes,
    settleMs: own.settle ?? parseDuration("5s"),
    maxAgeMs,
    allowEmpty: own.allow_empty ?? false,
    onBadName: own.on_bad_name ?? "refuse",
    onRevoked: own.on_revoked ?? "keep",
    revokeAfterMs: own.revoke_after ?? parseDuration("10m"),
    onExpired: own.on_expired ?? "keep",
    files,
    render,
    onChange: onChangeOf(settings),
  };
}

function layoutOf(settings: GroupSettings, report: Report): LayoutConfig | undefined {
  const { prefix, only, bundle, min_revision: minRevision, max_bundle: maxBundle } = settings;
  if ((prefix === undefined) === (bundle === undefined)) {
    const got = prefix === undefined ? "neither" : "both";
    report([], `expected either prefix or bundle, got ${got}`);
    return undefined;
  }
  if (bundle !== undefined) {
    if (only !== undefined) report(["only"], "expected it beside prefix, got it beside bundle");
    return { kind: "bundle", key: bundle, minRevision: minRevision ?? 0 };
  }
  if (minRevision !== undefined)
    report(["min_revision"], "expected it beside bundle, got it beside prefix");
  if (maxBundle !== undefined)
    report(["max_bundle"], "expected it beside bundle, got it beside prefix");
  if (prefix === undefined) return undefined;
  if (only === undefined) return { kind: "prefix", prefix };
  judgeOnly(only, report);
  return { kind: "only", prefix, names: only };
}

function judgeOnly(only: readonly string[], report: Report): void {
  const twice = only.findIndex((name, index) => only.indexOf(name) !== index);
  if (twice !== -1) {
    report(["only", twice], `expected each name once, got ${quote(only[twice] ?? "")} again`);
    return;
  }
  for (const { key, why } of judgeNames(only.map((name) => ({ name, entry: name }))).refused)
    report(["only", only.indexOf(key)], `${why}, got ${quote(key)}`);
}

function judgeMode(mode: number, allowWorldReadable: boolean, report: Report): void {
  if ((mode & 0o004) !== 0 && !allowWorldReadable)
    report(
      ["mode"],
      `expected no read permission for others without allow_world_readable: true, got "${encodeMode(mode)}"`,
    );
}

/** Only root may give files away; another user may still choose among its own groups. */
function judgeOwner(owner: OwnerConfig, runner: Runner, report: Report): void {
  if (runner.uid === 0) return;
  const self = [runner.defaultOwner.user, String(runner.uid)];
  if (!self.includes(owner.user))
    report(
      ["owner"],
      `expected the running user ${quote(self[0] ?? "")} (only root can give files to others), got ${quote(owner.user)}`,
    );
  if (owner.group !== runner.defaultOwner.group && !runner.memberOf(owner.group))
    report(
      ["owner"],
      `expected a group that the running user is a member of, got ${quote(owner.group)}`,
    );
}

function judgeAge(maxAgeMs: number, everyMs: number, report: Report): void {
  if (maxAgeMs < everyMs)
    report(
      ["max_age"],
      `expected at least refresh.every (${encodeDuration(everyMs)}), got "${encodeDuration(maxAgeMs)}"`,
    );
}

function filesOf({ files = [] }: GroupSettings): FileConfig[] {
  return files.map(([secret, file]) => ({
    secret,
    path: file.path,
    as: file.as ?? "link",
    replace: file.replace ?? false,
    onDisk: file.on_disk ?? false,
  }));
}

function rendersOf({ render = [] }: GroupSettings, report: Report): GroupConfig["render"] {
  for (const [index, { format, template }] of render.entries()) {
    if ((format === "template") !== (template !== undefined))
      report(
        ["render", index, "template"],
        `expected a template exactly when the format is template, got format ${format}`,
      );
  }
  return render.flatMap(({ path, format, template }, index) => {
    try {
      return [{ path, name: parseRenderName(path), format, template }];
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      report(["render", index, "path"], `expected a shorter path, got ${quote(path)}`);
      return [];
    }
  });
}

/** Where all names are known beforehand: a render may not take one, and a further path must have one. */
function judgeNamed(
  layout: LayoutConfig,
  files: GroupConfig["files"],
  render: GroupConfig["render"],
  report: Report,
): void {
  if (layout.kind !== "only") return;
  const { names } = layout;
  for (const [index, { path, name }] of render.entries()) {
    if (path.startsWith("/")) continue;
    const all = names.includes(name)
      ? []
      : [...names, name].map((one) => ({ name: one, entry: one }));
    if (!judgeNames(all).accepted.some((one) => one.name === name))
      report(
        ["render", index, "path"],
        `expected a path apart from the secrets, got ${quote(path)}`,
      );
  }
  for (const { secret } of files)
    if (!names.includes(secret) && !render.some(({ name }) => name === secret))
      report(["files", secret], `expected a name of only or render, got ${quote(secret)}`);
}

function onChangeOf({ on_change: change = {} }: GroupSettings): OnChangeConfig {
  return {
    check: change.check,
    verify: change.verify,
    reload: change.reload,
    onFailure: change.on_failure ?? "keep",
    onDrift: change.on_drift ?? false,
    timeoutMs: change.timeout ?? parseDuration("30s"),
  };
}
