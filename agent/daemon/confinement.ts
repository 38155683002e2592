/**
 * What the shipped unit lets the daemon do, what a configuration asks of it beyond that, and the drop-in that grants it.
 *
 * As it is shipped the daemon writes its own two trees and gives files to groups; it neither reads nor changes what
 * belongs to other users, signals nobody, and sees no other process.
 * @see packaging/systemd/postern.service; systemd.exec(5), capabilities(7), systemd.syntax(7)
 * @module
 */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { destinationFolders } from "../config/destinations.ts";
import { errnoOf, PosternError } from "../core/errors.ts";
import { quote } from "../core/names.ts";

/** What a configuration needs that the shipped unit does not grant. */
export interface Needs {
  /** Absolute, normalised, sorted. */
  readonly folders: readonly string[];
  /** Groups whose files belong to another user than root. */
  readonly foreign: readonly string[];
  /** Groups that reload by a signal. */
  readonly signalling: readonly string[];
}

/** What this process may do, as the kernel has it. */
export interface Confines {
  /** Whether a folder is mounted read-only; false when it is missing. */
  readonly isReadOnly: (folder: string) => boolean;
  /** Effective, as the kernel's bits; undefined when they do not matter. */
  readonly capabilities: bigint | undefined;
  /** Whether the processes of others can be looked at. */
  readonly seesProcesses: boolean;
}

/** What the shipped unit may write. */
const COVERED = ["/run/postern", "/var/lib/postern"];

/** What it does not see, and what shows it. */
const HIDDEN = [
  { folders: ["/home", "/root", "/run/user"], shown: "ProtectHome=read-only" },
  { folders: ["/tmp", "/var/tmp"], shown: "PrivateTmp=no" },
] as const;

// linux/capability.h
const CAP_DAC_OVERRIDE = 1n;
const CAP_FOWNER = 3n;
const CAP_KILL = 5n;

export function needsOf(config: Pick<Config, "groups" | "paths">): Needs {
  const { run, state } = config.paths;
  const folders = new Set([run, state, ...destinationFolders(config)]);
  return {
    folders: [...folders].filter((folder) => !isWithin(folder, COVERED)).toSorted(),
    foreign: config.groups
      .filter(({ owner }) => owner.user !== "root" && owner.user !== "0")
      .map(({ name }) => name),
    signalling: config.groups
      .filter(({ onChange }) => onChange.reload?.kind === "signal")
      .map(({ name }) => name),
  };
}

/** The drop-in for the shipped units; empty when nothing is needed. A folder that is missing keeps none from starting. */
export function encodeDropIn({ folders, foreign, signalling }: Needs): string {
  const lines = [
    ...(foreign.length > 0 ? ["CapabilityBoundingSet=CAP_FOWNER CAP_DAC_OVERRIDE"] : []),
    ...(signalling.length > 0
      ? ["CapabilityBoundingSet=CAP_KILL", "ProtectProc=default", "ProcSubset=all"]
      : []),
    ...HIDDEN.filter((hidden) => folders.some((folder) => isWithin(folder, hidden.folders))).map(
      ({ shown }) => shown,
    ),
    ...folders.map((folder) => `ReadWritePaths=${escape(`-${folder}`)}`),
  ];
  return lines.length === 0 ? "" : ["[Service]", ...lines, ""].join("\n");
}

/**
 * For when a configuration is loaded by the daemon: what it could never do is told then, and not when it is due.
 * A folder that is missing is its group's own trouble.
 * @throws {PosternError} ConfigInvalid, with an issue for each need that is not granted
 */
export function refuseConfined(
  config: Pick<Config, "groups" | "paths">,
  { isReadOnly, capabilities, seesProcesses }: Confines,
): void {
  const { foreign, signalling } = needsOf(config);
  const lacks = (...wanted: readonly bigint[]): boolean =>
    capabilities !== undefined && wanted.some((bit) => ((capabilities >> bit) & 1n) === 0n);
  const issues = [
    ...destinationFolders(config)
      .filter(isReadOnly)
      .map((folder) => `${quote(folder)} is to hold files, and is read-only to the daemon`),
    ...(lacks(CAP_FOWNER, CAP_DAC_OVERRIDE)
      ? foreign.map(
          (name) => `group ${quote(name)} is another user's, whose files the daemon may not change`,
        )
      : []),
    ...(lacks(CAP_KILL) || !seesProcesses
      ? signalling.map(
          (name) => `group ${quote(name)} reloads by a signal, which the daemon may not send`,
        )
      : []),
  ];
  if (issues.length === 0) return;
  const message = `the daemon is confined too closely for its configuration: ${issues.join(", ")}`;
  throw new PosternError("ConfigInvalid", message, {
    issues,
    hint: 'under systemd "postern doctor --systemd" prints the drop-in that lets it',
  });
}

/** Of this very process. What cannot be found out is taken as granted: it is told when it fails. */
export function systemConfines(): Confines {
  return {
    isReadOnly: (folder) => {
      try {
        accessSync(folder, constants.W_OK);
        return false;
      } catch (error) {
        return errnoOf(error) === "EROFS";
      }
    },
    // another user's files are its own, whatever it may do
    capabilities: process.getuid?.() === 0 ? effectiveCapabilities() : undefined,
    seesProcesses: existsSync("/proc/1/stat") && existsSync("/proc/stat"),
  };
}

/** @see proc_pid_status(5) */
function effectiveCapabilities(): bigint | undefined {
  try {
    const status = readFileSync("/proc/self/status", "latin1");
    const digits = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1];
    return digits === undefined ? undefined : BigInt(`0x${digits}`);
  } catch {
    return undefined;
  }
}

function isWithin(folder: string, roots: readonly string[]): boolean {
  return roots.some((root) => folder === root || folder.startsWith(`${root}/`));
}

/** One word of a unit's setting. */
function escape(word: string): string {
  const text = word.replaceAll("%", "%%");
  if (!/[\s"'\\]/.test(text)) return text;
  return `"${text.replace(/["\\]/g, (special) => `\\${special}`)}"`;
}
